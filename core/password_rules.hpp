// What a password that a person chooses is held to (NIST SP 800-63B section 3.1.1): its length, and
// that it is none of those that are tried first. No rule about kinds of characters.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/result.hpp"

namespace skerry {

inline constexpr std::size_t password_characters_min = 15;
inline constexpr std::size_t password_bytes_max = 1024;

// Errc::validation_failed about /password when it is not acceptable for `user`, whose name is
// guessed at like common words, as is that of the machine. The password itself is never repeated.
Result<void> check_password(std::string_view password, std::string_view user,
                            std::string_view machine);

}  // namespace skerry
