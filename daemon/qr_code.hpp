// A text as a QR code (ISO/IEC 18004), for machines between which only a camera carries anything.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace skerry::daemon {

// The most that one code holds, at the lowest correction.
inline constexpr std::size_t qr_bytes_max = 2953;

// Square, without the margin.
struct QrCode {
  std::size_t width = 0;
  std::vector<bool> dark;  // row by row
  bool is_dark(std::size_t x, std::size_t y) const { return dark[y * width + x]; }
};

// With medium correction (15 %) where the text fits, else low (7 %). Errc::bad_input for a text
// over qr_bytes_max, with its size and what to do instead.
Result<QrCode> make_qr_code(std::string_view text);

// Each with the margin of four modules that readers need.
std::string qr_text(const QrCode& code);  // half blocks, for a terminal with light text on dark
std::string qr_svg(const QrCode& code);
std::string qr_png(const QrCode& code);  // one bit a pixel

}  // namespace skerry::daemon
