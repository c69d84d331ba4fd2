#include "crypto/token.hpp"

#include <algorithm>
#include <array>
#include <boost/crc.hpp>

#include "core/check.hpp"
#include "crypto/secret.hpp"
#include "crypto/sha256.hpp"

namespace skerry::crypto {
namespace {

constexpr std::string_view base62_digits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view prefix = "skry_";
constexpr std::size_t kind_letters_max = 16;
constexpr std::size_t secret_digits = 30;   // 178 bits
constexpr std::size_t checksum_digits = 6;  // 62^6 > 2^32

bool is_kind(std::string_view kind) {
  return !kind.empty() && kind.size() <= kind_letters_max &&
         std::ranges::all_of(kind, [](char c) { return c >= 'a' && c <= 'z'; });
}

// CRC-32 of everything before it, so that a mistyped kind is found too.
std::string checksum(std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  std::uint32_t rest = crc.checksum();
  std::string digits(checksum_digits, base62_digits[0]);
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    *digit = base62_digits[rest % 62];
    rest /= 62;
  }
  return digits;
}

void append_random_digits(std::string& text, std::size_t count, Random& random) {
  std::array<std::uint8_t, 48> bytes;
  for (const std::size_t end = text.size() + count; text.size() < end;) {
    random.fill(bytes);
    for (const std::uint8_t byte : bytes) {
      // 248 = 4 * 62: taking the rest of larger values would favour the first digits.
      if (byte < 248 && text.size() < end) text += base62_digits[byte % 62];
    }
  }
  wipe(bytes);
}

}  // namespace

std::string new_token(std::string_view kind, Random& random) {
  SKERRY_CHECK(is_kind(kind));
  std::string token;
  token.reserve(prefix.size() + kind.size() + 1 + secret_digits + checksum_digits);
  token.append(prefix).append(kind).append("_");
  append_random_digits(token, secret_digits, random);
  return token += checksum(token);
}

bool is_well_formed_token(std::string_view token) {
  if (!token.starts_with(prefix)) return false;
  const std::string_view rest = token.substr(prefix.size());
  const std::size_t underscore = rest.find('_');
  if (underscore == std::string_view::npos || !is_kind(rest.substr(0, underscore))) return false;
  const std::string_view digits = rest.substr(underscore + 1);
  if (digits.size() != secret_digits + checksum_digits ||
      digits.find_first_not_of(base62_digits) != std::string_view::npos)
    return false;
  return token.substr(token.size() - checksum_digits) ==
         checksum(token.substr(0, token.size() - checksum_digits));
}

Hash token_hash(std::string_view token) { return sha256(as_bytes(token)); }

}  // namespace skerry::crypto
