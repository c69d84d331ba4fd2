// audit list, verify; changes.
#include "core/json_text.hpp"
#include "daemon/commands/commands.hpp"

namespace skerry::daemon {
namespace {

void show_change(Terminal& terminal, const json::object& change) {
  terminal.document(change);
  if (terminal.json_output()) return;
  std::string fields;
  for (const auto& [name, value] : object_of(change, "fields")) {
    const json::object* sides = value.if_object();
    const json::value* now = sides != nullptr ? sides->if_contains("new") : &value;
    fields +=
        fmt::format(" {}={}", std::string_view(name), now == nullptr ? "null" : to_json_text(*now));
  }
  terminal.line("{:>6} {} {} {} {} by {} ({}){}", integer_of(change, "n"),
                text_of(change, "recorded_at"), text_of(change, "op"), text_of(change, "kind"),
                text_of(change, "record"), text_of(change, "actor"), text_of(change, "source"),
                fields);
}

}  // namespace

Result<Exit> run_audit_list(Session& session, const AuditFilter& filter) {
  Query query;
  query.add_if("kind", filter.kind).add_if("record", filter.record).add_if("actor", filter.actor);
  query.add_if("source", filter.source).add_if("since", filter.since).add_if("until", filter.until);
  SKERRY_TRY(const auto items, session.daemon.list("/v1/audit" + query.text(), filter.limit));
  for (const json::value& item : items)
    if (const json::object* change = item.if_object()) show_change(session.terminal, *change);
  return Exit::ok;
}

Result<Exit> run_audit_verify(Session& session) {
  SKERRY_TRY(const auto answer, session.daemon.post_empty("/v1/audit:verify"));
  session.terminal.document(answer);
  session.terminal.line("every hash fits: {} in {}", counted(integer_of(answer, "rows"), "row"),
                        counted(integer_of(answer, "logs"), "log"));
  return Exit::ok;
}

Result<Exit> run_changes(Session& session, std::int64_t after, std::int64_t limit, bool follow) {
  if (!follow) {
    const std::string target = fmt::format("/v1/changes?after={}&limit={}", after, limit);
    SKERRY_TRY(const auto answer, session.daemon.get_object(target));
    for (const json::object* change : objects_of(answer, "items"))
      show_change(session.terminal, *change);
    return Exit::ok;
  }
  const auto on_data = [&](std::string_view data, std::uint64_t) -> Result<void> {
    SKERRY_TRY(const auto change, parse_json_object(data, {.fractions = true}));
    show_change(session.terminal, change);
    return {};
  };
  SKERRY_TRY_VOID(session.daemon.events(fmt::format("/v1/changes?after={}", after), on_data));
  return Exit::ok;
}

}  // namespace skerry::daemon
