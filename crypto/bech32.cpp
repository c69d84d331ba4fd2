#include "crypto/bech32.hpp"

#include <array>
#include <cstdint>

#include "core/check.hpp"

namespace skerry::crypto {
namespace {

constexpr std::string_view digits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t checksum_digits = 6;

// The BCH code of BIP 173, one 5-bit group after the other.
class Checksum {
 public:
  // The prefix counts as its high bits, a zero, its low bits.
  explicit Checksum(std::string_view prefix) {
    for (const char c : prefix) add(static_cast<unsigned char>(c) >> 5);
    add(0);
    for (const char c : prefix) add(static_cast<unsigned char>(c) & 31U);
  }

  void add(std::uint32_t group) {
    static constexpr std::array<std::uint32_t, 5> generator{0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
                                                            0x3d4233dd, 0x2a1462b3};
    const std::uint32_t top = state_ >> 25;
    state_ = ((state_ & 0x1ffffff) << 5) ^ group;
    for (std::size_t i = 0; i < generator.size(); ++i)
      if ((top >> i) & 1U) state_ ^= generator[i];
  }

  std::uint32_t state() const { return state_; }

 private:
  std::uint32_t state_ = 1;
};

char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The 5-bit value of a digit in the case expected, or -1.
int digit_value(char c, Bech32Case letters) {
  const bool wrong_case =
      letters == Bech32Case::lower ? (c >= 'A' && c <= 'Z') : (c >= 'a' && c <= 'z');
  const std::size_t at = digits.find(to_lower(c));
  return wrong_case || at == std::string_view::npos ? -1 : static_cast<int>(at);
}

bool starts_with(std::string_view text, std::string_view prefix, Bech32Case letters) {
  if (text.size() <= prefix.size() || text[prefix.size()] != '1') return false;
  for (std::size_t i = 0; i < prefix.size(); ++i)
    if (text[i] != (letters == Bech32Case::upper ? to_upper(prefix[i]) : prefix[i])) return false;
  return true;
}

// Appends characters to a buffer made in full beforehand, so that nothing secret is reallocated.
class Writer {
 public:
  Writer(std::size_t size, Bech32Case letters) : text_(size), letters_(letters) {}

  void put(char c) {
    text_.span()[at_++] =
        static_cast<std::uint8_t>(letters_ == Bech32Case::upper ? to_upper(c) : c);
  }
  void put_digit(std::uint32_t value) { put(digits[value & 31]); }

  SecretBytes take() && {
    SKERRY_CHECK(at_ == text_.size());
    return std::move(text_);
  }

 private:
  SecretBytes text_;
  std::size_t at_ = 0;
  Bech32Case letters_;
};

}  // namespace

SecretBytes bech32_encode(std::string_view prefix, ByteView bytes, Bech32Case letters) {
  Writer writer(prefix.size() + 1 + (bytes.size() * 8 + 4) / 5 + checksum_digits, letters);
  for (const char c : prefix) writer.put(c);
  writer.put('1');

  Checksum checksum(prefix);
  const auto put_group = [&](std::uint32_t group) {
    checksum.add(group);
    writer.put_digit(group);
  };
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const std::uint8_t byte : bytes) {
    bits = ((bits << 8) | byte) & 0xfff;
    for (count += 8; count >= 5; count -= 5) put_group((bits >> (count - 5)) & 31);
  }
  if (count > 0) put_group((bits << (5 - count)) & 31);

  for (std::size_t i = 0; i < checksum_digits; ++i) checksum.add(0);
  const std::uint32_t sum = checksum.state() ^ 1;
  for (unsigned shift = 30; shift > 0; shift -= 5) writer.put_digit(sum >> (shift - 5));
  return std::move(writer).take();
}

std::optional<SecretBytes> bech32_decode(std::string_view prefix, std::string_view text,
                                         Bech32Case letters) {
  if (!starts_with(text, prefix, letters)) return std::nullopt;
  text.remove_prefix(prefix.size() + 1);
  if (text.size() < checksum_digits) return std::nullopt;
  const std::size_t groups = text.size() - checksum_digits;

  SecretBytes bytes(groups * 5 / 8);
  std::size_t written = 0;
  Checksum checksum(prefix);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int value = digit_value(text[i], letters);
    if (value < 0) return std::nullopt;
    checksum.add(static_cast<std::uint32_t>(value));
    if (i >= groups) continue;
    bits = ((bits << 5) | static_cast<std::uint32_t>(value)) & 0xfff;
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes.span()[written++] = static_cast<std::uint8_t>(bits >> count);
    }
  }
  // Five bits or more of padding, or padding that is not zero, would be a second spelling.
  if (checksum.state() != 1 || count >= 5 || (bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace skerry::crypto
