#include "sync/line_reader.hpp"

#include <fmt/format.h>

#include "sync/bundle_limits.hpp"

namespace skerry::sync {

Result<void> LineReader::write(ByteView bytes) {
  std::string_view text = as_text(bytes);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return keep(text);
    if (rest_.empty()) {
      SKERRY_TRY_VOID(pass(text.substr(0, end)));
    } else {
      SKERRY_TRY_VOID(keep(text.substr(0, end)));
      SKERRY_TRY_VOID(pass(rest_));
      rest_.clear();
    }
    text.remove_prefix(end + 1);
  }
  return {};
}

Result<void> LineReader::finish() {
  if (!rest_.empty())
    return fail(Errc::corrupt_bundle, fmt::format("line {} has no newline", lines_ + 1));
  return {};
}

Result<void> LineReader::pass(std::string_view line) {
  if (lines_ == limits_.lines_max)
    return fail(Errc::limit_exceeded, fmt::format("more than {} lines", limits_.lines_max));
  ++lines_;
  if (line.empty() && !limits_.empty_lines)
    return fail(Errc::corrupt_bundle, fmt::format("line {} is empty", lines_));
  if (line.size() > limits_.line_bytes_max)
    return fail(Errc::limit_exceeded,
                fmt::format("line {} is longer than {} bytes", lines_, limits_.line_bytes_max));
  return on_line_(line, lines_);
}

Result<void> LineReader::keep(std::string_view part) {
  if (part.size() > limits_.line_bytes_max - rest_.size())
    return fail(Errc::limit_exceeded,
                fmt::format("line {} is longer than {} bytes", lines_ + 1, limits_.line_bytes_max));
  rest_ += part;
  return {};
}

Result<json::object> parse_payload_line(std::string_view line, std::uint64_t number) {
  Result<json::object> parsed = parse_json_object(line, JsonLimits{json_depth_max});
  if (!parsed)
    return fail(Errc::corrupt_bundle, fmt::format("line {}: {}", number, parsed.error().detail));
  return parsed;
}

}  // namespace skerry::sync
