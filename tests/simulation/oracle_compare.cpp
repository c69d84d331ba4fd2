// Holds central's tables against what the oracle read out of its log.
#include <algorithm>
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

// What a side of a conflict record has to say.
std::string said(const json::object& side) {
  if (side.contains("deleted")) return "deleted";
  const json::value* value = side.if_contains("value");
  return value ? to_json_text(*value) : std::string();
}

}  // namespace

void Oracle::compare(store::Connection& connection) const {
  std::size_t alive = 0;
  for (const auto& [id, entity] : state_.entities) {
    compare_record(connection, id, entity);
    alive += entity.alive ? 1 : 0;
  }
  std::size_t rows = 0;
  for (const Kind& kind : all_kinds()) {
    if (kind.scope == ScopePath::nowhere) continue;
    auto cursor = connection.query(fmt::format("SELECT count(*) FROM {}", kind.name));
    if (cursor.next()) rows += static_cast<std::size_t>(cursor.integer(0));
  }
  if (rows != alive)
    throw Violation("I8", fmt::format("central has {} records, its log gives {}", rows, alive));
  compare_conflicts(connection);
  compare_dispositions(connection);
}

void Oracle::compare_record(store::Connection& connection, const RecordId& id,
                            const Entity& entity) const {
  const std::string name = fmt::format("{} {}", entity.kind->name, to_string(id));
  const auto record = store::find_record(connection, *entity.kind, id);
  if (record.has_value() != entity.alive)
    throw Violation("I8", fmt::format("{} should {}be there", name, entity.alive ? "" : "not "));
  if (!record) return;
  for (std::size_t i = 0; i < entity.fields.size(); ++i) {
    const Written& now = entity.now(i);
    const store::FieldStamp& stamp = record->stamps.of(entity.kind->fields[i].name);
    const std::string here = show(record->values[i], stamp.version.n, stamp.effective);
    const std::string expected = show(now.value, now.n, now.effective);
    if (here != expected)
      throw Violation("I8, I9", fmt::format("{} {}: central has {}, its log gives {}", name,
                                            entity.kind->fields[i].name, here, expected));
  }
  const Audience audience = audience_of(id, entity).value_or(Audience{});
  if (record->scope.customer != audience.customer || record->scope.place != audience.place)
    throw Violation("I12",
                    fmt::format("{} is seen by whom {} and {} concern, central keeps {} and "
                                "{}",
                                name, to_string(audience.customer), to_string(audience.place),
                                to_string(record->scope.customer), to_string(record->scope.place)));
}

void Oracle::compare_conflicts(store::Connection& connection) const {
  auto made = state_.conflicts;
  store::ConflictQuery all;
  all.limit = 1'000'000;
  for (const auto& conflict : store::list_conflicts(connection, all)) {
    --made[{std::string(store::to_text(conflict.type)), conflict.record, conflict.field,
            conflict.scope_customer, said(conflict.winner), said(conflict.loser)}];
    if (conflict.type == store::ConflictType::duplicate_key) {
      compare_duplicate(conflict);
      continue;
    }
    if (conflict.open == state_.resolved.contains(conflict.id))
      throw Violation("conflict records", fmt::format("{} is {}", to_string(conflict.id),
                                                      conflict.open ? "open" : "resolved"));
  }
  for (const auto& [about, left] : made) {
    if (left == 0) continue;
    const auto& [type, record, field, customer, winner, loser] = about;
    throw Violation("conflict records",
                    fmt::format("{} about {} field {} told under {}, {} over {}: {} {}", type,
                                to_string(record), field, to_string(customer), winner, loser,
                                std::abs(left), left > 0 ? "missing" : "too many"));
  }
}

// It closes when a person ends the duplicate, or when nothing clashes any more.
void Oracle::compare_duplicate(const store::Conflict& conflict) const {
  if (!conflict.open) return;
  const auto other = conflict.other();
  if (conflict.field == "id") return;
  const auto holds = [&](const RecordId& id) -> json::value {
    const auto found = state_.entities.find(id);
    if (found == state_.entities.end() || !found->second.alive) return nullptr;
    if (!conflict.field.starts_with("custom.")) return found->second.value(conflict.field);
    const json::value& custom = found->second.value("custom");
    const json::object* values = custom.if_object();
    const json::value* value = values ? values->if_contains(conflict.field.substr(7)) : nullptr;
    return value ? *value : json::value();
  };
  const json::value here = holds(conflict.record);
  if (!other || here.is_null() || here != holds(*other))
    throw Violation("conflict records",
                    fmt::format("{} is open, and nothing clashes", to_string(conflict.id)));
}

void Oracle::compare_dispositions(store::Connection& connection) const {
  for (const auto& [place, disposition] : dispositions_) {
    auto cursor = connection.query(
        "SELECT i.disposition FROM ingest i JOIN site_epoch e ON e.number=i.epoch JOIN site s ON "
        "s.row=e.site WHERE s.row=?1 AND e.epoch=?2 AND i.seq=?3",
        static_cast<std::int64_t>(std::get<0>(place)), std::get<1>(place), std::get<2>(place));
    const std::string here = cursor.next() ? std::string(cursor.text(0)) : "nothing";
    if (here != disposition)
      throw Violation("I8", fmt::format("row {} of site{} is {} at central, its log gives {}",
                                        std::get<2>(place), std::get<0>(place), here, disposition));
  }
}

// Whether the site had brought the record back itself and not seen central agree: nothing of
// central's stands under what it writes on that.
bool Oracle::on_own_restoration(const Row& row, std::int64_t seen_n) const {
  const auto& [site, epoch, seq] = row.place;
  for (auto before = rows_.lower_bound({site, epoch, 0}); before->first < row.place; ++before)
    if (before->second.change.op == ChangeOp::restore && before->second.n > seen_n &&
        before->second.change.record == row.change.record)
      return true;
  return false;
}

void Oracle::check_bases(std::size_t site, const EpochId& epoch, std::int64_t seq,
                         std::int64_t seen_n) const {
  const Row& row = rows_.at({site, epoch, seq});
  const auto entity = state_.entities.find(row.change.record);
  const bool whole = row.change.op == ChangeOp::create || row.change.op == ChangeOp::restore;
  if (whole || entity == state_.entities.end() || on_own_restoration(row, seen_n)) return;
  const auto held = [&](std::size_t field) {
    std::int64_t n = 0;
    for (const Written& written : entity->second.fields[field])
      if (written.n <= seen_n) n = written.n;
    return n;
  };
  const auto compare = [&](std::string_view what, const std::optional<Version>& base,
                           std::int64_t expected) {
    const std::int64_t named = base ? base->n : 0;
    if (named == expected) return;
    throw Violation("base",
                    fmt::format("row {} of site{} ({} {}) names version {}, the site held "
                                "{} at position {}",
                                seq, site, row.change.kind->name, what, named, expected, seen_n));
  };
  for (const FieldChange& field : row.change.fields)
    compare(row.change.kind->fields[field.field].name, field.base, held(field.field));
  if (row.change.op != ChangeOp::remove) return;
  std::int64_t newest = 0;
  for (std::size_t i = 0; i < entity->second.fields.size(); ++i) newest = std::max(newest, held(i));
  compare("as a whole", row.change.base, newest);
}

}  // namespace skerry::sim
