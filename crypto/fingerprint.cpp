#include "crypto/fingerprint.hpp"

#include "crypto/secret.hpp"

namespace skerry::crypto {
namespace {

constexpr std::string_view consonants = "bdfghjklmnprstvz";
constexpr std::string_view vowels = "aiou";
constexpr std::size_t word_count = 8;
constexpr std::size_t word_letters = 5;

// Sixteen bits, from the highest: consonant, vowel, consonant, vowel, consonant.
void append_word(std::string& text, unsigned bits) {
  text += consonants[(bits >> 12) & 15];
  text += vowels[(bits >> 10) & 3];
  text += consonants[(bits >> 6) & 15];
  text += vowels[(bits >> 4) & 3];
  text += consonants[bits & 15];
}

bool is_between_words(char c) {
  return c == '-' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Lower case, one hyphen between words, none around them.
std::string normalise(std::string_view typed) {
  std::string text;
  bool pending = false;
  for (const char c : typed) {
    if (is_between_words(c)) {
      pending = !text.empty();
      continue;
    }
    if (std::exchange(pending, false)) text += '-';
    text += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return text;
}

}  // namespace

std::string fingerprint_words(const Hash& digest) {
  std::string text;
  text.reserve(word_count * (word_letters + 1));
  for (std::size_t word = 0; word < word_count; ++word) {
    if (word > 0) text += '-';
    append_word(text, static_cast<unsigned>(digest[word * 2] << 8 | digest[word * 2 + 1]));
  }
  return text;
}

bool fingerprint_matches(std::string_view typed, const Hash& digest) {
  return equal_constant_time(as_bytes(normalise(typed)), as_bytes(fingerprint_words(digest)));
}

}  // namespace skerry::crypto
