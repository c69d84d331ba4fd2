#include "licensing/catalogue_allowances.hpp"

#include "core/check.hpp"

namespace skerry::licensing {
namespace {

store::Identity self(store::Connection& connection) {
  const auto identity = store::read_identity(connection);
  SKERRY_CHECK(identity.has_value());  // serve does not start without one
  return *identity;
}

}  // namespace

std::vector<Allowance> CatalogueAllowances::by_code(store::Connection& connection,
                                                    const Hash& digest, UnixMillis now) {
  return find_allowances(connection, self(connection), digest, now);
}

std::vector<Allowance> CatalogueAllowances::by_customers(store::Connection& connection,
                                                         std::span<const RecordId> customers,
                                                         UnixMillis now) {
  return find_allowances(connection, self(connection), customers, now);
}

std::optional<Allowance> CatalogueAllowances::by_id(store::Connection& connection,
                                                    const RecordId& entitlement, UnixMillis now) {
  return find_allowance(connection, self(connection), entitlement, now);
}

}  // namespace skerry::licensing
