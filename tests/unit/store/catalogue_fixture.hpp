// A catalogue and somebody who buys from it; short ways to write records and to see refusals.
#pragma once

#include <fmt/format.h>

#include "core/json_text.hpp"
#include "store/sites.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {

class CatalogueTest : public MachineStoreTest {
 protected:
  CatalogueTest() {
    clock.now = 1'780'000'000'000;  // 2026-05-28T20:26:40Z
    product = make("product", R"({"sku":"CAD","name":"CAD","type":"software","lease_seconds":600,
                                  "grace_seconds":86400})");
    make("feature", body(R"("key":"hdr","type":"bool")"));
    make("feature", body(R"("key":"render","type":"usage_count","amount":100)"));
    make("feature", body(R"("key":"threads","type":"element_pool")"));
    make("attribute", body(R"("key":"tier","type":"string","value":"basic")"));
    edition = make("edition", body(R"("name":"Pro","features":{"hdr":true,"render":500})"));
    plan = make("plan", R"({"name":"Year","license":"subscription","duration":"P1Y"})");
    offering = offer("PRO-1Y", R"("seats":10,"maintenance":"P6M")");
    customer = make("customer", R"({"name":"Harbour"})");
  }

  // Members of a record of the product.
  std::string body(std::string_view members) {
    return fmt::format(R"({{"product":"{}",{}}})", to_string(product), members);
  }
  RecordId offer(std::string_view sku, std::string_view members) {
    return make("offering", fmt::format(R"({{"sku":"{}","edition":"{}","plan":"{}",{}}})", sku,
                                        to_string(edition), to_string(plan), members));
  }
  // `members` with their comma in front.
  std::string sold(std::string_view members = "") {
    return fmt::format(R"({{"customer":"{}","offering":"{}"{}}})", to_string(customer),
                       to_string(offering), members);
  }
  RecordId make(std::string_view kind, std::string_view text) {
    const auto record = create(kind, text);
    EXPECT_TRUE(record) << kind << ": " << (record ? "" : complaints(record.error()));
    return record ? record->id : RecordId{};
  }
  Record read(std::string_view kind, const RecordId& id) {
    const Reader reader = database->read();
    return *find_record(*reader, *find_kind(kind), id);
  }
  // "" when it was written, otherwise "/field code;" for each complaint.
  static std::string complaints(const Error& error) {
    std::string text = error.errors.empty() ? error.detail : "";
    for (const FieldError& each : error.errors) text += each.pointer + " " + each.code + ";";
    return text;
  }
  std::string made(std::string_view kind, std::string_view text) {
    const auto record = create(kind, text);
    return record ? "" : complaints(record.error());
  }
  std::string changed(std::string_view kind, const RecordId& id, std::string_view patch) {
    const auto record = update(read(kind, id), patch);
    return record ? "" : complaints(record.error());
  }
  // A value as JSON.
  std::string value(std::string_view kind, const RecordId& id, std::string_view field) {
    return to_json_text(read(kind, id).value(field));
  }

  RecordId site(std::string_view name, std::string_view scope = R"("all")") {
    RecordId id;
    write([&](Connection& connection) -> Result<void> {
      RecordWriter writer(connection, log, role, random);
      SKERRY_TRY(auto values,
                 read_new(*find_kind("site"), {{"name", name}, {"scope", json::parse(scope)}}));
      SKERRY_TRY(const Site invited,
                 make_site(connection, writer, new_id<SiteId>(random), std::move(values), author));
      id = invited.record_id();
      return {};
    });
    return id;
  }
  std::string allocation(const RecordId& entitlement, const RecordId& site,
                         std::string_view members) {
    return fmt::format(R"({{"entitlement":"{}","site":"{}",{}}})", to_string(entitlement),
                       to_string(site), members);
  }
  // As a bundle of the site's brings it.
  void receipt(const RecordId& allocation, const RecordId& from, std::int64_t issue,
               std::int64_t in_use, const json::value& amounts = nullptr) {
    write([&](Connection& connection) -> Result<void> {
      const Kind& kind = *find_kind("allocation_receipt");
      Record record(kind);
      record.id = new_record_id(clock.wall_ms(), random);
      record.revision = 1;
      record.values[0] = to_string(allocation);
      record.values[1] = issue;
      record.values[2] = in_use;
      record.values[3] = amounts;
      const auto number = find_site(connection, SiteId{from.bytes})->number;
      record.stamps = Stamps(FieldStamp{{1'780'000'000, 1}, number, {}});
      insert_record(connection, record);
      return {};
    });
  }

  RecordId product, edition, plan, offering, customer;
};

}  // namespace skerry::store
