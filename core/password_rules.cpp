#include "core/password_rules.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "core/text.hpp"

namespace skerry {
namespace {

// What lists of leaked passwords of this length are made of, spelt as plain() spells it. A password
// that is little more than these is on such a list, or the next one.
constexpr std::string_view block_list[] = {
    "administrator", "passphrase", "correcthorse", "batterystaple", "password", "passwort",
    "qwertzuiop",    "qwertyuiop", "asdfghjkl",    "yxcvbnm",       "zxcvbnm",  "qwerty",
    "qwertz",        "azerty",     "iloveyou",     "letmein",       "welcome",  "willkommen",
    "changeme",      "default",    "secret",       "geheim",        "master",   "dragon",
    "monkey",        "sunshine",   "princess",     "football",      "baseball", "superman",
    "batman",        "starwars",   "trustno",      "shadow",        "michael",  "jennifer",
    "charlie",       "jordan",     "hunter",       "freedom",       "whatever", "computer",
    "internet",      "samsung",    "google",       "facebook",      "service",  "support",
    "manager",       "operator",   "server",       "skerry",        "central",  "licence",
    "license",       "admin",      "login",        "hello",         "hallo",    "spring",
    "summer",        "autumn",     "winter",       "fruehling",     "sommer",   "january",
    "december",      "company",    "firma",        "user",          "root",     "test"};

constexpr std::string_view sequences[] = {"abcdefghijklmnopqrstuvwxyz", "01234567890123456789",
                                          "qwertyuiopasdfghjklzxcvbnm",
                                          "qwertzuiopasdfghjklyxcvbnm"};

constexpr std::size_t run_min = 3;        // of neighbours in a sequence, which count as one
constexpr std::size_t unguessed_min = 8;  // characters that none of these rules explains
constexpr std::size_t different_min = 5;  // among those

// Lower case, letters for the digits and signs that stand for them, nothing but letters and digits.
std::string plain(std::string_view text) {
  std::string made;
  for (const char c : ascii_lower(text)) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '@':
      case '4':
        made += 'a';
        break;
      case '3':
        made += 'e';
        break;
      case '1':
      case '!':
        made += 'i';
        break;
      case '0':
        made += 'o';
        break;
      case '$':
      case '5':
        made += 's';
        break;
      case '7':
        made += 't';
        break;
      default:
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || byte >= 0x80) made += c;
    }
  }
  return made;
}

void remove_all(std::string& text, std::string_view word) {
  if (word.size() < run_min) return;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at))
    text.erase(at, word.size());
}

bool are_neighbours(char a, char b) {
  if (a == b) return true;
  return std::any_of(std::begin(sequences), std::end(sequences), [&](std::string_view sequence) {
    for (std::size_t i = 1; i < sequence.size(); ++i)
      if ((sequence[i - 1] == a && sequence[i] == b) || (sequence[i] == a && sequence[i - 1] == b))
        return true;
    return false;
  });
}

// "aaaa", "12345", "qwert", "4321": one character of each is left.
std::string without_runs(std::string_view text) {
  std::string left;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin + 1;
    while (end < text.size() && are_neighbours(text[end - 1], text[end])) ++end;
    left.append(text.substr(begin, end - begin >= run_min ? 1 : end - begin));
    begin = end;
  }
  return left;
}

// "correctcorrect", "abcxabcx": the shortest text that makes the whole by repeating, perhaps cut.
std::string_view without_repetition(std::string_view text) {
  for (std::size_t length = 1; length * 2 <= text.size(); ++length) {
    bool repeats = true;
    for (std::size_t i = length; i < text.size() && repeats; ++i)
      repeats = text[i] == text[i - length];
    if (repeats) return text.substr(0, length);
  }
  return text;
}

std::string without_words(std::string text, std::string_view user_name) {
  remove_all(text, user_name);
  for (const std::string_view word : block_list) remove_all(text, word);
  return text;
}

bool is_little(std::string_view text) {
  const std::string runs = without_runs(text);
  const std::string_view left = without_repetition(runs);
  std::string different(left);
  std::sort(different.begin(), different.end());
  different.erase(std::unique(different.begin(), different.end()), different.end());
  return left.size() < unguessed_min || different.size() < different_min;
}

// As it is typed, with runs of digits as what they are, and as it is meant, with digits for
// letters.
bool is_guessable(std::string_view password, std::string_view user_name) {
  const std::string typed = ascii_lower(password), name = plain(user_name);
  const std::string rest = plain(without_runs(without_words(typed, user_name)));
  return is_little(without_words(rest, name)) || is_little(without_words(plain(typed), name));
}

}  // namespace

std::string password_complaint(std::string_view password, std::string_view user_name) {
  if (!is_utf8(password) || has_control_characters(password) ||
      password.find_first_of("\t\r\n") != std::string_view::npos)
    return "must be text in UTF-8 without control characters";
  if (count_characters(password) < password_characters_min)
    return fmt::format("must have {} characters or more", password_characters_min);
  if (password.size() > password_bytes_max)
    return fmt::format("must have at most {} bytes", password_bytes_max);
  if (is_guessable(password, user_name))
    return "must hold more than common words, rows of keys, repetitions and the user's own name";
  return {};
}

}  // namespace skerry
