#include <fmt/format.h>

#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "store/duplicate_keys.hpp"
#include "store/resolve_conflict.hpp"
#include "store/tombstone.hpp"

namespace skerry::store {
namespace {

constexpr std::size_t kept_bytes_max = 4096;  // of both, beside the two values that are there

// The value by name where one of the sides has it.
json::object mention(const Conflict& conflict, const json::value& value) {
  for (const auto& [name, side] :
       {std::pair("winner", &conflict.winner), std::pair("loser", &conflict.loser)})
    if (const json::value* theirs = side->if_contains("value"); theirs && *theirs == value)
      return {{"of", name}};
  return {{"value", value}};
}

// nullptr where nothing was kept, or nothing that is one.
const json::value* mentioned(const Conflict& conflict, std::string_view name) {
  const json::value* kept = conflict.resolution.if_contains(name);
  const json::object* object = kept ? kept->if_object() : nullptr;
  if (!object) return nullptr;
  const std::string_view of = text_of(*object, "of");
  return of == "winner"  ? conflict.winner.if_contains("value")
         : of == "loser" ? conflict.loser.if_contains("value")
                         : object->if_contains("value");
}

tl::unexpected<Error> not_undone(std::string detail) {
  FieldError complaint{"", "not_undone", detail};
  return fail(Error(Errc::validation_failed, std::move(detail), "change the record itself",
                    {std::move(complaint)}));
}

tl::unexpected<Error> changed_since(std::string detail) {
  return fail(Errc::precondition_failed, std::move(detail), "change the record itself");
}

// A conflict that somebody has decided.
Result<Conflict> find_decided(Connection& connection, const RecordId& id) {
  auto conflict = find_conflict(connection, id);
  if (!conflict)
    return fail(Errc::not_found, fmt::format("no conflict has the id {}", to_string(id)),
                "skerry conflict list --all");
  if (conflict->open)
    return fail(Errc::already_exists, "the conflict is open: there is no decision to take back",
                fmt::format("skerry conflict resolve {} --choose winner|loser", to_string(id)));
  const std::string_view choice = text_of(conflict->resolution, "choice");
  if (choice == "settled" || choice == "withdrawn")
    return not_undone("nobody decided the conflict: it closed when what it was about had gone");
  return std::move(*conflict);
}

class Undoing {
 public:
  Undoing(Connection& connection, ChangeLog& log, Role role, Random& random, Conflict conflict,
          const Author& author)
      : connection_(connection),
        log_(log),
        role_(role),
        writer_(connection, log, role, random),
        conflict_(std::move(conflict)),
        author_(author) {}

  Result<Conflict> undo() {
    SKERRY_TRY_VOID(take_back());
    open_again(conflict_, author_.actor);
    if (role_ == Role::central) conflict_.version = log_.own().n;  // of the row just written
    write_conflict(connection_, conflict_);
    return std::move(conflict_);
  }

 private:
  Result<void> take_back() {
    writer_.take_back();
    if (conflict_.type == ConflictType::duplicate_key) {
      const auto key = unique_key_of(conflict_);
      return key ? share_key(*key) : say_so();  // of an id nothing was changed
    }
    const json::value* before = mentioned(conflict_, "before");
    const json::value* after = mentioned(conflict_, "after");
    if (before && after) return set_back(*before, *after);
    const std::string_view fate = text_of(conflict_.resolution, "record");
    if (fate == "restored") return take_away();
    if (fate == "removed") return bring_back();
    const std::string_view choice = text_of(conflict_.resolution, "choice");
    if (choice == "winner" || (choice == "loser" && conflict_.field.empty() && lives()))
      return say_so();
    return not_undone(conflict_.field.empty()
                          ? "what the decision changed is not kept with it"
                          : "the decision set a value too long to be kept with it");
  }

  bool lives() { return record_exists(connection_, *conflict_.kind, conflict_.record); }

  Result<void> update(const RecordId& record, const json::object& patch) {
    return writer_.update(*conflict_.kind, record, patch, std::nullopt, author_, conflict_.id)
        .map([](const Record&) {});
  }

  // The decision changed nothing; that it is taken back is a row all the same.
  Result<void> say_so() {
    if (lives()) return update(conflict_.record, {});
    SKERRY_TRY_VOID(check_central());
    append_decision(connection_, log_, conflict_, "undone", author_);
    return {};
  }

  Result<void> set_back(const json::value& before, const json::value& after) {
    const auto present = value_in_conflict(connection_, conflict_);
    if (!present)
      return fail(Errc::precondition_failed,
                  fmt::format("the {} is not here any more", conflict_.kind->name),
                  "skerry conflict list");
    if (*present != after)
      return changed_since(fmt::format("{} has changed since: it is {}, the decision made it {}",
                                       conflict_.field, to_json_text(*present),
                                       to_json_text(after)));
    const auto field = static_cast<std::size_t>(conflict_.kind->find_field(conflict_.field));
    const json::object patch =
        before == after ? json::object() : patch_to(conflict_.kind->fields[field], before);
    return update(conflict_.record, patch);
  }

