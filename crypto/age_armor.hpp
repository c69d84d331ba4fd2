// An age file as text (age-encryption.org/v1, "ASCII armor"): for one that stands inside another
// text. Small files only; the whole of it is in memory.
#pragma once

#include <string>
#include <string_view>

#include "core/bytes.hpp"

namespace skerry::crypto {

std::string age_armor(ByteView file);
// One spelling only: lines of 64 digits and a shorter last one, padded, each ended by one LF.
// Errc::bad_input.
Result<Bytes> age_dearmor(std::string_view text);

}  // namespace skerry::crypto
