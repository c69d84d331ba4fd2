#include "store/resolve_conflict.hpp"

#include <fmt/format.h>

#include "core/json_text.hpp"
#include "core/timestamp.hpp"
#include "store/duplicate_keys.hpp"
#include "store/log_subject.hpp"

namespace skerry::store {
namespace {

tl::unexpected<Error> no_such_choice(std::string_view member, std::string detail,
                                     std::string next = {}) {
  FieldError complaint{fmt::format("/{}", member), "bad_choice", detail};
  return fail(
      Error(Errc::validation_failed, std::move(detail), std::move(next), {std::move(complaint)}));
}

bool is_choice(const ConflictDecision& decision, ConflictChoice wanted) {
  const auto* choice = std::get_if<ConflictChoice>(&decision);
  return choice && *choice == wanted;
}
bool is_winner(const ConflictDecision& decision) {
  return is_choice(decision, ConflictChoice::winner);
}
bool is_loser(const ConflictDecision& decision) {
  return is_choice(decision, ConflictChoice::loser);
}

class Resolver {
 public:
  Resolver(Connection& connection, ChangeLog& log, Role role, Random& random, Conflict conflict,
           const Author& author)
      : connection_(connection),
        log_(log),
        role_(role),
        random_(random),
        conflict_(std::move(conflict)),
        author_(author) {}

  Result<Conflict> resolve(const ConflictDecision& decision) {
    const auto before = value_in_conflict(connection_, conflict_);
    const bool lived = lives();
    SKERRY_TRY_VOID(decide(decision));
    return mark(decision, before, lived);
  }

 private:
  bool lives() { return record_exists(connection_, *conflict_.kind, conflict_.record); }

  Result<void> decide(const ConflictDecision& decision) {
    if (conflict_.type == ConflictType::duplicate_key) {
      SKERRY_TRY_VOID(decide_key(decision));
    } else if (is_loser(decision) && conflict_.loser.contains("deleted")) {
      RecordWriter writer(connection_, log_, role_, random_);
      SKERRY_TRY_VOID(
          writer.remove(*conflict_.kind, conflict_.record, std::nullopt, author_, conflict_.id));
    } else if (lives()) {
      SKERRY_TRY(const json::object patch, patch_for(decision));
      RecordWriter writer(connection_, log_, role_, random_);
      SKERRY_TRY_VOID(writer.update(*conflict_.kind, conflict_.record, patch, std::nullopt, author_,
                                    conflict_.id));
    } else if (is_winner(decision)) {
      SKERRY_TRY_VOID(leave_gone());
    } else {
      SKERRY_TRY_VOID(revive(decision));
    }
    return {};
  }

  Result<json::object> patch_for(const ConflictDecision& decision) const {
    const auto* choice = std::get_if<ConflictChoice>(&decision);
    if (choice && *choice == ConflictChoice::winner) return patch_to_present();
    const std::string_view member = choice ? "choose" : "value";
    const int field = conflict_.kind->find_field(conflict_.field);
    if (field < 0) return patch_to_record(decision, member);
    const Field& description = conflict_.kind->fields[static_cast<std::size_t>(field)];
    if (!choice) return patch_to(description, std::get<json::value>(decision));
    const json::value* value = conflict_.loser.if_contains("value");
    if (!value) return no_such_choice(member, "the conflict keeps no other value");
    return patch_to(description, *value);
  }

  // Of a record that did not come to be: as it was written, but for what is central's and what the
  // decision gives anew. One that lives by now was brought in whole, and has its own life since.
  Result<json::object> patch_to_record(const ConflictDecision& decision,
                                       std::string_view member) const {
    const json::value* value = conflict_.loser.if_contains("value");
    const json::object* written = value ? value->if_object() : nullptr;
    if (!written)
      return no_such_choice(
          member, "the conflict is about the whole record: only the winner can be chosen");
    json::object patch;
    const bool lives = record_exists(connection_, *conflict_.kind, conflict_.record);
    for (const Field& field : conflict_.kind->fields)
      if (const json::value* each = lives ? nullptr : written->if_contains(field.name);
          each && field.merge != MergeClass::central)
        patch[field.name] = patch_to(field, *each)[field.name];
    const auto* given = std::get_if<json::value>(&decision);
    if (!given) return patch;
    if (!given->is_object())
      return no_such_choice(member, "the conflict is about the whole record: give an object",
                            "of the fields that are to differ, as {\"name\":\"Pump 2\"}");
    for (const auto& [name, each] : given->get_object()) patch[name] = each;
    return patch;
  }