  // A site does not know what a whole record met at central meanwhile.
  Result<void> check_central() const {
    if (role_ == Role::central) return {};
    return fail(Errc::wrong_role, "the decision did more than set one field: central takes it back",
                fmt::format("exchange with central, then there: skerry conflict undo {}",
                            to_string(conflict_.id)));
  }

  // Whether the decision was the last that happened to what has this version.
  bool is_decisions(std::int64_t n) const {
    const auto version = version_from_json(member_of(conflict_.resolution, "version"));
    return version && version->n == n;
  }

  Result<void> take_away() {
    SKERRY_TRY_VOID(check_central());
    const auto record = find_record(connection_, *conflict_.kind, conflict_.record);
    if (!record || !is_decisions(record->version))
      return changed_since(fmt::format("the {} has {} since the decision brought it back",
                                       conflict_.kind->name, record ? "changed" : "gone"));
    return writer_.remove(*conflict_.kind, conflict_.record, std::nullopt, author_, conflict_.id);
  }

  Result<void> bring_back() {
    SKERRY_TRY_VOID(check_central());
    const auto tombstone = find_tombstone(connection_, conflict_.record);
    if (lives() || !tombstone || !is_decisions(tombstone->version.n))
      return changed_since(
          fmt::format("the {} has changed since the decision deleted it", conflict_.kind->name));
    return writer_.restore(*conflict_.kind, conflict_.record, {}, author_, conflict_.id)
        .map([](const Record&) {});
  }

  // The one that has the key no more gets it again, as long as the other has kept it.
  Result<void> share_key(const UniqueKey& key) {
    SKERRY_TRY_VOID(check_central());
    const json::value* shared = conflict_.loser.if_contains("value");
    const json::value* now = conflict_.resolution.if_contains("value");
    if (!shared || !now) return not_undone("what the decision changed is not kept with it");
    const Kind& kind = *conflict_.kind;
    const RecordId other = conflict_.other().value_or(RecordId{});
    const bool changed_other = *now == *shared;
    const auto changed = find_record(connection_, kind, changed_other ? other : conflict_.record);
    const auto keeper = find_record(connection_, kind, changed_other ? conflict_.record : other);
    const json::value after = changed_other ? json::value() : *now;
    if (!changed || !keeper || key.of(*changed) != after || key.of(*keeper) != *shared)
      return changed_since(
          fmt::format("{} has changed since in one of the two records", conflict_.field));
    writer_.take_back(true);
    SKERRY_TRY(const Record record, writer_.update(kind, changed->id, key.patch(kind, *shared),
                                                   std::nullopt, author_, conflict_.id));
    if (find_clash(connection_, record, key)) return {};
    return changed_since("the two records clash no more");
  }

  Connection& connection_;
  ChangeLog& log_;
  Role role_;
  RecordWriter writer_;
  Conflict conflict_;
  const Author& author_;
};

}  // namespace

json::value part_in_conflict(const Conflict& conflict, const json::value& whole) {
  const auto field = static_cast<std::size_t>(conflict.kind->find_field(conflict.field));
  if (conflict.kind->fields[field].type != FieldType::custom) return whole;
  json::object part;
  for (const json::object* side : {&conflict.winner, &conflict.loser}) {
    const json::value* members = side->if_contains("value");
    if (!members || !members->is_object()) continue;
    for (const auto& [name, ignored] : members->get_object()) {
      const json::value* member =
          whole.is_object() ? whole.get_object().if_contains(name) : nullptr;
      part[name] = member ? *member : json::value();
    }
  }
  return part;
}

void keep_change(Conflict& conflict, const json::value& before, const json::value& after) {
  json::object was = mention(conflict, before);
  json::object is = mention(conflict, after);
  if (to_json_text(was).size() + to_json_text(is).size() > kept_bytes_max) return;
  conflict.resolution["before"] = std::move(was);
  conflict.resolution["after"] = std::move(is);
}

void open_again(Conflict& conflict, const std::string& actor) {
  conflict.open = true;
  conflict.decided_by.clear();
  conflict.resolution = {{"undone_by", actor}};
  conflict.resolved_at.reset();
}

std::optional<json::value> value_in_conflict(Connection& connection, const Conflict& conflict) {
  const int position = conflict.kind->find_field(conflict.field);
  const auto record =
      position < 0 ? std::nullopt : find_record(connection, *conflict.kind, conflict.record);
  if (!record) return std::nullopt;
  return part_in_conflict(conflict, record->values[static_cast<std::size_t>(position)]);
}

void keep_fate(Connection& connection, Conflict& conflict, Version version) {
  const auto record = find_record(connection, *conflict.kind, conflict.record);
  const auto tombstone = find_tombstone(connection, conflict.record);
  if (record && record->stamps.every().version == version)
    conflict.resolution["record"] = "restored";
  else if (!record && tombstone && tombstone->version == version)
    conflict.resolution["record"] = "removed";
}

Result<Conflict> undo_conflict(Connection& connection, ChangeLog& log, Role role, Random& random,
                               const RecordId& id, const Author& author) {
  SKERRY_TRY(Conflict conflict, find_decided(connection, id));
  return Undoing(connection, log, role, random, std::move(conflict), author).undo();
}

}  // namespace skerry::store
