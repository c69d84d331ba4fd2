// The desk's port to the catalogue, as the records of this machine have it.
#pragma once

#include "licensing/seat_desk.hpp"

namespace skerry::licensing {

class CatalogueAllowances final : public AllowanceSource {
 public:
  std::vector<Allowance> by_code(store::Connection& connection, const Hash& digest,
                                 UnixMillis now) override;
  std::vector<Allowance> by_customers(store::Connection& connection,
                                      std::span<const RecordId> customers, UnixMillis now) override;
  std::optional<Allowance> by_id(store::Connection& connection, const RecordId& entitlement,
                                 UnixMillis now) override;
};

}  // namespace skerry::licensing
