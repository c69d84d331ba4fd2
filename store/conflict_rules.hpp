// Who wins the next conflict over a field, when a person has said so once and for all. Rules live
// at central, which decides; sites learn the decision, not the rule. A field without a rule stays a
// person's to decide.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/resolve_conflict.hpp"

namespace skerry::store {

// Whose value it is.
enum class Side { central, site };
std::string_view to_text(Side side);
std::optional<Side> parse_side(std::string_view text);

struct ConflictRule {
  const Kind* kind = nullptr;
  std::string field;
  Side side = Side::central;
  std::string made_by;
  UnixMillis made_at = 0;
};
json::object to_json(const ConflictRule& rule);

// Which of the two values is this side's; nullopt when both are, or neither: of two sites none is
// "the site", and a rule decides nothing between them.
std::optional<ConflictChoice> choice_of(Side side, const Conflict& conflict);
// Of a value that was chosen; nullopt as above.
std::optional<Side> side_of(ConflictChoice choice, const Conflict& conflict);

// Ordered by kind and field.
std::vector<ConflictRule> list_rules(Connection& connection);
std::optional<ConflictRule> find_rule(Connection& connection, const Kind& kind,
                                      std::string_view field);

// Part of a write job. In the log as an event. Replaces the field's rule. Errors: wrong_role;
// validation_failed for a field that two sides cannot write (/kind, /field).
Result<ConflictRule> set_rule(Connection& connection, ChangeLog& log, Role role,
                              std::string_view kind, std::string_view field, Side side,
                              const Author& author);
// Errors: wrong_role, not_found.
Result<void> remove_rule(Connection& connection, ChangeLog& log, Role role, std::string_view kind,
                         std::string_view field, const Author& author);

// Part of the job that took a bundle in, at central: decides what is open of the conflicts that
// arose behind row `after_n` of its log, where a rule says how. What a rule cannot decide stays
// open. Gives how many were decided.
std::int64_t apply_rules(Connection& connection, ChangeLog& log, Random& random,
                         std::int64_t after_n);

}  // namespace skerry::store
