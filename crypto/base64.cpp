#include "crypto/base64.hpp"

#include <algorithm>

namespace skerry::crypto {

// The two alphabets differ in their last two digits only; core has the strict decoder.

std::string to_base64(ByteView bytes) {
  std::string text = to_base64url(bytes);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.find_first_of("-_") != std::string_view::npos) return std::nullopt;
  std::string url(text);
  std::ranges::replace(url, '+', '-');
  std::ranges::replace(url, '/', '_');
  return from_base64url(url);
}

}  // namespace skerry::crypto
