#include "store/conflict_rules.hpp"

#include <fmt/format.h>

#include "core/json_member.hpp"
#include "core/timestamp.hpp"
#include "store/log_event.hpp"

namespace skerry::store {
namespace {

constexpr std::string_view columns = "kind,field,side,made_by,made_at";

ConflictRule read_rule(const Cursor& cursor) {
  ConflictRule rule;
  rule.kind = find_kind(cursor.text(0));
  rule.field = cursor.text(1);
  rule.side = parse_side(cursor.text(2)).value_or(Side::central);
  rule.made_by = cursor.text(3);
  rule.made_at = cursor.integer(4);
  return rule;
}

Side side_of_value(const json::object& value) {
  const json::value* author = value.if_contains("author");
  const json::object* known = author ? author->if_object() : nullptr;
  return known && text_of(*known, "site") == "central" ? Side::central : Side::site;
}

// What stands against what central did not take in names no author.
Side side_of_winner(const Conflict& conflict) {
  const bool not_taken =
      conflict.type == ConflictType::out_of_scope || conflict.type == ConflictType::in_use;
  return not_taken ? Side::central : side_of_value(conflict.winner);
}

Result<void> must_be_central(Role role) {
  if (role == Role::central) return {};
  return fail(Errc::wrong_role, "central decides by rule; a site learns what was decided",
              "at central: skerry conflict rule list");
}

tl::unexpected<Error> bad_member(const char* pointer, std::string detail) {
  FieldError complaint{pointer, "bad_choice", detail};
  return fail(Error(Errc::validation_failed, std::move(detail),
                    "a rule is for a field that central and sites write: skerry conflict list",
                    {std::move(complaint)}));
}

json::object facts_of(const Kind& kind, std::string_view field) {
  return {{"kind", kind.name}, {"field", field}};
}

}  // namespace

std::string_view to_text(Side side) { return side == Side::central ? "central" : "site"; }

std::optional<Side> parse_side(std::string_view text) {
  if (text == "central") return Side::central;
  if (text == "site") return Side::site;
  return std::nullopt;
}

json::object to_json(const ConflictRule& rule) {
  return {{"kind", rule.kind->name},
          {"field", rule.field},
          {"side", to_text(rule.side)},
          {"made_by", rule.made_by},
          {"made_at", format_timestamp(rule.made_at)}};
}

std::optional<ConflictChoice> choice_of(Side side, const Conflict& conflict) {
  const Side winner = side_of_winner(conflict);
  if (winner == side_of_value(conflict.loser)) return std::nullopt;
  return winner == side ? ConflictChoice::winner : ConflictChoice::loser;
}

std::optional<Side> side_of(ConflictChoice choice, const Conflict& conflict) {
  const Side winner = side_of_winner(conflict);
  const Side loser = side_of_value(conflict.loser);
  if (winner == loser) return std::nullopt;
  return choice == ConflictChoice::winner ? winner : loser;
}

std::vector<ConflictRule> list_rules(Connection& connection) {
  std::vector<ConflictRule> rules;
  static const std::string sql =
      fmt::format("SELECT {} FROM conflict_rule ORDER BY kind,field", columns);
  Cursor cursor = connection.query(sql);
  while (cursor.next()) rules.push_back(read_rule(cursor));
  return rules;
}

std::optional<ConflictRule> find_rule(Connection& connection, const Kind& kind,
                                      std::string_view field) {
  static const std::string sql =
      fmt::format("SELECT {} FROM conflict_rule WHERE kind=?1 AND field=?2", columns);
  Cursor cursor = connection.query(sql, kind.name, field);
  if (!cursor.next()) return std::nullopt;
  return read_rule(cursor);
}

Result<ConflictRule> set_rule(Connection& connection, ChangeLog& log, Role role,
                              std::string_view kind, std::string_view field, Side side,
                              const Author& author) {
  SKERRY_TRY_VOID(must_be_central(role));
  const Kind* known = find_kind(kind);
  if (!known) return bad_member("/kind", fmt::format("{} is no kind of record", kind));
  if (known->authority == Authority::central)
    return bad_member("/kind", fmt::format("only central writes records of kind {}", kind));
  if (known->find_field(field) < 0)
    return bad_member("/field", fmt::format("{} has no field {}", kind, field));
  ConflictRule rule{known, std::string(field), side, author.actor, log.wall_ms()};
  connection.execute(
      "INSERT INTO conflict_rule(kind,field,side,made_by,made_at) VALUES(?1,?2,?3,?4,?5) "
      "ON CONFLICT DO UPDATE SET side=excluded.side,made_by=excluded.made_by,"
      "made_at=excluded.made_at",
      rule.kind->name, rule.field, to_text(rule.side), rule.made_by, rule.made_at);
  json::object facts = facts_of(*known, field);
  facts["side"] = to_text(side);
  append_event(connection, log, "conflict_rule", facts, author);
  return rule;
}

Result<void> remove_rule(Connection& connection, ChangeLog& log, Role role, std::string_view kind,
                         std::string_view field, const Author& author) {
  SKERRY_TRY_VOID(must_be_central(role));
  const Kind* known = find_kind(kind);
  if (!known || !find_rule(connection, *known, field))
    return fail(Errc::not_found, fmt::format("there is no rule for {} of {}", field, kind),
                "skerry conflict rule list");
  connection.execute("DELETE FROM conflict_rule WHERE kind=?1 AND field=?2", known->name, field);
  append_event(connection, log, "conflict_rule_removed", facts_of(*known, field), author);
  return {};
}

std::int64_t apply_rules(Connection& connection, ChangeLog& log, Random& random,
                         std::int64_t after_n) {
  static const Author by_rule{"rule", "sync", {}};
  std::int64_t decided = 0;
  for (const Conflict& conflict : open_behind(connection, after_n)) {
    // One whose decision was taken back is a person's.
    const auto rule = conflict.type == ConflictType::concurrent && conflict.resolution.empty()
                          ? find_rule(connection, *conflict.kind, conflict.field)
                          : std::nullopt;
    const auto choice = rule ? choice_of(rule->side, conflict) : std::nullopt;
    // A value that breaks a rule of the kind by now is not written; a person has to look at it.
    if (choice &&
        resolve_conflict(connection, log, Role::central, random, conflict.id, *choice, by_rule))
      ++decided;
  }
  return decided;
}

}  // namespace skerry::store
