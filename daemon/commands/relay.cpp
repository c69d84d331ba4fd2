// relay add, list, remove.
#include "crypto/file.hpp"
#include "daemon/commands/commands.hpp"
#include "licensing/keygen_file.hpp"

namespace skerry::daemon {
namespace {

constexpr std::size_t key_bytes_max = 4096;

std::string told(const json::object& licence) {
  const std::string expires = string_of(licence, "expires_at");
  const json::value* const expired = licence.if_contains("expired");
  const std::string pool = string_of(licence, "pool");
  return fmt::format("{}  {:<12} {} of {} in use  {}{}", string_of(licence, "licence"),
                     pool.empty() ? "-" : pool, integer_of(licence, "in_use"),
                     integer_of(licence, "seats"),
                     expires.empty() ? "for good" : "until " + expires,
                     expired && *expired == json::value(true) ? ", which is over" : "");
}

}  // namespace

Result<Exit> run_relay_add(Session& session, const RelayFile& wish) {
  json::object body{{"public_key", wish.public_key}, {"seats", wish.seats}};
  SKERRY_TRY(
      const auto file,
      crypto::read_small_file(wish.file, licensing::keygen_file_bytes_max).map_error(as_input));
  body["file"] = as_text(file);
  if (!wish.key_file.empty()) {
    SKERRY_TRY(body["key"], read_secret_line(wish.key_file, key_bytes_max));
  }
  if (!wish.pool.empty()) body["pool"] = wish.pool;
  SKERRY_TRY(const auto answer, session.daemon.post("/v1/relay-licences", body));
  session.terminal.document(answer);
  session.terminal.line("{}{}", session.daemon.is_dry_run() ? "would be loaded: " : "",
                        told(answer));
  return Exit::ok;
}

Result<Exit> run_relay_list(Session& session, const std::string& pool) {
  SKERRY_TRY(const auto answer,
             session.daemon.get_object("/v1/relay-licences" + Query().add_if("pool", pool).text()));
  const auto licences = objects_of(answer, "items");
  for (const json::object* licence : licences) {
    session.terminal.document(*licence);
    session.terminal.line("{}", told(*licence));
    const std::string nodes = listed(*licence, "nodes");
    if (!nodes.empty()) session.terminal.line("  nodes: {}", Terminal::name(nodes));
  }
  if (licences.empty())
    session.terminal.line("{}", pool.empty() ? "no licence file is loaded"
                                             : "no licence file is in the pool " + pool);
  return Exit::ok;
}

Result<Exit> run_relay_remove(Session& session, const std::string& licence) {
  SKERRY_TRY_VOID(session.daemon.remove("/v1/relay-licences/" + percent_encoded(licence)));
  const bool dry_run = session.daemon.is_dry_run();
  session.terminal.document({{"licence", licence}, {"removed", !dry_run}});
  session.terminal.line("licence {} {} handed out no more", licence, dry_run ? "would be" : "is");
  return Exit::ok;
}

}  // namespace skerry::daemon
