#include "api/roles.hpp"

#include <algorithm>

namespace skerry::api {
namespace {

using enum Access;

constexpr Access of_admin[] = {admin, exchange};
constexpr Access of_operator[] = {read, log, write};
constexpr Access of_mover[] = {read, move};
constexpr Access of_viewer[] = {read};
constexpr Access of_auditor[] = {read, log};
constexpr Access of_application[] = {seats};

constexpr RoleRow roles[] = {
    {"admin", of_admin, "everything, and who may do what"},
    {"operator", of_operator, "reads and writes records, and reads the log"},
    {"mover", of_mover, "reads records, and moves assets"},
    {"viewer", of_viewer, "reads records"},
    {"auditor", of_auditor, "reads records and the log"},
    {"application", of_application, "takes seats by the Licensing API, and nothing else"},
};

}  // namespace

std::span<const RoleRow> all_roles() { return roles; }

const RoleRow* find_role(std::string_view name) {
  const auto found = std::ranges::find(roles, name, &RoleRow::name);
  return found == std::end(roles) ? nullptr : found;
}

const std::string& role_names() {
  static const std::string names = [] {
    std::string text;
    for (const RoleRow& role : roles) text.append(text.empty() ? "" : ", ").append(role.name);
    return text;
  }();
  return names;
}

void grant_role(Principal& principal, std::string_view name) {
  const RoleRow* const role = find_role(name);
  if (!role) return;
  principal.role = name;
  for (const Access access : role->rights) principal.grant(access);
}

}  // namespace skerry::api
