#include "core/password_rules.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/text.hpp"

namespace skerry {
namespace {

// What lists of leaked passwords of this length are made of. A password that is little more than
// these is on such a list, or the next one. What holds others stands before them.
constexpr std::string_view block_list[] = {
    // phrases
    "correcthorsebatterystaple", "thequickbrownfox", "jumpsoverthelazydog", "tobeornottobe",
    "thatisthequestion", "maytheforcebewithyou", "loremipsum", "dolorsitamet", "onceuponatime",
    "nevergonnagiveyouup", "allyourbasearebelongtous", "winteriscoming", "happybirthday",
    "merrychristmas", "helloworld", "opensesame", "ihaveadream", "livelongandprosper",
    "tothemoonandback", "inthebeginning", "thisismy", "mynameis", "whatismy", "donotenter",
    "letmein", "iloveyou", "ichliebedich", "trustno1", "ihateyou", "nopasaran", "passwordis",
    "314159265358979", "271828182845904",
    // words
    "administrator", "passphrase", "correcthorse", "batterystaple", "password", "passwort",
    "kennwort", "qwertzuiop", "qwertyuiop", "asdfghjkl", "yxcvbnm", "zxcvbnm", "qwerty", "qwertz",
    "azerty", "welcome", "willkommen", "changeme", "default", "secret", "geheim", "master",
    "dragon", "monkey", "sunshine", "princess", "football", "baseball", "superman", "batman",
    "starwars", "shadow", "michael", "jennifer", "charlie", "jordan", "hunter", "freedom",
    "whatever", "computer", "internet", "samsung", "google", "facebook", "service", "support",
    "manager", "operator", "server", "skerry", "central", "licence", "license", "admin", "login",
    "hello", "hallo", "spring", "summer", "autumn", "winter", "fruehling", "sommer", "herbst",
    "january", "december", "company", "firma", "user", "root", "test", "pass", "word"};

// Each next to the next, in both directions.
constexpr std::string_view sequences[] = {
    "abcdefghijklmnopqrstuvwxyz", "01234567890",
    "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn", "qazwsxedcrfvtgbyhnujmikolp",
    "qaywsxedcrfvtgbzhnujmikolp"};

// Rows of keys; a key is also next to the three above it.
using Keyboard = std::array<std::string_view, 4>;
constexpr Keyboard keyboards[] = {{"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"},
                                  {"1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm"},
                                  {"1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn"},
                                  {"789", "456", "123", "0"}};
constexpr std::string_view above_digits = "!@#$%^&*()";  // of "1234567890"

constexpr std::size_t run_min = 3;         // of neighbours in a sequence, which count as one
constexpr std::size_t walk_min = 4;        // of neighbours on a keyboard
constexpr std::size_t repeat_min = 4;      // characters that stood there before count as none
constexpr std::size_t unguessed_min = 10;  // characters that none of these rules explains
constexpr std::size_t different_min = 5;   // among those

bool is_separator(char c) {
  return std::string_view(" -_.,:;/'\"").find(c) != std::string_view::npos;
}

// Lower case, and nothing between the words.
std::string typed(std::string_view text) {
  std::string made = ascii_lower(text);
  std::erase_if(made, is_separator);
  return made;
}

// The letters that digits and signs stand for; an l is an i.
std::string meant(std::string made) {
  constexpr std::string_view signs = "@431!|l0$57+8", letters = "aaeiiiiossttb";
  static_assert(signs.size() == letters.size());
  for (char& c : made)
    if (const std::size_t at = signs.find(c); at != std::string_view::npos) c = letters[at];
  return made;
}

void remove_all(std::string& text, std::string_view word) {
  if (word.size() < run_min) return;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at))
    text.erase(at, word.size());
}

bool follow(char a, char b) {
  if (a == b) return true;
  return std::ranges::any_of(sequences, [&](std::string_view sequence) {
    for (std::size_t i = 1; i < sequence.size(); ++i)
      if ((sequence[i - 1] == a && sequence[i] == b) || (sequence[i] == a && sequence[i - 1] == b))
        return true;
    return false;
  });
}

char unshifted(char c) {
  const std::size_t at = above_digits.find(c);
  return at == std::string_view::npos ? c : keyboards[0][0][at];
}

