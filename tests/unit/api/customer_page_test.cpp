// A customer's page in one answer.
#include <fmt/format.h>

#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

class CustomerPageTest : public HandlersTest {
 protected:
  void SetUp() override {
    customer = make("customers", R"({"name":"Acme"})");
    other = make("customers", R"({"name":"Other"})");
    const std::string plant =
        make("locations", fmt::format(R"({{"customer":"{}","name":"Plant"}})", customer));
    make("contacts", fmt::format(R"({{"customer":"{}","email":"a@x.example"}})", customer));
    for (const char* text : {"First note", "Second note"}) {
      clock.now += 1;
      make("notes", fmt::format(R"({{"subject":"{}","text":"{}"}})", customer, text));
    }
    const std::string product = make("products", R"({"sku":"P","name":"Scanner","type":"device"})");
    for (int i = 1; i <= 3; ++i) {
      const std::string asset =
          make("assets", fmt::format(R"({{"product":"{}","serial":"S{}","owner":"{}"}})", product,
                                     i, i == 1 ? other : customer));
      if (i < 3)
        make("moves", fmt::format(R"({{"asset":"{}","to_location":"{}",
                                       "arrived_at":"2026-01-02T03:04:05Z"}})",
                                  asset, plant));
    }
    const std::string software =
        make("products", R"({"sku":"T","name":"Tracker","type":"software"})");
    const std::string edition =
        make("editions", fmt::format(R"({{"product":"{}","name":"Pro"}})", software));
    const std::string plan = make("plans", R"({"name":"For good","license":"perpetual"})");
    const std::string offering = make(
        "offerings",
        fmt::format(R"({{"sku":"T-PRO","edition":"{}","plan":"{}","seats":2}})", edition, plan));
    for (const char* ref : {"E-1", "E-2"}) {
      clock.now += 1;
      make("entitlements",
           fmt::format(R"({{"customer":"{}","offering":"{}","entitlement_ref":"{}"}})", customer,
                       offering, ref));
    }
  }
  std::string customer, other;
};

TEST_F(CustomerPageTest, ShowsTheFirstOfEachListAndWhereTheWholeIs) {
  const Answer answer = get(fmt::format("/v1/customers/{}/summary", customer));
  ASSERT_EQ(answer.status, 200u) << answer.body;
  json::object page = read_json(answer);
  EXPECT_EQ(page["customer"].at("name").as_string(), "Acme");
  EXPECT_EQ(page["counts"], (json::value{{"locations", 1},
                                         {"assets_on_location", 2},
                                         {"assets_owned", 2},
                                         {"contacts", 1},
                                         {"entitlements", 2},
                                         {"notes", 2}}))
      << json::serialize(page["counts"]);
  const auto first = [&](const char* list, const char* member) {
    return std::string(page[list].at("items").at(0).at(member).as_string());
  };
  EXPECT_EQ(first("locations", "name"), "Plant");
  EXPECT_EQ(first("assets_on_location", "serial"), "S1");
  EXPECT_EQ(first("assets_owned", "serial"), "S2");
  EXPECT_EQ(first("contacts", "email"), "a@x.example");
  EXPECT_EQ(first("entitlements", "entitlement_ref"), "E-2");
  EXPECT_EQ(first("notes", "text"), "Second note");
  EXPECT_EQ(page["audit"].at("items").at(0).at("record").as_string(), customer);
  // Each address gives the list whose beginning is shown, and as many as are counted.
  for (const char* list :
       {"locations", "assets_on_location", "assets_owned", "contacts", "entitlements", "notes"}) {
    SCOPED_TRACE(list);
    json::object shown = page[list].as_object();
    EXPECT_FALSE(shown["more"].as_bool());
    const Answer whole = get(std::string(shown["all"].as_string()));
    ASSERT_EQ(whole.status, 200u) << whole.body;
    EXPECT_EQ(read_json(whole)["items"], shown["items"]);
    EXPECT_EQ(static_cast<std::int64_t>(shown["items"].as_array().size()),
              page["counts"].at(list).as_int64());
  }
  EXPECT_EQ(get(std::string(page["audit"].at("all").as_string())).status, 200u);
}

TEST_F(CustomerPageTest, ShowsNoMoreThanAskedFor) {
  json::object page = read_json(get(fmt::format("/v1/customers/{}/summary?limit=1", customer)));
  EXPECT_EQ(page["notes"].at("items").as_array().size(), 1u);
  EXPECT_TRUE(page["notes"].at("more").as_bool());
  EXPECT_EQ(page["counts"].at("notes").as_int64(), 2);
}

TEST_F(CustomerPageTest, RefusesWhatIsNoCustomer) {
  const std::string contact =
      make("contacts", fmt::format(R"({{"customer":"{}","email":"b@x.example"}})", other));
  check({
      {"nobody", "GET", fmt::format("/v1/customers/{}/summary", nobody), "", "", 404, {}, {}},
      {"a contact", "GET", "/v1/customers/" + contact + "/summary", "", "", 404, {}, {}},
      {"no id", "GET", "/v1/customers/7/summary", "", "", 404, {"not_found"}, {}},
      {"a filter",
       "GET",
       "/v1/customers/" + customer + "/summary?name=x",
       "",
       "",
       400,
       {"name"},
       {}},
      {"limit 0", "GET", "/v1/customers/" + customer + "/summary?limit=0", "", "", 400, {}, {}},
  });
}

}  // namespace
}  // namespace skerry::api
