// One hash over everything two machines must agree on, for people and tests to compare.
#pragma once

#include <optional>

#include "store/sites.hpp"

namespace skerry::sync {

struct ScopeDigest {
  Hash sha256{};
  std::int64_t records = 0;
  std::int64_t upto = 0;  // position of central's log it was taken at
};

// SHA-256 over one line for each record, in the order of kind and id:
//   {"t":kind,"id":…,"f":{the non-null fields},"v":{field:[ord,n]}}\n
// At central `site` limits it to that site's scope; nullopt: every record but those that stay
// there. Reads in batches: exact only while nobody writes. A record with pending rows shows what is
// pending, so the digests of two machines are equal only when nothing is.
ScopeDigest digest_records(store::Connection& connection, const std::optional<store::Site>& site);

// At a site: the same over what it holds of central, whatever is pending over it. It is central's
// digest for the site at `upto`, when the site stands there. nullopt: it also holds something
// later, as from pieces of another packing, and cannot be compared.
std::optional<ScopeDigest> digest_of_central(store::Connection& connection, Version upto);

}  // namespace skerry::sync
