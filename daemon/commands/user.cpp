#include "daemon/commands/user.hpp"

#include <algorithm>
#include <iostream>
#include <optional>

#include "core/password_rules.hpp"
#include "core/text.hpp"
#include "crypto/file.hpp"
#include "daemon/folder.hpp"

namespace skerry::daemon {
namespace {

std::string path_of(std::string_view user, std::string_view verb = {}) {
  return "/v1/users/" + percent_encoded(user) + std::string(verb);
}

std::string customers_of(const json::object& user) {
  const json::value* const list = user.if_contains("customers");
  if (!list || !list->is_array()) return "";
  return " for " + counted(static_cast<std::int64_t>(list->get_array().size()), "customer");
}

std::string standing_of(const json::object& user) {
  if (!string_of(user, "disabled_at").empty()) return "disabled";
  if (const auto end = string_of(user, "expires_at"); !end.empty()) return "until " + end;
  if (string_of(user, "password_at").empty()) return "has no password yet";
  return "";
}

json::object body_of(const UserWish& wish) {
  json::object body;
  if (!wish.role.empty()) body["role"] = wish.role;
  if (!wish.customers.empty())
    body["customers"] = json::array(wish.customers.begin(), wish.customers.end());
  if (wish.all_customers) body["customers"] = nullptr;
  if (!wish.expires_at.empty()) body["expires_at"] = wish.expires_at;
  if (wish.no_expiry) body["expires_at"] = nullptr;
  return body;
}

Exit say_user(Session& session, const json::object& user) {
  session.terminal.document(user);
  session.terminal.line("{} is {}{} {}", string_of(user, "name"), string_of(user, "role"),
                        customers_of(user), standing_of(user));
  return Exit::ok;
}

// Where the daemon answers on this machine: a port that it was to choose, its file alone tells.
std::string address_of(const Session& session) {
  const auto told = crypto::read_small_file(DataFolder{session.config.data()}.address(), 256);
  std::string address(told ? as_text(*told) : std::string_view());
  address.erase(address.find_last_not_of('\n') + 1);
  return address.empty() ? session.config.listen_address : address;
}

// `otherwise`: another way to choose the password, or nothing.
Exit say_code(Session& session, json::object user, std::string_view otherwise = {}) {
  if (!user.contains("code")) return say_user(session, user);  // a dry run gives none
  Terminal& terminal = session.terminal;
  const std::string code = string_of(user, "code"), address = address_of(session);
  const std::string link = fmt::format("http://{}/setup?code={}", address, code);
  user["link"] = link;
  terminal.document(user);
  terminal.line("{}", code);
  terminal.line("{}", link);
  terminal.talk("by this code {} chooses a password until {}; it is shown this once",
                string_of(user, "name"), string_of(user, "code_until"));
  terminal.next(fmt::format(
      R"(open the link on this machine, or curl http://{}/v1/session:claim -H 'Content-Type: )"
      R"(application/json' -d @FILE, which has {{"code": …, "password": …}}{})",
      address, otherwise));
  return Exit::ok;
}

// The password as the daemon would judge it (POST /v1/session:claim).
Result<Exit> try_setup(Session& session, const json::object& user,
                       const std::optional<std::string>& password) {
  if (password) {
    SKERRY_TRY(const auto status, session.daemon.get_object("/v1/status"));
    SKERRY_TRY_VOID(check_password(*password, string_of(user, "name"), string_of(status, "name")));
  }
  session.terminal.document(user);
  session.terminal.line("{} would be administrator of this machine{}", string_of(user, "name"),
                        password ? "" : ", with a password that is chosen by a one-time code");
  return Exit::ok;
}

Result<Exit> claim(Session& session, const json::object& user, const std::string& password) {
  SKERRY_TRY_VOID(session.daemon.post("/v1/session:claim",
                                      {{"code", string_of(user, "code")}, {"password", password}}));
  session.terminal.document({{"name", string_of(user, "name")}, {"role", string_of(user, "role")}});
  session.terminal.line("{} is administrator of this machine", string_of(user, "name"));
  return Exit::ok;
}

Result<Exit> run_verb(Session& session, const std::string& user, std::string_view verb) {
  SKERRY_TRY(const auto answer, session.daemon.post_empty(path_of(user, verb)));
  return say_user(session, answer);
}

}  // namespace

Result<std::string> read_secret_line(const std::string& file, std::size_t bytes_max) {
  std::string text;
  if (file == "-") {
    std::getline(std::cin, text);
  } else {
    SKERRY_TRY(const auto secret, crypto::read_secret_file(file, bytes_max).map_error(as_input));
    text = secret.text();
  }
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  return text;
}

Result<Exit> run_setup(Session& session, const std::string& name,
                       const std::string& password_file) {
  std::optional<std::string> password;
  if (!password_file.empty()) {
    SKERRY_TRY(password, read_secret_line(password_file, password_bytes_max + 2));
  }
  SKERRY_TRY(const auto answer, session.daemon.get_object("/v1/users"));
  bool is_there = false;
  for (const json::object* user : objects_of(answer, "items")) {
    if (string_of(*user, "role") == "admin" && !string_of(*user, "password_at").empty())
      return fail(Errc::already_exists,
                  fmt::format("{} is administrator of this machine", string_of(*user, "name")),
                  fmt::format("skerry user reset {}, or skerry user create NAME --role admin",
                              shell_word(string_of(*user, "name"))));
    if (string_of(*user, "name") != name) continue;
    is_there = true;
    const std::string word = shell_word(name);
    if (string_of(*user, "role") != "admin")
      return fail(Errc::already_exists, fmt::format("{} is a user, and no administrator", name),
                  fmt::format("skerry user set {} --role admin, or another name", word));
    if (!string_of(*user, "disabled_at").empty())
      return fail(Errc::already_exists, fmt::format("the administrator {} is disabled", name),
                  "skerry user enable " + word);
  }
  json::object user;
  if (is_there) {
    SKERRY_TRY(user, session.daemon.post_empty(path_of(name, ":reset")));
  } else {
    SKERRY_TRY(user, session.daemon.post("/v1/users", {{"name", name}, {"role", "admin"}}));
  }
  if (session.daemon.is_dry_run()) return try_setup(session, user, password);
  if (!password) return say_code(session, user, "; or at once: skerry setup --password-file FILE");
  return claim(session, user, *password);
}

Result<Exit> run_user_create(Session& session, const UserWish& wish) {
  json::object body = body_of(wish);
  body["name"] = wish.name;
  SKERRY_TRY(const auto answer, session.daemon.post("/v1/users", body));
  return say_code(session, answer);
}

Result<Exit> run_user_list(Session& session) {
  SKERRY_TRY(const auto answer, session.daemon.get_object("/v1/users"));
  for (const json::object* user : objects_of(answer, "items")) {
    session.terminal.document(*user);
    session.terminal.line("{:<24} {:<12}{} {}", string_of(*user, "name"), string_of(*user, "role"),
                          customers_of(*user), standing_of(*user));
  }
  return Exit::ok;
}

Result<Exit> run_user_set(Session& session, const UserWish& wish) {
  const json::object body = body_of(wish);
  if (body.empty())  // it would sign the user out all the same
    return fail(Errc::usage, "nothing is named that is to change", "skerry user set --help");
  SKERRY_TRY(const auto before, session.daemon.get_object(path_of(wish.name)));
  SKERRY_TRY(const auto after,
             session.daemon.patch(path_of(wish.name), body, integer_of(before, "revision")));
  return say_user(session, after);
}

Result<Exit> run_user_disable(Session& session, const std::string& user) {
  return run_verb(session, user, ":disable");
}

Result<Exit> run_user_enable(Session& session, const std::string& user) {
  return run_verb(session, user, ":enable");
}

Result<Exit> run_user_reset(Session& session, const std::string& user) {
  SKERRY_TRY(const auto answer, session.daemon.post_empty(path_of(user, ":reset")));
  return say_code(session, answer);
}

Result<Exit> run_session_list(Session& session) {
  SKERRY_TRY(const auto answer, session.daemon.get_object("/v1/sessions"));
  for (const json::object* begun : objects_of(answer, "items")) {
    session.terminal.document(*begun);
    session.terminal.line("{}  {:<20} from {} since {}, last used {}", string_of(*begun, "id"),
                          string_of(*begun, "user"), string_of(*begun, "from"),
                          string_of(*begun, "began_at"), string_of(*begun, "used_at"));
  }
  return Exit::ok;
}

Result<Exit> run_session_revoke(Session& session, const std::string& id) {
  SKERRY_TRY_VOID(session.daemon.remove("/v1/sessions/" + percent_encoded(id)));
  const bool dry_run = session.daemon.is_dry_run();
  session.terminal.document({{"id", id}, {"ended", !dry_run}});
  session.terminal.line("session {} {}", id, dry_run ? "would end" : "has ended");
  return Exit::ok;
}

}  // namespace skerry::daemon
