// Who this machine is: written once by `skerry init`, completed by enrolment.
#pragma once

#include <optional>
#include <string>

#include "core/ids.hpp"
#include "core/role.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

struct Identity {
  Role role = Role::site;
  SiteId id;         // a site's is central's to give: zero until it is enrolled
  std::string name;  // for people
  bool operator==(const Identity&) const = default;
};

// nullopt in a database that was never initialised.
std::optional<Identity> read_identity(Connection& connection);
void write_identity(Connection& connection, const Identity& identity);

// Small settings that belong to the database (table meta).
std::optional<std::string> read_meta(Connection& connection, std::string_view key);
void write_meta(Connection& connection, std::string_view key, std::string_view value);

}  // namespace skerry::store
