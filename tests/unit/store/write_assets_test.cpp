// What is refused and what stands when a person writes assets and what they refer to.
#include "tests/unit/store/world_fixture.hpp"

namespace skerry::store {
namespace {

class WriteAssetsTest : public WorldTest {
 protected:
  std::string code(const Result<Record>& written) {
    if (written) return "written";
    return written.error().errors.empty() ? std::string(info(written.error().code).slug)
                                          : written.error().errors.front().code;
  }
};

TEST_F(WriteAssetsTest, OnlyDevicesHaveAssets) {
  const RecordId software = make("product", R"({"sku":"S","name":"S","type":"software"})");
  EXPECT_EQ(code(write_new("asset",
                           fmt::format(R"({{"product":"{}","serial":"1"}})", to_string(software)))),
            "validation_failed");
  EXPECT_EQ(code(write_new("asset",
                           fmt::format(R"({{"product":"{}","serial":"1"}})", to_string(harbour)))),
            "reference_not_found");
}

TEST_F(WriteAssetsTest, ASerialIsUniqueWithinItsProduct) {
  const RecordId other = make("product", R"({"sku":"Q","name":"Q","type":"device"})");
  asset("1");
  EXPECT_EQ(code(write_new("asset",
                           fmt::format(R"({{"product":"{}","serial":"1"}})", to_string(product)))),
            "duplicate_key");
  const RecordId same =
      make("asset", fmt::format(R"({{"product":"{}","serial":"1"}})", to_string(other)));
  // Also when it is the product that changes.
  EXPECT_EQ(code(patch(same, "asset", fmt::format(R"({{"product":"{}"}})", to_string(product)))),
            "duplicate_key");
  EXPECT_EQ(code(patch(same, "asset",
                       fmt::format(R"({{"product":"{}","serial":"2"}})", to_string(product)))),
            "written");
  EXPECT_EQ(code(write_new("product", R"({"sku":"Q","name":"R","type":"device"})")),
            "duplicate_key");
}

TEST_F(WriteAssetsTest, AnEMailThatComesToAnotherCustomer) {
  const auto contact = [&](const RecordId& customer) {
    return make("contact",
                fmt::format(R"({{"customer":"{}","email":"a@b.example"}})", to_string(customer)));
  };
  contact(harbour);
  const RecordId moved = contact(island);
  EXPECT_EQ(
      code(patch(moved, "contact", fmt::format(R"({{"customer":"{}"}})", to_string(harbour)))),
      "duplicate_key");
}

TEST_F(WriteAssetsTest, ScrappingIsAnEnd) {
  const RecordId pump = asset("1", harbour);
  EXPECT_EQ(code(patch(pump, "asset", R"({"disposal_price":"1.00"})")), "not_scrapped");
  EXPECT_EQ(code(patch(pump, "asset", R"({"scrapped_on":"2026-01-01","disposal_price":12.5})")),
            "written");
  EXPECT_EQ(to_json_text(read("asset", pump).value("disposal_price")), R"("12.5")");
  for (const char* fixed : {R"({"status":"spare"})", R"({"scrapped_on":null})", R"({"serial":"2"})",
                            R"({"scrapped_on":"2026-01-02"})", R"({"owner":null})"})
    EXPECT_EQ(code(patch(pump, "asset", fixed)), "scrapped") << fixed;
  EXPECT_EQ(code(patch(pump, "asset", R"({"description":"d","disposal_reason":"rust"})")),
            "written");
  EXPECT_EQ(code(patch(pump, "asset", R"({"archived_at":"2026-01-02"})")), "written");
}

}  // namespace
}  // namespace skerry::store
