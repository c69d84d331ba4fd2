// Customers with locations, a product, and short ways to make and move assets.
#pragma once

#include <fmt/format.h>

#include "core/json_text.hpp"
#include "store/derived.hpp"
#include "store/places.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {

class WorldTest : public MachineStoreTest {
 protected:
  WorldTest() {
    product = make("product", R"({"sku":"P","name":"Pump","type":"device"})");
    harbour = make("customer", R"({"name":"Harbour"})");
    island = make("customer", R"({"name":"Island"})");
    quay = location(harbour, "Quay");
    shed = location(harbour, "Shed");
    beach = location(island, "Beach");
  }

  static json::object body(std::string_view text) {
    return std::move(*parse_json_object(text, {.fractions = true}));
  }
  Result<Record> write_new(std::string_view kind, std::string_view text) {
    return run([&](Connection& connection) -> Result<Record> {
      SKERRY_TRY(FieldValues values, read_new(*find_kind(kind), body(text)));
      return RecordWriter(connection, log, role, random)
          .create(*find_kind(kind), std::nullopt, std::move(values), author);
    });
  }
  Result<Record> patch(const RecordId& id, std::string_view kind, std::string_view text) {
    return run([&](Connection& connection) -> Result<Record> {
      return RecordWriter(connection, log, role, random)
          .update(*find_kind(kind), id, body(text), std::nullopt, author);
    });
  }
  Result<void> drop(std::string_view kind, const RecordId& id) {
    return run([&](Connection& connection) -> Result<void> {
      return RecordWriter(connection, log, role, random)
          .remove(*find_kind(kind), id, std::nullopt, author);
    });
  }
  RecordId make(std::string_view kind, std::string_view text) {
    const auto record = write_new(kind, text);
    EXPECT_TRUE(record) << record.error().detail;
    return record ? record->id : RecordId{};
  }
  void change(std::string_view kind, const RecordId& id, std::string_view text) {
    const auto record = patch(id, kind, text);
    EXPECT_TRUE(record) << record.error().detail;
  }
  RecordId location(const RecordId& customer, std::string_view name) {
    return make("location",
                fmt::format(R"({{"customer":"{}","name":"{}"}})", to_string(customer), name));
  }
  RecordId asset(std::string_view serial, std::optional<RecordId> owner = std::nullopt) {
    return make("asset",
                fmt::format(R"({{"product":"{}","serial":"{}","owner":{}}})", to_string(product),
                            serial, owner ? fmt::format("\"{}\"", to_string(*owner)) : "null"));
  }
  // `fields`: the rest of the move, as JSON members.
  RecordId move(const RecordId& asset, const RecordId& to, std::string_view fields) {
    return make("move", fmt::format(R"({{"asset":"{}","to_location":"{}",{}}})", to_string(asset),
                                    to_string(to), fields));
  }
  Record read(std::string_view kind, const RecordId& id) {
    const Reader reader = database->read();
    const auto record = find_record(*reader, *find_kind(kind), id);
    if (!record) throw std::runtime_error("no such record");
    return *record;
  }
  // "location in_transit": the location by its name, "-" for none.
  std::string place(const RecordId& asset) {
    const Record record = read("asset", asset);
    const json::string* at = record.derived[0].if_string();
    const auto id = at ? parse_id<RecordId>(*at) : std::nullopt;
    const std::string name =
        id ? std::string(read("location", *id).value("name").as_string()) : "-";
    return name + (record.derived[1].as_bool() ? " in transit" : "");
  }
  std::string history(const RecordId& asset) {
    const Reader reader = database->read();
    std::string text;
    for (const MoveEvent& event : asset_history(*reader, asset))
      text += fmt::format("{}{}>{}", text.empty() ? "" : " ", to_text(event.state),
                          read("location", event.to).value("name").as_string().c_str());
    return text;
  }

  // A customer's three counters as they stand and as they are when counted anew.
  std::string counters(const RecordId& customer) {
    const Record record = read("customer", customer);
    return fmt::format("{} {} {}", record.derived[0].as_int64(), record.derived[1].as_int64(),
                       record.derived[2].as_int64());
  }
  std::string recount(const RecordId& customer) {
    const std::string id = to_hex(customer.view());
    const auto count = [&](const std::string& sql) { return number(sql); };
    constexpr std::string_view live = "a.archived_at IS NULL AND a.scrapped_on IS NULL";
    return fmt::format(
        "{} {} {}",
        count(fmt::format("SELECT count(*) FROM location WHERE customer=x'{}' AND archived_at IS "
                          "NULL",
                          id)),
        count(fmt::format("SELECT count(*) FROM asset a JOIN location l ON l.id=a.location WHERE "
                          "l.customer=x'{}' AND {}",
                          id, live)),
        count(fmt::format("SELECT count(*) FROM asset a WHERE a.owner=x'{}' AND {}", id, live)));
  }
  void expect_counted() {
    for (const RecordId& customer : {harbour, island})
      EXPECT_EQ(counters(customer), recount(customer)) << to_string(customer);
    const Reader reader = database->read();
    for (const Kind& kind : all_kinds())
      EXPECT_EQ(count_kind(*reader, kind),
                number(fmt::format("SELECT count(*) FROM {}", kind.name)))
          << kind.name;
  }

  RecordId product, harbour, island, quay, shed, beach;
};

}  // namespace skerry::store
