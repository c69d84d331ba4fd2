// What a recipient found on a medium, left there as a text beside the bundles it is about (SYNC 4.5
// "Receipts"): for people, and for the sender's next look. It is not signed and decides nothing;
// what central took in is said by its bundles.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/timestamp.hpp"

namespace skerry::sync {

// One bundle of the sender's.
struct ReceiptLine {
  std::string name;
  std::string outcome;  // as ImportOutcome has it
  std::string detail;
  std::string next;

  bool operator==(const ReceiptLine&) const = default;
};

inline constexpr const char* receipt_name = "receipt.txt";
inline constexpr std::size_t receipt_bytes_max = 256 * 1024;
inline constexpr std::size_t receipt_lines_max = 1000;  // the last ones

// A line of remarks, then one for each bundle: four fields with tabs between them. Control
// characters become blanks.
std::string format_receipt(std::string_view recipient, UnixMillis at,
                           const std::vector<ReceiptLine>& lines);
// Lines that are none are left out: anybody may have written them.
std::vector<ReceiptLine> parse_receipt(std::string_view text);
// When the recipient looked, by its clock; nullopt when the remarks do not say.
std::optional<UnixMillis> parse_receipt_time(std::string_view text);

}  // namespace skerry::sync
