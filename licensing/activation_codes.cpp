#include "licensing/activation_codes.hpp"

#include <array>

#include "crypto/sha256.hpp"

namespace skerry::licensing {
namespace {

constexpr std::size_t group_letters = 5;
constexpr std::size_t code_letters = 25;
constexpr std::size_t canonical_min = 8;
constexpr std::size_t canonical_max = 100;

}  // namespace

std::string make_activation_code(Random& random) {
  constexpr std::string_view letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::array<std::uint8_t, code_letters> bytes{};
  random.fill(bytes);
  std::string code;
  for (std::size_t i = 0; i < code_letters; ++i) {
    if (i > 0 && i % group_letters == 0) code += '-';
    code += letters[bytes[i] % letters.size()];
  }
  return code;
}

std::optional<std::string> canonical_code(std::string_view code) {
  std::string canonical;
  for (const char c : code) {
    if (c == ' ' || c == '-') continue;
    if (c < '!' || c > '~') return std::nullopt;
    canonical += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  if (canonical.size() < canonical_min || canonical.size() > canonical_max) return std::nullopt;
  return canonical;
}

Hash digest_of(std::string_view canonical) { return crypto::sha256(as_bytes(canonical)); }

std::string hint_of(std::string_view canonical) {
  return std::string(canonical.substr(canonical.size() - 4));
}

}  // namespace skerry::licensing
