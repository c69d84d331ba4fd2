// What setup and the user commands do (daemon/cli/users.cpp).
#pragma once

#include "daemon/commands/commands.hpp"

namespace skerry::daemon {

// Empty members: as they are, or as is usual.
struct UserWish {
  std::string name;
  std::string role;
  std::vector<std::string> customers;
  std::string expires_at;
  bool all_customers = false;
  bool no_expiry = false;
};

// Errc::already_exists once somebody has chosen an administrator's password: reset it instead.
// `password_file`: its first line becomes the password at once, "-" being stdin; empty: the
// one-time code is shown.
Result<Exit> run_setup(Session& session, const std::string& name, const std::string& password_file);
Result<Exit> run_user_create(Session& session, const UserWish& wish);
Result<Exit> run_user_list(Session& session);
Result<Exit> run_user_set(Session& session, const UserWish& wish);
Result<Exit> run_user_disable(Session& session, const std::string& user);
Result<Exit> run_user_enable(Session& session, const std::string& user);
Result<Exit> run_user_reset(Session& session, const std::string& user);
Result<Exit> run_session_list(Session& session);
Result<Exit> run_session_revoke(Session& session, const std::string& id);

}  // namespace skerry::daemon
