// What a machine does by itself to stay sound: backups on time, a certificate that counts, and at a
// site no log without end.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "api/context.hpp"
#include "daemon/patience.hpp"
#include "daemon/tls_office.hpp"

namespace skerry::daemon {

// A thread "skerry-upkeep" that keeps the time; the work runs where the same work runs when it is
// asked for. Ends with the patience, which outlives it.
class Upkeep {
 public:
  // `keep_days`: a site forgets changes so old that are durable; 0: none. `tls` null: there is no
  // certificate to renew.
  Upkeep(const api::Context& context, Patience& patience, std::int64_t keep_days, TlsOffice* tls);
  ~Upkeep();
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

 private:
  void run();
  void back_up_if_due();
  void prune_if_due();
  void renew_certificate_if_due();

  const api::Context& context_;
  Patience& patience_;
  const std::int64_t keep_days_;
  TlsOffice* const tls_;
  std::optional<std::chrono::steady_clock::time_point> pruned_at_;
  std::string certificate_trouble_;  // that the log tells of already
  std::thread thread_;
};

}  // namespace skerry::daemon