  // What stands is confirmed where two wrote one register.
  json::object patch_to_present() const {
    if (conflict_.type != ConflictType::concurrent) return {};
    const int found = conflict_.kind->find_field(conflict_.field);
    if (found < 0) return {};
    const auto field = static_cast<std::size_t>(found);
    const MergeClass merge = conflict_.kind->fields[field].merge;
    if (merge != MergeClass::shared && merge != MergeClass::group) return {};
    const auto record = find_record(connection_, *conflict_.kind, conflict_.record);
    return {{conflict_.field, record ? record->values[field] : json::value()}};
  }

  // One of the two records gives up the key, or the conflict's one gets another.
  Result<void> decide_key(const ConflictDecision& decision) {
    const Kind& kind = *conflict_.kind;
    const auto* choice = std::get_if<ConflictChoice>(&decision);
    const auto key = unique_key_of(conflict_);
    RecordWriter writer(connection_, log_, role_, random_);
    if (!key && is_winner(decision) && !record_exists(connection_, kind, conflict_.record))
      return leave_gone();
    if (!key && is_winner(decision))
      return writer.update(kind, conflict_.record, {}, std::nullopt, author_, conflict_.id)
          .map([](const Record&) {});
    if (!key)
      return no_such_choice(choice ? "choose" : "value",
                            "two records were made with one id: only the winner can have it",
                            "make a new record of the loser's values, then choose the winner");
    if (choice && key->custom.empty() && kind.fields[key->field].required)
      return no_such_choice(
          "choose", fmt::format("the {} cannot be without {}", kind.name, conflict_.field),
          fmt::format("give the conflict's {0} another: skerry conflict resolve {1} --value "
                      "'\"…\"'; or change the {2} of the other one, {3}",
                      kind.name, to_string(conflict_.id), conflict_.field, name_of_other()));
    const bool changes_other = choice && *choice == ConflictChoice::loser;
    const RecordId id = changes_other ? conflict_.other().value_or(RecordId{}) : conflict_.record;
    if (!record_exists(connection_, kind, id))
      return fail(Errc::wrong_role,
                  fmt::format("the {} that would change is not at this machine", kind.name),
                  "choose the other side, or ask the vendor's central");
    const json::value value = choice ? json::value() : std::get<json::value>(decision);
    SKERRY_TRY(const Record record, writer.update(kind, id, key->patch(kind, value), std::nullopt,
                                                  author_, conflict_.id));
    const auto clash = find_clash(connection_, record, *key);
    if (!clash) return {};
    std::string detail = fmt::format("{} {} is taken by {}: another value is wanted",
                                     conflict_.field, to_json_text(value), to_string(*clash));
    FieldError complaint{"/value", "duplicate_key", detail};
    return fail(Error(Errc::duplicate_key, std::move(detail), {}, {std::move(complaint)}));
  }

  std::string name_of_other() const {
    const auto other = conflict_.other();
    return other ? to_string(*other) : "which is not known here";
  }

  // The deleted record, with the value that was written too late.
  Result<void> revive(const ConflictDecision& decision) {
    SKERRY_TRY(const json::object patch, patch_for(decision));
    RecordWriter writer(connection_, log_, role_, random_);
    auto restored = writer.restore(*conflict_.kind, conflict_.record, patch, author_, conflict_.id);
    if (!restored && restored.error().code == Errc::not_found && role_ == Role::site)
      return not_at_this_site();
    return restored.map([](const Record&) {});
  }

