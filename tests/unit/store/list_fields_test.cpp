// Lists by what is not a plain field: where assets stand, scrapped ones, custom fields.
#include "store/list_fields.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "store/list_records.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {
namespace {

class ListFieldsTest : public MachineStoreTest {
 protected:
  std::string make(std::string_view kind, const json::object& body) {
    clock.now += 1;
    const auto record = create(kind, json::serialize(body));
    if (!record) throw std::runtime_error(record.error().detail);
    return to_string(record->id);
  }

  static ListQuery query_of(std::string_view kind) {
    ListQuery query;
    query.kind = find_kind(kind);
    if (has_scrapped(*query.kind)) query.scrapped = Archived::exclude;
    return query;
  }
  static ListFilter filter_of(std::string_view kind, std::string_view name,
                              const json::value& value) {
    const Field* field = find_list_field(*find_kind(kind), name, ListUse::filter);
    EXPECT_NE(field, nullptr) << kind << '.' << name;
    return {field, value};
  }
  // The serials of all pages, as "a b".
  std::string serials(ListQuery query) {
    std::string seen;
    query.limit = 2;
    for (int page_number = 0; page_number < 100; ++page_number) {
      const Reader reader = database->read();
      const ListPage page = list_records(*reader, query);
      for (const std::string& item : page.items)
        seen += (seen.empty() ? "" : " ") +
                std::string(std::string_view(json::parse(item).at("serial").as_string()));
      if (!page.next) return seen;
      query.after = page.next;
    }
    return "it never ends";
  }
  std::string serials(std::string_view name, const json::value& value) {
    ListQuery query = query_of("asset");
    query.filters = {filter_of("asset", name, value)};
    return serials(query);
  }
};

class ListAssetsTest : public ListFieldsTest {
 protected:
  // Six assets of one: S3, S4, S5 stand at two's plant, S5 is on its way there, S6 is scrapped.
  void SetUp() override {
    one = make("customer", {{"name", "One"}});
    two = make("customer", {{"name", "Two"}});
    plant = make("location", {{"customer", two}, {"name", "Plant"}});
    product = make("product", {{"sku", "P"}, {"name", "Scanner"}, {"type", "device"}});
    for (int i = 1; i <= 6; ++i) {
      json::object body{{"product", product}, {"serial", fmt::format("S{}", i)}, {"owner", one}};
      if (i == 1) body.erase("owner");
      if (i == 2) body["status"] = "spare";
      const std::string asset = make("asset", body);
      if (i < 3) continue;
      json::object move{{"asset", asset}, {"to_location", plant}};
      move[i == 5 ? "shipped_at" : "arrived_at"] = "2026-01-02T03:04:05Z";
      make("move", move);
      if (i == 6) {
        const Record record =
            *find_record(*database->read(), *find_kind("asset"), *parse_id<RecordId>(asset));
        ASSERT_TRUE(update(record, R"({"scrapped_on":"2026-02-01"})"));
      }
    }
  }
  std::string one, two, plant, product;
};

TEST_F(ListAssetsTest, WhereTheyStandAndWhoOwnsThem) {
  EXPECT_EQ(serials("owner", json::string(one)), "S2 S3 S4 S5");
  EXPECT_EQ(serials("owner", nullptr), "S1");
  EXPECT_EQ(serials("at_customer", json::string(two)), "S3 S4");
  EXPECT_EQ(serials("at_customer", json::string(one)), "");
  EXPECT_EQ(serials("location", json::string(plant)), "S3 S4");
  EXPECT_EQ(serials("location", nullptr), "S1 S2 S5");
  EXPECT_EQ(serials("in_transit", true), "S5");
  EXPECT_EQ(serials("in_transit", false), "S1 S2 S3 S4");
  EXPECT_EQ(serials("status", json::string("spare")), "S2");
  ListQuery query = query_of("asset");
  query.filters = {filter_of("asset", "at_customer", json::string(two)),
                   filter_of("asset", "owner", json::string(one))};
  query.sort = find_list_field(*query.kind, "serial", ListUse::sort);
  query.descending = true;
  EXPECT_EQ(serials(query), "S4 S3");
}

TEST_F(ListAssetsTest, TheCountsOfACustomerAreThoseOfItsLists) {
  const Record customer =
      *find_record(*database->read(), *find_kind("customer"), *parse_id<RecordId>(two));
  const json::object row = json::parse(record_json(customer)).as_object();
  EXPECT_EQ(row.at("locations").as_int64(), 1);
  const Reader reader = database->read();
  ListQuery query = query_of("asset");
  query.filters = {filter_of("asset", "at_customer", json::string(two))};
  EXPECT_EQ(count_records(*reader, query), row.at("assets_on_location").as_int64());
  query.filters = {filter_of("asset", "owner", json::string(two))};
  EXPECT_EQ(count_records(*reader, query), row.at("assets_owned").as_int64());
}

TEST_F(ListAssetsTest, ScrappedAsAsked) {
  ListQuery query = query_of("asset");
  EXPECT_EQ(serials(query), "S1 S2 S3 S4 S5");
  query.scrapped = Archived::include;
  EXPECT_EQ(serials(query), "S1 S2 S3 S4 S5 S6");
  query.scrapped = Archived::only;
  EXPECT_EQ(serials(query), "S6");
  query.words = {"s"};
  EXPECT_EQ(serials(query), "S6");
  query.scrapped = Archived::include;
  EXPECT_EQ(serials(query), "S1 S2 S3 S4 S5 S6");
}

TEST_F(ListFieldsTest, ByCustomFields) {
  for (const char* key : {"color", "size"})
    make("custom_field",
         {{"record_kind", "asset"}, {"key", key}, {"type", key[0] == 'c' ? "text" : "number"}});
  const std::string product =
      make("product", {{"sku", "P"}, {"name", "Scanner"}, {"type", "device"}});
  for (int i = 1; i <= 5; ++i)
    make("asset", {{"product", product},
                   {"serial", fmt::format("S{}", i)},
                   {"custom", json::object{{"color", i % 2 ? "red" : "blue"}, {"size", i / 4}}}});
  ListQuery query = query_of("asset");
  query.custom = {{"color", "red"}};
  EXPECT_EQ(serials(query), "S1 S3 S5");
  query.sort = find_list_field(*query.kind, "serial", ListUse::sort);
  query.descending = true;
  EXPECT_EQ(serials(query), "S5 S3 S1");
  query.custom.push_back({"size", "0"});
  EXPECT_EQ(serials(query), "S3 S1");
  query.custom = {{"color", "green"}};
  EXPECT_EQ(serials(query), "");
  make("asset", {{"product", product}, {"serial", "S6"}, {"custom", json::object{{"size", 1}}}});
  make("asset", {{"product", product}, {"serial", "S7"}});
  query.custom = {{"color", std::nullopt}};
  EXPECT_EQ(serials(query), "S7 S6");
  query.custom.push_back({"size", "1"});
  EXPECT_EQ(serials(query), "S6");
}

TEST_F(ListFieldsTest, BoundsAreOfTimesAndDays) {
  EXPECT_THAT(list_bound_names(*find_kind("asset")),
              testing::ElementsAre("updated_since", "scrapped_on_since", "scrapped_on_until"));
  const Kind& move = *find_kind("move");
  EXPECT_EQ(list_bound_names(move).size(), 9u);
  const auto until = find_list_bound(move, "arrived_at_until");
  ASSERT_TRUE(until);
  EXPECT_EQ(until->field->name, "arrived_at");
  EXPECT_TRUE(until->is_until);
  for (const char* name : {"carrier_since", "asset_until", "_since", "arrived_at",
                           "updated_at_since", "updated_until", "created_at_since", ""})
    EXPECT_FALSE(find_list_bound(move, name)) << name;
}

TEST_F(ListFieldsTest, TheNamesAreThoseThatAreFound) {
  for (const Kind& kind : all_kinds())
    for (const ListUse use : {ListUse::filter, ListUse::sort})
      for (const std::string_view name : list_field_names(kind, use))
        EXPECT_NE(find_list_field(kind, name, use), nullptr) << kind.name << '.' << name;
  const Kind& customer = *find_kind("customer");
  for (const char* name : {"website", "scope_place", "at_customer", "updated_at", "stamps", ""})
    EXPECT_EQ(find_list_field(customer, name, ListUse::filter), nullptr) << name;
  EXPECT_EQ(find_list_field(customer, "updated_at", ListUse::sort), &updated_at_field);
  const Kind& asset = *find_kind("asset");
  EXPECT_EQ(find_list_field(asset, "at_customer", ListUse::filter), &at_customer_field);
  EXPECT_EQ(find_list_field(asset, "at_customer", ListUse::sort), nullptr);
  EXPECT_EQ(find_list_field(asset, "in_transit", ListUse::sort), nullptr);
  EXPECT_EQ(find_list_field(asset, "country", ListUse::filter), nullptr);
  EXPECT_EQ(find_list_field(asset, "disabled", ListUse::filter), nullptr);
  for (const char* name : {"roles", "country", "disabled"}) {
    EXPECT_NE(find_list_field(customer, name, ListUse::filter), nullptr) << name;
    EXPECT_EQ(find_list_field(customer, name, ListUse::sort), nullptr) << name;
  }
}

}  // namespace
}  // namespace skerry::store
