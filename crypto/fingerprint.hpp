// Digests for people: the first 128 bits as eight pronounceable words (proquints, arXiv:0901.4016).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.hpp"

namespace skerry::crypto {

// "lusab-babad-gutih-tugad-…": eight words.
std::string fingerprint_words(const Hash& digest);
// Compares what a person typed: any case, words apart by hyphens or blanks. Constant time.
bool fingerprint_matches(std::string_view typed, const Hash& digest);

}  // namespace skerry::crypto
