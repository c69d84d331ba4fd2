// token create, list, revoke.
#include "daemon/commands/commands.hpp"

namespace skerry::daemon {
namespace {

std::string access_of(const json::object& token) {
  std::string text;
  if (const json::value* list = token.if_contains("access"); list && list->is_array())
    for (const json::value& one : list->get_array()) {
      if (!one.is_string()) continue;
      if (!text.empty()) text += ',';
      text += std::string_view(one.get_string());
    }
  return text;
}

}  // namespace

Result<Exit> run_token_create(Session& session, const NewToken& token) {
  json::object body{{"name", token.name}};
  json::array access;
  for (const std::string& one : token.access) access.emplace_back(one);
  body["access"] = std::move(access);
  if (!token.customers.empty())
    body["customers"] = json::array(token.customers.begin(), token.customers.end());
  if (!token.expires_at.empty()) body["expires_at"] = token.expires_at;
  SKERRY_TRY(const auto answer, session.daemon.post("/v1/tokens", body));
  session.terminal.document(answer);
  if (!answer.contains("token")) {  // a dry run gives none
    session.terminal.line("token {} would be made; it may {}", token.name, access_of(answer));
    return Exit::ok;
  }
  session.terminal.line("{}", string_of(answer, "token"));
  session.terminal.talk("token {} may {}; it is shown this once, keep it now",
                        string_of(answer, "id"), access_of(answer));
  return Exit::ok;
}

Result<Exit> run_token_list(Session& session) {
  SKERRY_TRY(const auto answer, session.daemon.get_object("/v1/tokens"));
  for (const json::object* token : objects_of(answer, "items")) {
    session.terminal.document(*token);
    const bool revoked = !string_of(*token, "revoked_at").empty();
    session.terminal.line("{}  {:<20} {}{}", string_of(*token, "id"), string_of(*token, "name"),
                          access_of(*token), revoked ? " (revoked)" : "");
  }
  return Exit::ok;
}

Result<Exit> run_token_revoke(Session& session, const std::string& id) {
  SKERRY_TRY_VOID(session.daemon.remove("/v1/tokens/" + percent_encoded(id)));
  const bool dry_run = session.daemon.is_dry_run();
  session.terminal.document({{"id", id}, {"revoked", !dry_run}});
  session.terminal.line("token {} {} revoked", id, dry_run ? "would be" : "is");
  return Exit::ok;
}

}  // namespace skerry::daemon
