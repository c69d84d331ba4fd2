// Every limit of the HTTP server in one place (docs/design: API "Limits"). Tests lower them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace skerry::api {

using std::chrono::milliseconds;

struct Limits {
  std::size_t header_bytes_max = 16 * 1024;           // request line and headers: 431
  std::size_t body_bytes_max = 1024 * 1024;           // 413
  std::uint64_t upload_bytes_max = 512ull << 20;      // Body::spool: 413
  std::uint64_t open_upload_bytes_max = 32ull << 20;  // of strangers, who bring one bundle: 413
  std::size_t connections_max = 1024;                 // further ones: 503 and closed
  std::size_t administrator_connections = 16;         // beyond them, over the Unix socket only
  std::size_t target_segments_max = 16;               // of a path: 404
  std::size_t query_parameters_max = 64;              // 400

  milliseconds header_time{10'000};  // first byte of a request to the end of its header: 408
  milliseconds idle_time{60'000};    // between requests of one connection: closed
  std::uint64_t body_bytes_per_second_min = 1024;  // 408 below it, after…
  milliseconds body_grace{10'000};  // …this much credit, which a fast start cannot enlarge
  milliseconds write_time{30'000};  // for each piece of at most 64 KiB of an answer: closed
  milliseconds linger_time{2'000};  // reading on after a refusal, so that the client sees it
  milliseconds stream_comment_every{15'000};  // keep-alive of an event stream
  milliseconds sweep_every{250};              // how exactly the times above are kept

  std::uint32_t failed_tokens_per_second_max = 10;  // per address: 429
  std::size_t failed_token_addresses_max = 4096;    // remembered at once
};

}  // namespace skerry::api
