// Activation codes: what a person types to be known as the holder of an order (ADR 0046). No
// machine keeps one: records hold SHA-256 of its canonical form, by which a site knows it again.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.hpp"
#include "core/random.hpp"

namespace skerry::licensing {

// "K7QF2-9XWMC-4TB0H-RGN5E-8PVJD": 125 random bits in Crockford's letters.
std::string make_activation_code(Random& random);

// What the code says: without blanks and dashes, in capitals. Of one's own a code has 8 to 100
// printable ASCII characters then; nullopt for any other text.
std::optional<std::string> canonical_code(std::string_view code);

// SHA-256 of a canonical code.
Hash digest_of(std::string_view canonical);

// Its last four characters, so that people can tell two apart.
std::string hint_of(std::string_view canonical);

}  // namespace skerry::licensing
