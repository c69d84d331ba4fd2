// The header of an age v1 file: text, read strictly, so that its bytes have one meaning and one
// spelling (age-encryption.org/v1, "Header").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crypto/secret.hpp"

namespace skerry::crypto {

inline constexpr std::string_view age_version_line = "age-encryption.org/v1\n";

struct AgeStanza {
  std::string type;
  std::vector<std::string> arguments;
  Bytes body;
  bool operator==(const AgeStanza&) const = default;
};

struct AgeHeader {
  std::vector<AgeStanza> stanzas;
  Hash mac{};
  std::size_t mac_covered_bytes = 0;  // of the text: up to and with "---"
};

// The whole header, up to and with the newline behind the MAC. Errc::corrupt_bundle names the line;
// Errc::limit_exceeded for more than age_stanzas_max stanzas.
Result<AgeHeader> parse_age_header(std::string_view text);

// Version line and stanzas, up to and with "---": what the MAC covers.
std::string format_age_stanzas(const std::vector<AgeStanza>& stanzas);

// " <mac>\n", the end of the header.
std::string format_age_mac(const Hash& mac);

// The MAC that a header whose covered bytes are these must have.
Hash age_header_mac(ByteView file_key, std::string_view covered);

}  // namespace skerry::crypto