  tl::unexpected<Error> not_at_this_site() const {
    return fail(Errc::wrong_role,
                fmt::format("the {} is not at this site any more: central decides this conflict",
                            conflict_.kind->name),
                "ask the vendor's central");
  }

  Result<void> leave_gone() {
    if (role_ == Role::site) return not_at_this_site();
    append_decision(connection_, log_, conflict_, "winner", author_);
    return {};
  }

  Conflict mark(const ConflictDecision& decision, const std::optional<json::value>& before,
                bool lived) {
    conflict_.open = false;
    conflict_.decided_by = author_.actor;
    conflict_.resolved_at = log_.wall_ms();
    json::object resolution;
    if (const auto* choice = std::get_if<ConflictChoice>(&decision))
      resolution["choice"] = *choice == ConflictChoice::winner ? "winner" : "loser";
    else
      resolution["choice"] = "value";
    const auto record = find_record(connection_, *conflict_.kind, conflict_.record);
    if (const auto key = unique_key_of(conflict_); record && key)
      resolution["value"] = key->of(*record);
    conflict_.resolution = std::move(resolution);
    if (role_ == Role::central) {
      const Version version{log_.own().ord, log_.own().n};  // of the row just written
      conflict_.version = version.n;
      conflict_.resolution["version"] = to_json(version);
      keep_fate(connection_, conflict_, version);
    } else if (lives() != lived) {
      conflict_.resolution["record"] = lived ? "removed" : "restored";
    }
    const auto after = value_in_conflict(connection_, conflict_);
    if (before && after && conflict_.type != ConflictType::duplicate_key)
      keep_change(conflict_, *before, *after);
    write_conflict(connection_, conflict_);
    return std::move(conflict_);
  }

  Connection& connection_;
  ChangeLog& log_;
  Role role_;
  Random& random_;
  Conflict conflict_;
  const Author& author_;
};

}  // namespace

// Of a group, the members that the value lacks are taken out by name.
json::object patch_to(const Field& field, const json::value& value) {
  json::value whole = value;
  if (json::object* object = whole.if_object(); object && field.type == FieldType::group)
    for (const Field& each : field.members)
      if (!object->contains(each.name)) (*object)[each.name] = nullptr;
  return {{field.name, std::move(whole)}};
}

void append_decision(Connection& connection, ChangeLog& log, const Conflict& conflict,
                     std::string_view choice, const Author& author) {
  std::string line = fmt::format(R"({{"k":"cfr","cf":"{}","choice":"{}","hlc":"{}","by":)",
                                 to_string(conflict.id), choice, to_string(log.tick()));
  append_json_string(line, author.actor);
  line += ",\"src\":";
  append_json_string(line, author.source);
  if (!author.request.empty()) {
    line += ",\"rq\":";
    append_json_string(line, author.request);
  }
  if (!author.actor_name.empty()) {
    line += ",\"as\":";
    append_json_string(line, author.actor_name);
  }
  if (!author.reason.empty()) {
    line += ",\"why\":";
    append_json_string(line, author.reason);
  }
  line += fmt::format(",\"sv\":{}}}", schema_version);
  log.append_own(connection, conflict.kind->name, conflict.record, line,
                 find_subject(connection, *conflict.kind, conflict.record));
}

Result<Conflict> resolve_conflict(Connection& connection, ChangeLog& log, Role role, Random& random,
                                  const RecordId& id, const ConflictDecision& decision,
                                  const Author& author) {
  auto conflict = find_conflict(connection, id);
  if (!conflict)
    return fail(Errc::not_found, fmt::format("no conflict has the id {}", to_string(id)),
                "skerry conflict list --all");
  if (!conflict->open)
    return fail(Errc::already_exists,
                fmt::format("the conflict was decided by {} at {}", conflict->decided_by,
                            conflict->resolved_at ? format_timestamp(*conflict->resolved_at)
                                                  : "an unknown time"),
                "change the record itself");
  return Resolver(connection, log, role, random, std::move(*conflict), author).resolve(decision);
}

}  // namespace skerry::store
