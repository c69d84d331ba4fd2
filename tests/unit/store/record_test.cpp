#include "store/record.hpp"

#include <fmt/format.h>

#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {
namespace {

class RecordTest : public MachineStoreTest {};

TEST_F(RecordTest, TheTablesFitTheirKinds) {
  {
    const Reader reader = database->read();
    const auto fit = check_tables(*reader);
    EXPECT_TRUE(fit) << fit.error().detail;
  }
  write([](Connection& connection) -> Result<void> {
    connection.execute("ALTER TABLE contact ADD COLUMN colour TEXT");
    return {};
  });
  const Reader reader = database->read();
  const auto fit = check_tables(*reader);
  ASSERT_FALSE(fit);
  EXPECT_NE(fit.error().detail.find("contact"), std::string::npos);
}

TEST_F(RecordTest, EveryTypeOfFieldComesBackAsItWas) {
  const Record customer = *create("customer", R"({"name":"Größe","account_ref":"A-1",
      "roles":["supplier","customer"],"website":"https://a.example/x?y",
      "archived_at":"2026-01-02T03:04:05.678+02:00",
      "address":{"country":"DE","city":"Ulm","line1":"1 \"x\""}})");
  const Record contact = *create(
      "contact", fmt::format(R"({{"customer":"{}","email":"a@b.example","phone":"+49301234567",
      "is_key_contact":true,"status":"inactive"}})",
                             to_string(customer.id)));
  const Reader reader = database->read();
  for (const Record& written : {customer, contact}) {
    const auto read = find_record(*reader, *written.kind, written.id);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->values, written.values);
    EXPECT_EQ(read->scope.customer, customer.id);
    EXPECT_EQ(read->stamps.to_text(), written.stamps.to_text());
    EXPECT_EQ(record_json(*read), record_json(written));
    EXPECT_TRUE(parse_json_object(record_json(*read)));
  }
  EXPECT_NE(record_json(customer).find(R"("archived_at":"2026-01-02T01:04:05.678Z")"),
            std::string::npos);
  EXPECT_NE(record_json(customer).find(R"("roles":["customer","supplier"])"), std::string::npos);
  EXPECT_NE(
      record_json(customer).find(R"("address":{"line1":"1 \"x\"","city":"Ulm","country":"DE"})"),
      std::string::npos);
}

TEST_F(RecordTest, ALabelIsCutBetweenCharacters) {
  std::string name;
  for (int i = 0; i < 60; ++i) name += "ö";
  const Record record = *create("customer", fmt::format(R"({{"name":"{}"}})", name));
  const std::string label = record_label(record);
  EXPECT_LE(label.size(), 81u);
  EXPECT_TRUE(label.ends_with("…"));
  EXPECT_EQ(label.find_last_not_of("ö…"), std::string::npos);
}

TEST_F(RecordTest, DeletingTakesTheRowAndItsWords) {
  const Record record = *create("customer", R"({"name":"Alpha"})");
  EXPECT_EQ(number("SELECT count(*) FROM customer_search WHERE customer_search MATCH 'alpha'"), 1);
  write([&](Connection& connection) -> Result<void> {
    delete_record(connection, record, 0);
    return {};
  });
  EXPECT_EQ(number("SELECT count(*) FROM customer"), 0);
  EXPECT_EQ(number("SELECT count(*) FROM customer_search WHERE customer_search MATCH 'alpha'"), 0);
}

}  // namespace
}  // namespace skerry::store
