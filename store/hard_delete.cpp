#include "store/hard_delete.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_set>

#include "core/bytes.hpp"
#include "core/check.hpp"
#include "crypto/sha256.hpp"

namespace skerry::store {
namespace {

using Found = std::pair<const Kind*, RecordId>;

struct Reference {
  const Kind* kind;
  RecordId record;
  std::size_t field;
};

// The references to this record itself.
std::vector<Reference> references_to(Connection& connection, const Found& to) {
  std::vector<Reference> found;
  for (const Kind& kind : all_kinds()) {
    for (std::size_t i = 0; i < kind.fields.size(); ++i) {
      const Field& field = kind.fields[i];
      const bool refers = field.type == FieldType::reference &&
                          std::find(field.options.begin(), field.options.end(), to.first->name) !=
                              field.options.end();
      if (!refers) continue;
      Cursor cursor = connection.query(
          fmt::format("SELECT id FROM {} WHERE {}=?1", kind.name, field.name), to.second);
      while (cursor.next()) found.push_back({&kind, cursor.id<RecordId>(0), i});
    }
  }
  return found;
}

// Each record behind those that refer to it, if only by a mention.
class Collector {
 public:
  explicit Collector(Connection& connection) : connection_(connection) {}

  Result<void> collect(const Found& from) {
    for (const Reference& each : references_to(connection_, from)) {
      if (is_mention(*each.kind, each.kind->fields[each.field])) {
        mentions_.push_back({each.kind, each.record, each.field});
        continue;
      }
      if (!seen_.insert(each.record).second) continue;
      if (seen_.size() + mentions_.size() > dependants_max)
        return fail(Errc::limit_exceeded,
                    fmt::format("more than {} records refer to it", dependants_max),
                    "delete some of them first");
      SKERRY_TRY_VOID(collect({each.kind, each.record}));  // as deep as kinds refer to kinds
      found_.emplace_back(each.kind, each.record);
      ++dependants_.counts[each.kind->plural];
    }
    return {};
  }

  Dependants take() {
    for (const Found& each : found_) add_behind_referrers(each);
    for (const Dependants::Mention& mention : mentions_)
      if (!seen_.contains(mention.record)) dependants_.mentions.push_back(mention);
    return std::move(dependants_);
  }

 private:
  void add_behind_referrers(const Found& each) {
    if (!added_.insert(each.second).second) return;
    for (const Reference& by : references_to(connection_, each))
      if (seen_.contains(by.record)) add_behind_referrers({by.kind, by.record});
    dependants_.records.push_back(each);
  }

  Connection& connection_;
  std::unordered_set<RecordId> seen_;
  std::unordered_set<RecordId> added_;
  std::vector<Found> found_;
  std::vector<Dependants::Mention> mentions_;
  Dependants dependants_;
};

std::string counted(std::int64_t count, std::string_view plural) {
  return fmt::format("{} {}", count, count == 1 ? find_kind_by_plural(plural)->name : plural);
}

}  // namespace

Confirmation confirmation_of(const Record& record) {
  const json::string* const label = record.value(record.kind->label).if_string();
  if (label) return {record.kind->label, std::string(*label)};
  return {"id", to_string(record.id)};
}

std::string Dependants::to_text() const {
  std::string text;
  for (const auto& [plural, count] : counts) {
    if (!text.empty()) text += ", ";
    text += counted(count, plural);
  }
  std::map<std::pair<std::string_view, std::string_view>, std::int64_t> losing;
  for (const Mention& mention : mentions)
    ++losing[{mention.kind->plural, mention.kind->fields[mention.field].name}];
  for (const auto& [what, count] : losing)
    text += fmt::format("{}{} by {} {}, which becomes null", text.empty() ? "" : ", ",
                        counted(count, what.first), count == 1 ? "its" : "their", what.second);
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

Result<void> check_deletable(Connection& connection, const RecordWriter& writer,
                             const Record& record, const Dependants& dependants) {
  SKERRY_TRY_VOID(writer.check_removal(record));
  for (const auto& [kind, id] : dependants.records) {
    if (kind->authority != Authority::central) continue;  // up to 100,000, and nothing keeps them
    if (kind->administered)
      return fail(Errc::in_use,
                  fmt::format("{} {} refers to it, and {} are not deleted", kind->name,
                              to_string(id), kind->plural),
                  fmt::format("let it name another, or none, first: PATCH /v1/{}/{}", kind->plural,
                              to_string(id)));
    const auto dependant = find_record(connection, *kind, id);
    SKERRY_CHECK(dependant);
    Result<void> checked = writer.check_removal(*dependant);
    if (checked) continue;
    Error& error = checked.error();
    error.detail = fmt::format("{} {} would go, too: {}", kind->name, to_string(id), error.detail);
    return checked;
  }
  return {};
}

Result<Dependants> hard_delete(Connection& connection, RecordWriter& writer, const Kind& kind,
                               const RecordId& id, std::optional<std::int64_t> revision,
                               std::string_view confirmed, std::string_view token,
                               const Author& author) {
  const auto record = find_record(connection, kind, id);
  if (!record) return fail(no_such(kind, id));
  // Before its dependants go: they may change it, as the moves of an asset do.
  SKERRY_TRY_VOID(check_revision(*record, revision));
  const Confirmation wanted = confirmation_of(*record);
  if (confirmed != wanted.text)
    return fail(Error(Errc::validation_failed,
                      fmt::format("confirm is not the {}'s {}", kind.name, wanted.field),
                      "type it exactly as it stands in the record"));
  SKERRY_TRY(Dependants dependants, find_dependants(connection, kind, id));
  if (dependants.token(id) != token) {
    const std::string text = dependants.to_text();
    return fail(Errc::in_use,
                fmt::format("what refers to the {} has changed: {}", kind.name,
                            text.empty() ? "nothing does" : text),
                "delete it again without token to see what would go");
  }
  SKERRY_TRY_VOID(check_deletable(connection, writer, *record, dependants));
  for (const Dependants::Mention& mention : dependants.mentions)
    SKERRY_TRY_VOID(writer.update(*mention.kind, mention.record,
                                  {{mention.kind->fields[mention.field].name, nullptr}},
                                  std::nullopt, author));
  writer.write_together();
  for (const auto& [kind_of_dependant, dependant] : dependants.records)
    SKERRY_TRY_VOID(writer.remove(*kind_of_dependant, dependant, std::nullopt, author));
  SKERRY_TRY_VOID(writer.remove(kind, id, std::nullopt, author));
  return dependants;
}

}  // namespace skerry::store
