#include <fmt/format.h>

#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "store/resolve_conflict.hpp"

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

// A conflict that is decided, by a decision that says what it changed.
Result<Conflict> find_decided(Connection& connection, const RecordId& id) {
  auto conflict = find_conflict(connection, id);
  if (!conflict)
    return fail(Errc::not_found, fmt::format("no conflict has the id {}", to_string(id)),
                "skerry conflict list --all");
  if (conflict->open)
    return fail(Errc::already_exists, "the conflict is open: there is no decision to take back",
                fmt::format("skerry conflict resolve {} --choose winner|loser", to_string(id)));
  if (!mentioned(*conflict, "before") || !mentioned(*conflict, "after"))
    return not_undone(
        "the decision did not just set one field, or to a value too long to be kept with it");
  return std::move(*conflict);
}

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

Result<Conflict> undo_conflict(Connection& connection, ChangeLog& log, Role role, Random& random,
                               const RecordId& id, const Author& author) {
  SKERRY_TRY(Conflict conflict, find_decided(connection, id));
  const json::value before = *mentioned(conflict, "before");
  const json::value after = *mentioned(conflict, "after");
  const auto present = value_in_conflict(connection, conflict);
  if (!present)
    return fail(Errc::precondition_failed,
                fmt::format("the {} is not here any more", conflict.kind->name),
                "skerry conflict list");
  if (*present != after)
    return fail(Errc::precondition_failed,
                fmt::format("{} has changed since: it is {}, the decision made it {}",
                            conflict.field, to_json_text(*present), to_json_text(after)),
                "change the record itself");
  const auto field = static_cast<std::size_t>(conflict.kind->find_field(conflict.field));
  const json::object patch =
      before == after ? json::object() : patch_to(conflict.kind->fields[field], before);
  RecordWriter writer(connection, log, role, random);
  writer.take_back();
  SKERRY_TRY_VOID(writer.update(*conflict.kind, conflict.record, patch, std::nullopt, author, id)
                      .map([](const Record&) {}));
  open_again(conflict, author.actor);
  if (role == Role::central) conflict.version = log.own().n;  // of the row just written
  write_conflict(connection, conflict);
  return conflict;
}

}  // namespace skerry::store
