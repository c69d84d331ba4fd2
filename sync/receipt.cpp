#include "sync/receipt.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "core/text.hpp"
#include "sync/bundle_name.hpp"

namespace skerry::sync {
namespace {

constexpr std::size_t fields = 4;
constexpr std::string_view before_time = " looked at this medium at ";

std::string within_a_line(std::string text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::replace_if(text.begin(), text.end(), is_control, ' ');
  return text;
}

// False when the line has not just so many fields.
bool split(std::string_view line, std::array<std::string, fields>& into) {
  for (std::size_t field = 0; field < fields; ++field) {
    const std::size_t end = line.find('\t');
    if ((end == std::string_view::npos) != (field == fields - 1)) return false;
    into[field] = within_a_line(std::string(line.substr(0, end)));
    if (field < fields - 1) line.remove_prefix(end + 1);
  }
  return true;
}

}  // namespace

std::string format_receipt(std::string_view recipient, UnixMillis at,
                           const std::vector<ReceiptLine>& lines) {
  std::string text = fmt::format("# {}{}{}. Not signed: what counts is in its bundles.\n",
                                 recipient, before_time, format_timestamp(at));
  const std::size_t skipped = lines.size() - std::min(lines.size(), receipt_lines_max);
  for (std::size_t i = skipped; i < lines.size(); ++i) {
    const ReceiptLine& line = lines[i];
    text += fmt::format("{}\t{}\t{}\t{}\n", within_a_line(line.outcome), within_a_line(line.name),
                        within_a_line(line.detail), within_a_line(line.next));
  }
  return text;
}

std::vector<ReceiptLine> parse_receipt(std::string_view text) {
  std::vector<ReceiptLine> lines;
  while (!text.empty() && lines.size() < receipt_lines_max) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    std::array<std::string, fields> parts;
    if (line.starts_with('#') || !split(line, parts) || !is_bundle_name(ascii_lower(parts[1])))
      continue;
    lines.push_back(
        {std::move(parts[1]), std::move(parts[0]), std::move(parts[2]), std::move(parts[3])});
  }
  return lines;
}

std::optional<UnixMillis> parse_receipt_time(std::string_view text) {
  const std::string_view remarks = text.substr(0, text.find('\n'));
  const std::size_t at = remarks.find(before_time);
  if (!remarks.starts_with('#') || at == std::string_view::npos) return std::nullopt;
  const std::string_view time = remarks.substr(at + before_time.size());
  return parse_timestamp(time.substr(0, time.find(". ")));
}

}  // namespace skerry::sync
