// The roles that people have here, each with the rights that it gives.
#pragma once

#include <span>
#include <string_view>

#include "api/http_types.hpp"

namespace skerry::api {

struct RoleRow {
  std::string_view name;
  std::span<const Access> rights;
  std::string_view doc;
};

// admin, operator, mover, viewer, auditor, application.
std::span<const RoleRow> all_roles();
// nullptr: there is no such role.
const RoleRow* find_role(std::string_view name);
// "admin, operator, …"
const std::string& role_names();

// What a user with this role may do; nothing beyond Access::any for a role that is none.
void grant_role(Principal& principal, std::string_view name);

}  // namespace skerry::api
