#include "store/hard_delete.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_set>

#include "core/bytes.hpp"
#include "crypto/sha256.hpp"

namespace skerry::store {
namespace {

using Found = std::pair<const Kind*, RecordId>;

// The records that refer to this one themselves.
std::vector<Found> referrers(Connection& connection, const Found& to) {
  std::vector<Found> found;
  for (const Kind& kind : all_kinds()) {
    for (const Field& field : kind.fields) {
      const bool refers = field.type == FieldType::reference &&
                          std::find(field.options.begin(), field.options.end(), to.first->name) !=
                              field.options.end();
      if (!refers) continue;
      Cursor cursor = connection.query(
          fmt::format("SELECT id FROM {} WHERE {}=?1", kind.name, field.name), to.second);
      while (cursor.next()) found.emplace_back(&kind, cursor.id<RecordId>(0));
    }
  }
  return found;
}

// Depth first, each record behind those that refer to it.
class Collector {
 public:
  explicit Collector(Connection& connection) : connection_(connection) {}

  Result<void> collect(const Found& from) {
    for (const Found& referrer : referrers(connection_, from)) {
      if (!seen_.insert(referrer.second).second) continue;
      if (seen_.size() > dependants_max)
        return fail(Errc::limit_exceeded,
                    fmt::format("more than {} records refer to it", dependants_max),
                    "delete some of them first");
      SKERRY_TRY_VOID(collect(referrer));  // as deep as kinds refer to kinds
      dependants_.records.push_back(referrer);
      ++dependants_.counts[referrer.first->plural];
    }
    return {};
  }

  Dependants take() { return std::move(dependants_); }

 private:
  Connection& connection_;
  std::unordered_set<RecordId> seen_;
  Dependants dependants_;
};

}  // namespace

std::string Dependants::to_text() const {
  std::string text;
  for (const auto& [plural, count] : counts) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", count, count == 1 ? find_kind_by_plural(plural)->name : plural);
  }
  return text;
}

std::string Dependants::token(const RecordId& record) const {
  crypto::Sha256 hash;
  hash.update(record.view());
  const std::string text = to_text();
  hash.update(as_bytes(text));
  return to_hex(hash.finish()).substr(0, 16);
}

Result<Dependants> find_dependants(Connection& connection, const Kind& kind, const RecordId& id) {
  Collector collector(connection);
  SKERRY_TRY_VOID(collector.collect({&kind, id}));
  return collector.take();
}

Result<Dependants> hard_delete(Connection& connection, RecordWriter& writer, const Kind& kind,
                               const RecordId& id, std::optional<std::int64_t> revision,
                               std::string_view confirmed, std::string_view token,
                               const Author& author) {
  const auto record = find_record(connection, kind, id);
  if (!record)
    return fail(Errc::not_found, fmt::format("no {} has the id {}", kind.name, to_string(id)));
  // Before its dependants go: they may change it, as the moves of an asset do.
  SKERRY_TRY_VOID(check_revision(*record, revision));
  const json::string* label = record->value(kind.label).if_string();
  if (confirmed != (label ? std::string_view(*label) : std::string_view()))
    return fail(Error(Errc::validation_failed,
                      fmt::format("confirm is not the {}'s {}", kind.name, kind.label),
                      "type it exactly as it stands in the record"));
  SKERRY_TRY(Dependants dependants, find_dependants(connection, kind, id));
  if (dependants.token(id) != token)
    return fail(
        Errc::in_use,
        fmt::format("what refers to the {} has changed: {}", kind.name, dependants.to_text()),
        "delete it again without token to see what would go");
  bool continues = false;
  for (const auto& [kind_of_dependant, dependant] : dependants.records) {
    SKERRY_TRY_VOID(writer.remove(*kind_of_dependant, dependant, std::nullopt, author, continues));
    continues = true;
  }
  SKERRY_TRY_VOID(writer.remove(kind, id, std::nullopt, author, continues));
  return dependants;
}

}  // namespace skerry::store
