// Cuts a stream of bytes into lines, under limits, with memory for one line.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/bytes.hpp"
#include "core/strict_json.hpp"

namespace skerry::sync {

struct LineLimits {
  std::size_t line_bytes_max;
  std::uint64_t lines_max;
  bool empty_lines = false;  // allowed, as in server-sent events
};

// Lines are numbered from 1 and passed without their newline; a line passed is valid during the
// call.
using LineCallback = std::function<Result<void>(std::string_view line, std::uint64_t number)>;

// Errors: Errc::limit_exceeded (a line too long, too many), Errc::corrupt_bundle (an empty line, no
// newline at the end), and whatever the callback returns.
class LineReader final : public ByteSink {
 public:
  LineReader(LineLimits limits, LineCallback on_line)
      : limits_(limits), on_line_(std::move(on_line)) {}

  Result<void> write(ByteView bytes) override;
  Result<void> finish() override;
  std::uint64_t lines() const { return lines_; }

 private:
  Result<void> pass(std::string_view line);
  Result<void> keep(std::string_view part);

  LineLimits limits_;
  LineCallback on_line_;
  std::string rest_;  // the start of a line whose end has not come yet
  std::uint64_t lines_ = 0;
};

// A payload line as the engine reads it: strict JSON, an object, at most json_depth_max deep.
// Errc::corrupt_bundle names the line.
Result<json::object> parse_payload_line(std::string_view line, std::uint64_t number);

}  // namespace skerry::sync
