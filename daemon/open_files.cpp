#include "daemon/open_files.hpp"

#include <algorithm>

#include "core/log.hpp"

namespace skerry::daemon {
namespace {

// The database three times for each reader, event loops, imports that wait, connections refused and
// those of the administrator.
constexpr rlim_t own_files = 512;
constexpr rlim_t files_per_connection = 2;

}  // namespace

OpenFiles plan_open_files(const rlimit& now, std::size_t connections) {
  const rlim_t wanted = own_files + files_per_connection * connections;
  OpenFiles plan{std::max(now.rlim_cur, std::min(wanted, now.rlim_max)), connections};
  if (plan.soft_limit >= wanted) return plan;
  const rlim_t left = plan.soft_limit > own_files ? plan.soft_limit - own_files : 0;
  plan.connections = std::max<std::size_t>(1, left / files_per_connection);
  return plan;
}

std::size_t make_room_for(std::size_t connections) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return connections;
  OpenFiles plan = plan_open_files(limit, connections);
  const rlimit raised{plan.soft_limit, limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) != 0)
    plan = plan_open_files({limit.rlim_cur, limit.rlim_cur}, connections);
  if (plan.connections < connections)
    log(Level::warning,
        "{} connections at most instead of {}: the limit of open files is {}; set LimitNOFILE={} "
        "in the unit, or a lower limits.connections_max",
        plan.connections, connections, plan.soft_limit,
        own_files + files_per_connection * connections);
  return plan.connections;
}

}  // namespace skerry::daemon
