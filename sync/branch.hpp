// At central: which rows of a site the writer of one of its epochs had before it. A machine that
// was put back, and each of two copies, goes on without the rows behind the point where it parted:
// what one branch wrote, the other never saw (SYNC H2, H3).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/strict_json.hpp"
#include "core/version.hpp"
#include "store/sites.hpp"

namespace skerry::sync {

// The line of central's log at that place, as JSON; nullopt when there is none.
std::optional<json::object> parsed_line(store::Connection& connection, std::int64_t n);

class Branch {
 public:
  // Of the epoch with this number, one of the site's; both must outlive it.
  Branch(store::Connection& connection, const store::Site& site, std::int64_t epoch)
      : connection_(connection), site_(site), epoch_(epoch) {}

  // Whether the row of the site that made this version, or the same row issued again, is of the
  // epoch or of its past. Asked for rows that were decided before the one at hand, those of its own
  // transaction among them.
  bool holds(Version version);

 private:
  // A row of the site; of the past, the last one of its epoch that is of it.
  struct Place {
    std::int64_t epoch = 0;  // its number
    std::int64_t seq = 0;
  };
  bool is_of_this_transaction(std::int64_t n);
  void follow_back();
  std::optional<Place> parent_of(std::int64_t epoch);
  std::optional<Place> place_of(std::int64_t n);
  std::optional<std::int64_t> epoch_number(const json::value& id);
  bool is_on(const Place& row) const;

  store::Connection& connection_;
  const store::Site& site_;
  std::int64_t epoch_;
  std::vector<Place> past_;
  bool known_ = false;   // `past_` is
  bool single_ = false;  // the site has no other epoch
};

}  // namespace skerry::sync
