// What another program writes at a site's machine, with its keys: rows that no site of ours writes.
#include <fmt/format.h>

#include "store/write_records.hpp"
#include "tests/simulation/world.hpp"

namespace skerry::sim {
namespace {

// Into the log alone; false at a copy.
bool write_row(Machine& site, Change change, const std::string& label) {
  change.actor = "uid:0";
  change.source = "sim";
  auto work = [&](store::Connection& connection) -> Result<void> {
    SKERRY_TRY_VOID(site.log->check_writable());
    change.hlc = site.log->tick();
    change.wall = site.log->wall_ms();
    site.log->append_own(connection, change.kind->name, change.record, encode(change),
                         {label, {}, {}});
    return {};
  };
  return site.write(work).has_value();
}

FieldChange field_of(const Kind& kind, std::string_view name, std::string value) {
  return {static_cast<std::size_t>(kind.find_field(name)), nullptr, json::string(value),
          std::nullopt};
}

}  // namespace

void World::overstep(Machine& site) {
  if (more_.percent(50)) return write_ahead(site);
  Change change;
  change.kind = find_kind("site");
  change.record = RecordId{site_id(1 + more_.below(sites())).bytes};
  change.fields.push_back(field_of(*change.kind, "name", "mine"));
  if (!write_row(site, std::move(change), "mine")) return;
  journal_.happened("overstepped");
  journal_.say([&] { return site.name() + " writes what is central's"; });
}

// A note on a customer that only another machine knows: it waits at central for that one's row.
void World::write_ahead(Machine& site) {
  const RecordId customer = new_record_id(now_, more_);
  Change change;
  change.kind = find_kind("note");
  change.record = new_record_id(now_, more_);
  change.op = ChangeOp::create;
  change.fields.push_back(field_of(*change.kind, "subject", to_string(customer)));
  change.fields.push_back(field_of(*change.kind, "text", "ahead"));
  const RecordId note = change.record;
  if (!write_row(site, std::move(change), "ahead")) return;
  unshown_.insert(note);
  Machine& other = *machines_[more_.below(machines_.size())];
  const Kind& kind = *find_kind("customer");
  auto work = [&](store::Connection& connection) -> Result<void> {
    store::RecordWriter writer(connection, *other.log, other.role(), other.random);
    SKERRY_TRY(FieldValues values, read_new(kind, {{"name", "of later"}}));
    return writer.create(kind, customer, std::move(values), {"uid:0", "api", "sim"})
        .map([](const store::Record&) {});
  };
  const bool made = other.write(work).has_value();
  journal_.happened("written ahead");
  journal_.say([&] {
    return fmt::format("{} writes a note on a customer that {}", site.name(),
                       made ? other.name() + " makes" : "nobody makes");
  });
}

}  // namespace skerry::sim
