#include "crypto/age_armor.hpp"

#include <algorithm>

#include "crypto/base64.hpp"

namespace skerry::crypto {
namespace {

constexpr std::string_view begin_line = "-----BEGIN AGE ENCRYPTED FILE-----\n";
constexpr std::string_view end_line = "-----END AGE ENCRYPTED FILE-----\n";
constexpr std::size_t line_digits = 64;
constexpr std::size_t group_digits = 4;

}  // namespace

std::string age_armor(ByteView file) {
  std::string digits = to_base64(file);
  digits.append((group_digits - digits.size() % group_digits) % group_digits, '=');
  std::string text(begin_line);
  for (std::size_t at = 0; at < digits.size(); at += line_digits)
    text.append(digits, at, line_digits).append("\n");
  return text.append(end_line);
}

Result<Bytes> age_dearmor(std::string_view text) {
  std::string digits;
  if (text.starts_with(begin_line) && text.ends_with(end_line) &&
      text.size() >= begin_line.size() + end_line.size()) {
    digits = text.substr(begin_line.size(), text.size() - begin_line.size() - end_line.size());
    std::erase(digits, '\n');
    digits.erase(std::min(digits.size(), digits.find_last_not_of('=') + 1));
  }
  // What reads as the same bytes and is written otherwise is not ours.
  if (const auto file = from_base64(digits); file && age_armor(*file) == text) return *file;
  return fail(Errc::bad_input, "not an age file in ASCII armor");
}

}  // namespace skerry::crypto
