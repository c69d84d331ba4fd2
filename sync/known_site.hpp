// Whether an invitation is for a site that central knows.
#pragma once

#include <optional>
#include <string>

#include "core/ids.hpp"
#include "core/kinds/validate.hpp"
#include "store/sites.hpp"

namespace skerry::sync {

// At central: the site of this name, which is not active, to be invited once more; nullopt: none
// has it. With `id` it is that site and no other. Errc::already_exists where an active one has the
// name, or the name and `id` are of two sites.
Result<std::optional<store::Site>> find_known_site(store::Connection& connection,
                                                   const std::string& name,
                                                   const std::optional<SiteId>& id);

// Whether the site's record says what `wanted`, of an invitation, says: Errc::already_exists. A
// renewed invitation leaves it as it is; changing it is another act, with its own place in the log.
Result<void> check_same(store::Connection& connection, const store::Site& site,
                        const FieldValues& wanted);

}  // namespace skerry::sync
