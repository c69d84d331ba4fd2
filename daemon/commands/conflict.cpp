// conflict list, show, resolve.
#include "core/json_text.hpp"
#include "daemon/commands/commands.hpp"

namespace skerry::daemon {
namespace {

std::string value_text(const json::object& side) {
  const json::value* value = side.if_contains("value");
  return value == nullptr ? "null" : to_json_text(*value);
}

std::string place(const json::object& conflict) {
  const std::string field = text_of(conflict, "field");
  return fmt::format("{} {}{}{}", text_of(conflict, "kind"), text_of(conflict, "record"),
                     field.empty() ? "" : ", field ", field);
}

void show_side(Terminal& terminal, std::string_view which, const json::object& side) {
  const std::string author = text_of(side, "author");
  const std::string wall = text_of(side, "wall");
  terminal.line("{:<8}{}{}{}{}{}", which, value_text(side), author.empty() ? "" : "  by ", author,
                wall.empty() ? "" : " at ", wall);
}

std::string target_of(const std::string& id) { return "/v1/conflicts/" + percent_encoded(id); }

}  // namespace

Result<Exit> run_conflict_list(Session& session, bool all, std::int64_t limit) {
  const std::string target = all ? "/v1/conflicts" : "/v1/conflicts?state=open";
  SKERRY_TRY(const auto items, session.daemon.list(target, limit));
  for (const json::value& item : items) {
    const json::object* conflict = item.if_object();
    if (conflict == nullptr) continue;
    session.terminal.document(*conflict);
    session.terminal.line("{}  {:<16} {}: {} over {}", text_of(*conflict, "id"),
                          text_of(*conflict, "type"), place(*conflict),
                          value_text(object_of(*conflict, "winner")),
                          value_text(object_of(*conflict, "loser")));
  }
  if (items.empty())
    session.terminal.line("no conflict is open");
  else
    session.terminal.next("skerry conflict show ID");
  return Exit::ok;
}

Result<Exit> run_conflict_show(Session& session, const std::string& id) {
  SKERRY_TRY(const auto conflict, session.daemon.get_object(target_of(id)));
  Terminal& terminal = session.terminal;
  terminal.document(conflict);
  terminal.line("{}: {}", text_of(conflict, "type"), place(conflict));
  show_side(terminal, "winner", object_of(conflict, "winner"));
  show_side(terminal, "loser", object_of(conflict, "loser"));
  if (const std::string by = text_of(conflict, "decided_by"); !by.empty())
    terminal.line("decided by {}", by);
  else
    terminal.next(fmt::format("skerry conflict resolve {} --choose winner|loser", id));
  return Exit::ok;
}

Result<Exit> run_conflict_resolve(Session& session, const Resolution& resolution) {
  if (resolution.choose.empty() == resolution.value.empty())
    return fail(Errc::usage, "give either --choose winner|loser or --value JSON",
                fmt::format("skerry conflict show {}", resolution.id));
  json::object body;
  if (!resolution.choose.empty()) {
    body["choose"] = resolution.choose;
  } else {
    auto value = parse_json(resolution.value, {.fractions = true});
    if (!value)
      return fail(Errc::usage, fmt::format("--value is not JSON: {}", value.error().detail),
                  "a text stands in double quotes: --value '\"New name\"'");
    body["value"] = std::move(*value);
  }
  SKERRY_TRY(const auto conflict, session.daemon.post(target_of(resolution.id) + ":resolve", body));
  session.terminal.document(conflict);
  session.terminal.line("decided: {}", place(conflict));
  session.terminal.next("the decision travels with the next exchange");
  return Exit::ok;
}

}  // namespace skerry::daemon
