// What is done to entitlements and orders beside editing: renewal, beginning, activation codes,
// everything of an order at once. Each is part of a write job's transaction, at central.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/write_records.hpp"

namespace skerry::licensing {

struct Acting {
  store::Connection& connection;
  store::RecordWriter& writer;
  const store::Author& author;
  Random& random;
  UnixMillis now;
};

// One period more: from the expiry on while the entitlement lasts or is in its grace, from now on
// when it ended. The maintenance likewise. Errors: not_found, precondition_failed, and
// validation_failed for what has no duration or has not begun.
Result<store::Record> renew(const Acting& acting, const RecordId& entitlement,
                            std::optional<std::int64_t> revision);

// It begins now, unless it began already. Errors: not_found, precondition_failed.
Result<store::Record> start(const Acting& acting, const RecordId& entitlement,
                            std::optional<std::int64_t> revision);

// Takes an allocation back without its site's word, for the reason of `acting.author`: what the
// site may still use is disputed until the end it knows, and can be given elsewhere at once.
// Errors: not_found, precondition_failed; bad_request without a reason; validation_failed when the
// site may use nothing any more.
Result<store::Record> reclaim(const Acting& acting, const RecordId& allocation,
                              std::optional<std::int64_t> revision);

// Fewer seats than sites and this machine use, for the reason of `acting.author`: the newest
// allocations are cut until they fit, and what they lose is disputed as by reclaim(); a seat of
// this machine that is one too many ends at its next refresh. Errors: not_found,
// precondition_failed; bad_request without a reason; validation_failed for a number that is not
// less.
Result<store::Record> reduce(const Acting& acting, const RecordId& entitlement, std::int64_t seats,
                             std::optional<std::int64_t> revision);

inline constexpr std::size_t order_lines_max = 100;

// Entitlements of the order's customer, one for each SKU, in that order. Errors: not_found;
// validation_failed with a complaint under /skus/N for each that no offering has.
Result<std::vector<store::Record>> entitle(const Acting& acting, const RecordId& order,
                                           const std::vector<std::string>& skus);

struct NewCode {
  store::Record record;
  std::string code;  // as it is to be shown, once
};
inline constexpr std::size_t codes_max = 100;

// Gives an order activation codes: the `own` ones, which stand as they are typed, or `count` that
// are made. Errors: not_found; validation_failed under /codes/N for what is no code; duplicate_key
// for one that is taken, by whatever order.
Result<std::vector<NewCode>> add_codes(const Acting& acting, const RecordId& order,
                                       const std::vector<std::string>& own, std::size_t count);

}  // namespace skerry::licensing
