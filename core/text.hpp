// Questions about text that comes from people and files.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace skerry {

// Well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);
// The whole characters of well-formed UTF-8 that fit.
std::string_view beginning_of(std::string_view text, std::size_t bytes_max);
// Code points of well-formed UTF-8.
std::size_t count_characters(std::string_view text);
// C0 controls other than tab, line feed and carriage return; DEL.
bool has_control_characters(std::string_view text);
// Nothing that anybody sees: white space and marks without a width, of Unicode too.
bool is_blank(std::string_view text);
// Without the ASCII blanks around it.
std::string_view trim_blanks(std::string_view text);

// local@domain with one @, no blanks, a domain of labels; what RFC 5321 lets travel in practice.
bool is_email(std::string_view text);
// ITU-T E.164: + and 7 to 15 digits, the first not zero.
bool is_e164(std::string_view text);
// http:// or https:// with a host, no blanks.
bool is_web_address(std::string_view text);
// An assigned ISO 3166-1 alpha-2 code.
bool is_country_code(std::string_view text);

// "a customer", "an asset": of the names of kinds and types.
std::string with_article(std::string_view name);

// ~ and / of a member's name, as RFC 6901 has it.
std::string escape_pointer(std::string_view member);

// What a shell reads as this one word; a name without blanks and the like stays as it is. Every
// name, path and file in a command that a person may type from the screen goes through it.
std::string shell_word(std::string_view text);

// Lower-cases ASCII letters only: how keys such as e-mail addresses are compared.
std::string ascii_lower(std::string_view text);

// Levenshtein's distance, in bytes: to name the known word that is nearest to an unknown one.
std::size_t edit_distance(std::string_view a, std::string_view b);
// Whether a word so far from a known one is likely to mean it: half of it is right.
constexpr bool is_typing_error(std::size_t distance, std::string_view word) {
  return distance * 2 <= word.size();
}

}  // namespace skerry
