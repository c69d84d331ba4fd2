// A text as a QR code (ISO/IEC 18004), for machines between which only a camera carries anything.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace skerry::daemon {

// The most that one code holds, at the lowest correction.
inline constexpr std::size_t qr_bytes_max = 2953;

// A text as the texts of codes: itself where one code holds it; otherwise parts that say which they
// are, small enough for a screen and a camera: "2/4:…". Errc::bad_input for a text that is empty or
// larger than qr_parts_max of them, with its size and what to do instead.
inline constexpr std::size_t qr_part_bytes = 1000;
inline constexpr std::size_t qr_parts_max = 99;
Result<std::vector<std::string>> qr_parts(std::string_view text);
// The text of its parts as they were read, one on each line, in any order; anything else is the
// text itself. Errc::bad_input that names the part which is missing, or there twice and different.
Result<std::string> join_qr_parts(std::string_view text);

// Square, without the margin.
struct QrCode {
  std::size_t width = 0;
  std::vector<bool> dark;  // row by row
  bool is_dark(std::size_t x, std::size_t y) const { return dark[y * width + x]; }
};

// With medium correction (15 %) where the text fits, else low (7 %). Errc::bad_input for a text
// over qr_bytes_max.
Result<QrCode> make_qr_code(std::string_view text);

// Each with the margin of four modules that readers need.
std::string qr_text(const QrCode& code);  // half blocks, for a terminal with light text on dark
std::string qr_svg(const QrCode& code);
std::string qr_png(const QrCode& code);  // one bit a pixel

}  // namespace skerry::daemon
