// What a password that a person chooses is held to (NIST SP 800-63B section 3.1.1): its length, and
// that it is none of those that are tried first. No rule about kinds of characters.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace skerry {

inline constexpr std::size_t password_characters_min = 15;
inline constexpr std::size_t password_bytes_max = 1024;

// Why `password` is refused, as a sentence's end ("must …"); empty when it is acceptable.
// `names`: of whom it is to be, of the machine; guessed at like common words. The password itself
// is never repeated.
std::string password_complaint(std::string_view password, std::span<const std::string_view> names);

}  // namespace skerry
