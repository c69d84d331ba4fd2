// Holds central's tables against what the oracle read out of its log.
#include <fmt/format.h>

#include "core/json_text.hpp"
#include "store/conflicts.hpp"
#include "store/record.hpp"
#include "store/sites.hpp"
#include "tests/simulation/machine.hpp"
#include "tests/simulation/oracle.hpp"

namespace skerry::sim {
namespace {

std::string show(const json::value& value, std::int64_t n, HlcStamp effective) {
  return fmt::format("{}@{} {}", to_json_text(value), n, to_string(effective));
}

}  // namespace

void Oracle::compare(store::Connection& connection) const {
  std::size_t alive = 0;
  for (const auto& [id, entity] : entities_) {
    const auto record = store::find_record(connection, *entity.kind, id);
    if (record.has_value() != entity.alive)
      throw Violation("I8", fmt::format("{} {} should {}be there", entity.kind->name, to_string(id),
                                        entity.alive ? "" : "not "));
    if (!record) continue;
    ++alive;
    for (std::size_t i = 0; i < entity.fields.size(); ++i) {
      const Written& now = entity.now(i);
      const store::FieldStamp& stamp = record->stamps.of(entity.kind->fields[i].name);
      const std::string here = show(record->values[i], stamp.version.n, stamp.effective);
      const std::string expected = show(now.value, now.n, now.effective);
      if (here != expected)
        throw Violation("I8, I9",
                        fmt::format("{} {} {}: central has {}, its log gives {}", entity.kind->name,
                                    to_string(id), entity.kind->fields[i].name, here, expected));
    }
    const auto customer = customer_of(*entity.kind, id, values_of(entity));
    if (customer && record->scope.customer != *customer)
      throw Violation("I12", fmt::format("{} {} belongs to customer {}, central keeps it under {}",
                                         entity.kind->name, to_string(id), to_string(*customer),
                                         to_string(record->scope.customer)));
  }
  std::size_t rows = 0;
  for (const Kind& kind : all_kinds()) {
    if (kind.scope == ScopePath::nowhere) continue;
    auto cursor = connection.query(fmt::format("SELECT count(*) FROM {}", kind.name));
    if (cursor.next()) rows += static_cast<std::size_t>(cursor.integer(0));
  }
  if (rows != alive)
    throw Violation("I8", fmt::format("central has {} records, its log gives {}", rows, alive));
  auto made = conflicts_;
  store::ConflictQuery all;
  all.limit = 1'000'000;
  for (const auto& conflict : store::list_conflicts(connection, all))
    --made[{std::string(store::to_text(conflict.type)), conflict.record, conflict.field}];
  for (const auto& [about, left] : made)
    if (left != 0)
      throw Violation("conflict records",
                      fmt::format("{} about {} field {}: {} {}", std::get<0>(about),
                                  to_string(std::get<1>(about)), std::get<2>(about),
                                  left > 0 ? left : -left, left > 0 ? "missing" : "too many"));
  for (const auto& [place, disposition] : dispositions_) {
    auto cursor = connection.query(
        "SELECT i.disposition FROM ingest i JOIN site_epoch e ON e.number=i.epoch JOIN site s ON "
        "s.row=e.site WHERE s.row=?1 AND i.seq=?2",
        static_cast<std::int64_t>(place.first), place.second);
    const std::string here = cursor.next() ? std::string(cursor.text(0)) : "nothing";
    if (here != disposition)
      throw Violation("I8", fmt::format("row {} of site{} is {} at central, its log gives {}",
                                        place.second, place.first, here, disposition));
  }
}

void Oracle::check_bases(std::size_t site, std::int64_t seq, std::int64_t seen_n) const {
  const Row& row = rows_.at({site, seq});
  const auto entity = entities_.find(row.change.record);
  if (row.change.op != ChangeOp::set || entity == entities_.end()) return;
  for (const FieldChange& field : row.change.fields) {
    std::int64_t expected = 0;
    for (const Written& written : entity->second.fields[field.field])
      if (written.n <= seen_n) expected = written.n;
    const std::int64_t named = field.base ? field.base->n : 0;
    if (named != expected)
      throw Violation(
          "base", fmt::format("row {} of site{} ({} {}) names version {}, the site held "
                              "{} at position {}",
                              seq, site, row.change.kind->name,
                              row.change.kind->fields[field.field].name, named, expected, seen_n));
  }
}

}  // namespace skerry::sim