bool are_close(char a, char b) {
  if (a == b) return true;
  return std::ranges::any_of(keyboards, [&](const Keyboard& rows) {
    const auto place = [&](char c) {
      for (std::size_t row = 0; row < rows.size(); ++row)
        if (const std::size_t at = rows[row].find(unshifted(c)); at != std::string_view::npos)
          return std::pair(static_cast<int>(row), static_cast<int>(at));
      return std::pair(-9, -9);
    };
    auto upper = place(a), lower = place(b);
    if (upper.first < 0 || lower.first < 0) return false;
    if (upper.first > lower.first) std::swap(upper, lower);
    const int aside = std::abs(upper.second - lower.second);
    return aside <= 1 && lower.first - upper.first <= 1;
  });
}

// Of `min` or more where each character is next to the one before it, the first is left: "aaaa",
// "12345", "4321", "1q2w3e".
std::string without_runs(std::string_view text, bool (*next)(char, char), std::size_t min) {
  std::string left;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin + 1;
    while (end < text.size() && next(text[end - 1], text[end])) ++end;
    left.append(text.substr(begin, end - begin >= min ? 1 : end - begin));
    begin = end;
  }
  return left;
}

std::string without_runs(std::string_view text) {
  return without_runs(without_runs(text, follow, run_min), are_close, walk_min);
}

// "lanternlantern", "abcxabcx", "tide1tide2tide3": only what did not stand there before.
std::string without_repeats(std::string_view text) {
  std::string left;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t longest = 0;
    for (std::size_t from = 0; from < at; ++from) {
      std::size_t same = 0;
      while (at + same < text.size() && text[from + same] == text[at + same]) ++same;
      longest = std::max(longest, same);
    }
    if (longest < repeat_min) left += text[at];
    at += longest < repeat_min ? 1 : longest;
  }
  return left;
}

// Of a name with several parts each, and the whole.
std::vector<std::string> words_of(std::span<const std::string_view> names) {
  std::vector<std::string> words;
  for (const std::string_view name : names) {
    words.push_back(typed(name));
    std::string part;
    for (const char c : ascii_lower(name) + ' ')
      if (!is_separator(c) && c != '@')
        part += c;
      else if (!part.empty())
        words.push_back(std::exchange(part, {}));
  }
  return words;
}

using Reading = std::string (*)(std::string);
std::string without_words(std::string text, const std::vector<std::string>& names, Reading read) {
  for (const std::string& name : names) remove_all(text, read(name));
  for (const std::string_view word : block_list) remove_all(text, read(std::string(word)));
  return text;
}

bool is_little(std::string_view text) {
  const std::string left = without_repeats(without_runs(text));
  std::string different(left);
  std::ranges::sort(different);
  different.erase(std::unique(different.begin(), different.end()), different.end());
  return left.size() < unguessed_min || different.size() < different_min;
}

// As it is typed, with runs of digits as what they are, and as it is meant, with digits for
// letters.
bool is_guessable(std::string_view password, std::span<const std::string_view> names) {
  const Reading literally = [](std::string text) { return text; };
  const std::vector<std::string> words = words_of(names);
  const std::string keys = typed(password);
  const std::string rest =
      meant(without_runs(without_repeats(without_words(keys, words, literally))));
  return is_little(without_words(rest, words, meant)) ||
         is_little(without_words(meant(keys), words, meant));
}

// As a sentence's end; empty when there is none.
std::string complaint_about(std::string_view password, std::span<const std::string_view> names) {
  if (!is_utf8(password) || has_control_characters(password) ||
      password.find_first_of("\t\r\n") != std::string_view::npos)
    return "must be text in UTF-8 without control characters";
  if (count_characters(password) < password_characters_min)
    return fmt::format("must have {} characters or more", password_characters_min);
  if (password.size() > password_bytes_max)
    return fmt::format("must have at most {} bytes", password_bytes_max);
  if (is_guessable(password, names))
    return "must hold more than common words, rows of keys, repetitions and the names of the user "
           "and of this machine";
  return {};
}

}  // namespace

Result<void> check_password(std::string_view password, std::string_view user,
                            std::string_view machine) {
  const std::array names{user, machine};
  std::string complaint = complaint_about(password, names);
  if (complaint.empty()) return {};
  return fail(Error(Errc::validation_failed, "the password is not acceptable",
                    "choose another password",
                    {{"/password", "weak_password", std::move(complaint)}}));
}

}  // namespace skerry
