// status, doctor, digest: the machine itself.
#include <algorithm>

#include "core/json_text.hpp"
#include "daemon/commands/commands.hpp"

namespace skerry::daemon {

std::string string_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t integer_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return 0;
  if (value->is_int64()) return value->get_int64();
  return value->is_uint64() ? static_cast<std::int64_t>(value->get_uint64()) : 0;
}

const json::object& object_of(const json::object& object, std::string_view name) {
  static const json::object empty;
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : empty;
}

std::vector<const json::object*> objects_of(const json::object& object, std::string_view name) {
  std::vector<const json::object*> found;
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return found;
  for (const json::value& one : value->get_array())
    if (const json::object* element = one.if_object()) found.push_back(element);
  return found;
}

std::string listed(const json::object& object, std::string_view name) {
  std::string text;
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return text;
  for (const json::value& one : value->get_array())
    if (const json::string* word = one.if_string())
      text.append(text.empty() ? "" : ", ").append(std::string_view(*word));
  return text;
}

namespace {

void show_untaken(Terminal& terminal, const json::object& counts) {
  const std::int64_t held = integer_of(counts, "held_rows");
  const std::int64_t rejected = integer_of(counts, "rejected_rows");
  if (held + rejected > 0) terminal.line("not taken   {} held, {} rejected", held, rejected);
}

void show_exchange(Terminal& terminal, const json::object& status) {
  if (const json::value* upstream = status.if_contains("upstream"); upstream != nullptr) {
    if (const json::object* at = upstream->if_object()) {
      const std::string contact = string_of(*at, "contact_at");
      terminal.line("central     confirmed up to row {}; last heard of {}",
                    integer_of(*at, "acked"), contact.empty() ? "never" : contact);
    } else {
      terminal.line("central     none yet");
    }
    const std::string oldest = string_of(status, "oldest_pending_at");
    if (const json::object* at = upstream->if_object()) show_untaken(terminal, *at);
    terminal.line("unconfirmed {}{}{}", counted(integer_of(status, "pending"), "change"),
                  oldest.empty() ? "" : ", the oldest of ", oldest);
  }
  if (status.contains("sites")) {
    const json::object& sites = object_of(status, "sites");
    terminal.line("sites       {} active of {}", integer_of(sites, "active"),
                  integer_of(sites, "total"));
    show_untaken(terminal, sites);
  }
  for (const json::object* lost : objects_of(status, "lost_ranges"))
    terminal.line("lost        rows {} to {} of epoch {}: skerry doctor",
                  integer_of(*lost, "first"), integer_of(*lost, "last"), string_of(*lost, "epoch"));
}

std::string record_counts(const json::object& records) {
  std::string text;
  for (const auto& [kind, count] : records)
    text += fmt::format("{}{}", text.empty() ? "" : ", ",
                        counted(count.is_int64() ? count.get_int64() : 0, std::string(kind)));
  return text;
}

}  // namespace

Result<Exit> run_status(Session& session) {
  SKERRY_TRY(const auto status, session.daemon.get_object("/v1/status"));
  Terminal& terminal = session.terminal;
  terminal.document(status);
  const std::string id = string_of(status, "id");
  terminal.line("{} \"{}\"{}{}", string_of(status, "role"), string_of(status, "name"),
                id.empty() ? "" : " ", id);
  terminal.line("version     {}, schema {}, migration {}, up for {} s",
                string_of(status, "version"), integer_of(status, "schema"),
                integer_of(status, "migration"), integer_of(status, "uptime_seconds"));
  terminal.line("sign key    {}", string_of(status, "sign_key"));
  terminal.line("records     {}", record_counts(object_of(status, "records")));
  const json::object& log = object_of(status, "log");
  const std::int64_t pruned = integer_of(log, "pruned");
  terminal.line("log         {}{}", counted(integer_of(log, "n") - pruned, "row"),
                pruned == 0 ? ""
                            : fmt::format(", and {} pruned, {} of them this machine's own", pruned,
                                          integer_of(log, "pruned_own")));
  show_exchange(terminal, status);
  const json::object& backup = object_of(status, "backup");
  const std::string good = string_of(backup, "last_good_at");
  terminal.line("backup      {}",
                good.empty() ? "none" : fmt::format("the last good one of {}", good));
  terminal.line("conflicts   {} open", integer_of(status, "conflicts_open"));
  terminal.line("disk        {} used, {} free",
                sized(static_cast<std::uint64_t>(integer_of(status, "database_bytes"))),
                sized(static_cast<std::uint64_t>(integer_of(status, "free_bytes"))));
  bool attention = false;
  if (const json::value* list = status.if_contains("attention"); list && list->is_array())
    for (const json::value& one : list->get_array()) {
      attention = true;
      if (one.is_string()) terminal.line("attention   {}", std::string_view(one.get_string()));
    }
  if (integer_of(status, "conflicts_open") > 0) return Exit::conflicts;
  return attention ? Exit::attention : Exit::ok;
}

Result<Exit> run_doctor(Session& session) {
  SKERRY_TRY(const auto answer, session.daemon.get_object("/v1/doctor"));
  session.terminal.document(answer);
  bool healthy = true;
  std::string first_step;
  for (const json::object* finding : objects_of(answer, "findings")) {
    const std::string severity = string_of(*finding, "severity");
    const std::string next = string_of(*finding, "next");
    session.terminal.line("{:<8}{}: {}", severity, string_of(*finding, "subject"),
                          string_of(*finding, "detail"));
    if (severity == "ok") continue;
    healthy = false;
    if (!next.empty()) session.terminal.line("        {}", next);
    if (first_step.empty()) first_step = next;
  }
  session.terminal.next(first_step);
  return healthy ? Exit::ok : Exit::attention;
}

Result<Exit> run_digest(Session& session, const std::string& site) {
  const std::string target = "/v1/digest" + Query().add_if("site", site).text();
  SKERRY_TRY(const auto answer, session.daemon.get_object(target));
  session.terminal.document(answer);
  session.terminal.line("{}  {}", string_of(answer, "digest"),
                        counted(integer_of(answer, "records"), "record"));
  return Exit::ok;
}

}  // namespace skerry::daemon
