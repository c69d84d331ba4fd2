// conflict list, show, resolve, undo; conflict rule list, add, remove; lost list, acknowledge.
#include <cstdlib>

#include "core/hlc.hpp"
#include "core/json_text.hpp"
#include "core/timestamp.hpp"
#include "daemon/commands/commands.hpp"

namespace skerry::daemon {
namespace {

std::string value_text(const json::object& side) {
  if (side.empty()) return "what is here";  // of a record that the site does not see
  const json::value* value = side.if_contains("value");
  if (side.contains("deleted")) return "deleted";
  if (const std::string referrer = string_of(side, "referrer"); !referrer.empty())
    return "in use by " + referrer;
  return value == nullptr ? "null" : to_json_text(*value);
}

std::string place(const json::object& conflict) {
  const std::string field = string_of(conflict, "field");
  return fmt::format("{} {}{}{}", string_of(conflict, "kind"), string_of(conflict, "record"),
                     field.empty() ? "" : ", field ", field);
}

// Who wrote it, where and when: "uid:0 at central, 2026-03-02T10:11:12.000Z".
std::string author_text(const json::object& side) {
  const json::object author = object_of(side, "author");
  const std::string by = string_of(author, "by");
  const std::string site = string_of(author, "site");
  std::string when = string_of(side, "wall");
  if (when.empty()) when = string_of(side, "effective");
  return fmt::format("{}{}{}{}{}", by, by.empty() ? "" : " at ", site, when.empty() ? "" : ", ",
                     when);
}

// "(uid:0 at central, 2026-03-02T10:11:12.000Z)", with a blank before it, or nothing.
std::string author_note(const json::object& side) {
  const std::string author = author_text(side);
  return author.empty() ? "" : fmt::format(" ({})", author);
}

// Of a key that two records hold: which of them.
std::string holder_text(const json::object& conflict, std::string_view id, std::string_view label) {
  const std::string record = string_of(conflict, id);
  if (string_of(conflict, "other").empty()) return {};
  return fmt::format("  of {} {}", record, string_of(conflict, label));
}

// The version that the writer had before it: "row 17 of central's log".
std::string base_text(const json::object& side) {
  const json::value* base = side.if_contains("base");
  const json::array* version = base == nullptr ? nullptr : base->if_array();
  if (version == nullptr || version->size() != 2) return "the site's own";
  return fmt::format("row {} of central's log", to_json_text((*version)[1]));
}

// How far the writer's clock can be believed; empty where the row does not say.
std::string clock_text(const json::object& side) {
  const auto log = parse_hlc(string_of(side, "hlc"));
  const auto counted_as = parse_timestamp(string_of(side, "effective"));
  if (!log || !counted_as) return {};
  const auto wall = parse_timestamp(string_of(side, "wall"));
  std::string text = "within a second of its log";
  if (wall)
    text = fmt::format("{} s {} its log, which was at {}", std::llabs(*wall - log->ms()) / 1000,
                       *wall < log->ms() ? "behind" : "ahead of", format_timestamp(log->ms()));
  if (*counted_as < log->ms())
    text += fmt::format("; ahead of central, so it counts as of {}", format_timestamp(*counted_as));
  return text;
}

void show_side(Terminal& terminal, std::string_view which, const json::object& side,
               const std::string& holder) {
  const std::string author = author_text(side);
  terminal.line("{:<8}{}{}{}{}", which, value_text(side), holder, author.empty() ? "" : "  by ",
                author);
  if (const json::value* old = side.if_contains("old"))
    terminal.line("  base  {}, {}", to_json_text(*old), base_text(side));
  if (const std::string clock = clock_text(side); !clock.empty())
    terminal.line("  clock {}", clock);
}

std::string target_of(const std::string& id) { return "/v1/conflicts/" + percent_encoded(id); }

// The end of a dry run that was not refused.
Exit tried(Session& session, std::string_view what) {
  session.terminal.line("nothing stands against it: {}", what);
  session.terminal.next("the same without --dry-run");
  return Exit::ok;
}

void show_lost(Terminal& terminal, const json::object& range) {
  const std::string acknowledged = string_of(range, "acknowledged_at");
  terminal.line("rows {} to {} of epoch {}, noticed at {}{}{}", integer_of(range, "first"),
                integer_of(range, "last"), string_of(range, "epoch"),
                string_of(range, "noticed_at"), acknowledged.empty() ? "" : ", acknowledged at ",
                acknowledged);
}

}  // namespace

Result<Exit> run_conflict_list(Session& session, bool all, std::int64_t limit) {
  const std::string target = all ? "/v1/conflicts" : "/v1/conflicts?state=open";
  SKERRY_TRY(const auto items, session.daemon.list(target, limit));
  for (const json::value& item : items) {
    const json::object* conflict = item.if_object();
    if (conflict == nullptr) continue;
    session.terminal.document(*conflict);
    const json::object winner = object_of(*conflict, "winner");
    const json::object loser = object_of(*conflict, "loser");
    session.terminal.line("{}  {:<8} {:<16} {}: {}{}{} over {}{}", string_of(*conflict, "id"),
                          string_of(*conflict, "state"), string_of(*conflict, "type"),
                          place(*conflict), value_text(winner),
                          holder_text(*conflict, "other", "other_label"), author_note(winner),
                          value_text(loser), author_note(loser));
  }
  if (items.empty())
    session.terminal.line("{}", all ? "there was no conflict" : "no conflict is open");
  else
    session.terminal.next("skerry conflict show ID");
  return Exit::ok;
}

Result<Exit> run_conflict_show(Session& session, const std::string& id) {
  SKERRY_TRY(const auto conflict, session.daemon.get_object(target_of(id)));
  Terminal& terminal = session.terminal;
  terminal.document(conflict);
  terminal.line("{}: {}", string_of(conflict, "type"), place(conflict));
  show_side(terminal, "winner", object_of(conflict, "winner"),
            holder_text(conflict, "other", "other_label"));
  show_side(terminal, "loser", object_of(conflict, "loser"),
            holder_text(conflict, "record", "label"));
  if (const std::string by = string_of(conflict, "decided_by"); !by.empty())
    terminal.line("decided by {}", by);
  else
    terminal.next(
        fmt::format("skerry conflict resolve {} --choose winner|loser, or --value JSON", id));
  return Exit::ok;
}

Result<Exit> run_conflict_resolve(Session& session, const Resolution& resolution) {
  if (resolution.choose.empty() == resolution.value.empty())
    return fail(Errc::usage, "give either --choose winner|loser|central|site or --value JSON",
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
  if (resolution.always) body["always"] = true;
  SKERRY_TRY(const auto conflict, session.daemon.post(target_of(resolution.id) + ":resolve", body));
  session.terminal.document(conflict);
  if (session.daemon.is_dry_run()) return tried(session, place(conflict));
  session.terminal.line("decided: {}", place(conflict));
  if (resolution.always) session.terminal.line("and so from now on: skerry conflict rule list");
  session.terminal.next("the decision travels with the next exchange");
  return Exit::ok;
}

Result<Exit> run_conflict_undo(Session& session, const Resolution& taken_back) {
  const std::string& id = taken_back.id;
  SKERRY_TRY(const auto conflict, session.daemon.post_empty(target_of(id) + ":undo"));
  session.terminal.document(conflict);
  if (session.daemon.is_dry_run()) return tried(session, place(conflict));
  session.terminal.line("open again: {}", place(conflict));
  session.terminal.next(fmt::format("skerry conflict show {}", id));
  return Exit::ok;
}

Result<Exit> run_rule_list(Session& session) {
  SKERRY_TRY(const auto answer, session.daemon.get_object("/v1/conflict-rules"));
  const auto rules = objects_of(answer, "items");
  for (const json::object* rule : rules) {
    session.terminal.document(*rule);
    session.terminal.line("{:<12} {:<20} {:<8} by {}, {}", string_of(*rule, "kind"),
                          string_of(*rule, "field"), string_of(*rule, "side"),
                          string_of(*rule, "made_by"), string_of(*rule, "made_at"));
  }
  if (rules.empty()) session.terminal.line("no rule: every conflict is a person's to decide");
  return Exit::ok;
}

Result<Exit> run_rule_add(Session& session, const RuleWish& rule) {
  SKERRY_TRY(const auto made, session.daemon.post("/v1/conflict-rules", {{"kind", rule.kind},
                                                                         {"field", rule.field},
                                                                         {"side", rule.side}}));
  session.terminal.document(made);
  if (session.daemon.is_dry_run())
    return tried(session, fmt::format("{} of {}", rule.field, rule.kind));
  session.terminal.line("{} of {}: the value of {} stands from now on", rule.field, rule.kind,
                        rule.side);
  return Exit::ok;
}

Result<Exit> run_rule_remove(Session& session, const RuleWish& rule) {
  SKERRY_TRY_VOID(session.daemon.remove(fmt::format(
      "/v1/conflict-rules/{}/{}", percent_encoded(rule.kind), percent_encoded(rule.field))));
  session.terminal.document(
      {{"kind", rule.kind}, {"field", rule.field}, {"removed", !session.daemon.is_dry_run()}});
  if (session.daemon.is_dry_run())
    return tried(session, fmt::format("{} of {}", rule.field, rule.kind));
  session.terminal.line("{} of {} is a person's to decide again", rule.field, rule.kind);
  return Exit::ok;
}

Result<Exit> run_lost_list(Session& session) {
  SKERRY_TRY(const auto status, session.daemon.get_object("/v1/status"));
  bool open = false;
  const auto ranges = objects_of(status, "lost_ranges");
  for (const json::object* range : ranges) {
    session.terminal.document(*range);
    show_lost(session.terminal, *range);
    open = open || string_of(*range, "acknowledged_at").empty();
  }
  if (ranges.empty()) session.terminal.line("nothing is lost, as far as this machine knows");
  if (open) session.terminal.next("enter again what people know of them: skerry lost acknowledge");
  return Exit::ok;
}

Result<Exit> run_lost_acknowledge(Session& session) {
  SKERRY_TRY(const auto answer, session.daemon.post_empty("/v1/lost-ranges:acknowledge"));
  session.terminal.document(answer);
  const auto ranges = objects_of(answer, "items");
  for (const json::object* range : ranges) show_lost(session.terminal, *range);
  if (ranges.empty()) session.terminal.line("nothing is lost that was not acknowledged before");
  return Exit::ok;
}

}  // namespace skerry::daemon
