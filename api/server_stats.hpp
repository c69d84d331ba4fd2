// What a server has done since its start.
#pragma once

#include <cstdint>

namespace skerry::api {

struct ServerStats {
  std::uint64_t requests = 0;             // answered, those with a problem too
  std::uint64_t client_errors = 0;        // 4xx
  std::uint64_t server_errors = 0;        // 5xx
  std::uint64_t connections = 0;          // open now
  std::uint64_t connections_refused = 0;  // over the limit, since the start
};

}  // namespace skerry::api
