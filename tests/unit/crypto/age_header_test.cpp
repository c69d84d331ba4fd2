#include "crypto/age_header.hpp"

#include <gtest/gtest.h>

#include "crypto/age.hpp"
#include "crypto/base64.hpp"
#include "tests/unit/crypto/seeded_random.hpp"

namespace skerry::crypto {
namespace {

const std::string version = "age-encryption.org/v1\n";
const std::string mac_line = "--- " + to_base64(seeded_bytes(32)) + "\n";
const std::string body_line(64, 'A');

std::string header_of(const std::string& stanzas) { return version + stanzas + mac_line; }

TEST(AgeHeader, ReadsStanzas) {
  const std::string text = header_of("-> X25519 abc\nAAAA\n-> other a b !~\n" + body_line + "\n\n");
  const auto header = parse_age_header(text);
  ASSERT_TRUE(header) << header.error().detail;
  ASSERT_EQ(header->stanzas.size(), 2U);
  EXPECT_EQ(header->stanzas[0], (AgeStanza{"X25519", {"abc"}, Bytes(3)}));
  EXPECT_EQ(header->stanzas[1], (AgeStanza{"other", {"a", "b", "!~"}, Bytes(48)}));
  EXPECT_EQ(to_base64(header->mac), mac_line.substr(4, 43));
  EXPECT_EQ(text.substr(header->mac_covered_bytes - 3), mac_line);
}

TEST(AgeHeader, WritesWhatItReads) {
  for (std::size_t size = 0; size < 150; ++size) {
    const std::vector<AgeStanza> stanzas{{"first", {}, seeded_bytes(size)},
                                         {"second", {"x", "y"}, {}}};
    const std::string text = format_age_stanzas(stanzas) + mac_line.substr(3);
    const auto header = parse_age_header(text);
    ASSERT_TRUE(header) << size << ": " << header.error().detail;
    EXPECT_EQ(header->stanzas, stanzas);
    EXPECT_EQ(format_age_stanzas(header->stanzas) + format_age_mac(header->mac), text);
  }
}

struct RefusedHeader {
  const char* what;
  std::string text;
};

TEST(AgeHeader, RefusesEverythingThatIsNotStrictlyTheFormat) {
  const std::string stanza = "-> X25519 abc\nAAAA\n";
  const std::string mac = mac_line.substr(4, 43);
  const RefusedHeader cases[] = {
      {"nothing", ""},
      {"only a version", version},
      {"another version", "age-encryption.org/v2\n" + stanza + mac_line},
      {"a blank behind the version", "age-encryption.org/v1 \n" + stanza + mac_line},
      {"a version with CRLF", "age-encryption.org/v1\r\n" + stanza + mac_line},
      {"a blank line before the version", "\n" + version + stanza + mac_line},
      {"ASCII armour", "-----BEGIN AGE ENCRYPTED FILE-----\n"},
      {"no stanza", version + mac_line},
      {"a blank line before the stanza", header_of("\n" + stanza)},
      {"a blank line behind the stanza", header_of(stanza + "\n")},
      {"a stanza without a type", header_of("->\nAAAA\n")},
      {"a stanza with an empty type", header_of("-> \nAAAA\n")},
      {"no space behind the mark", header_of("->X25519 abc\nAAAA\n")},
      {"two spaces behind the mark", header_of("->  X25519 abc\nAAAA\n")},
      {"two spaces between arguments", header_of("-> X25519  abc\nAAAA\n")},
      {"a space behind the arguments", header_of("-> X25519 abc \nAAAA\n")},
      {"a tab between arguments", header_of("-> X25519\tabc\nAAAA\n")},
      {"a control character", header_of("-> X25519 a\x01z\nAAAA\n")},
      {"a delete character", header_of("-> X25519 a\x7fz\nAAAA\n")},
      {"a character beyond ASCII", header_of("-> X25519 a\xc3\xa9z\nAAAA\n")},
      {"a stanza line with CRLF", header_of("-> X25519 abc\r\nAAAA\n")},
      {"a body line with CRLF", header_of("-> X25519 abc\nAAAA\r\n")},
      {"a body with padding", header_of("-> X25519 abc\nAA==\n")},
      {"a body with stray bits", header_of("-> X25519 abc\nAAB\n")},
      {"a body with a lone digit", header_of("-> X25519 abc\nAAAAA\n")},
      {"a body in base64url", header_of("-> X25519 abc\nAA-_\n")},
      {"a body with a space", header_of("-> X25519 abc\nAA AA\n")},
      {"a body of 65 columns", header_of("-> X25519 abc\n" + body_line + "A\n\n")},
      {"a body of 68 columns", header_of("-> X25519 abc\n" + body_line + "AAAA\n")},
      {"a full body line without a short one", header_of("-> X25519 abc\n" + body_line + "\n")},
      {"two short body lines", header_of("-> X25519 abc\nAAAA\nAAAA\n")},
      {"no body", header_of("-> X25519 abc\n")},
      {"no body before another stanza", header_of("-> X25519 abc\n" + stanza)},
      {"a body without an end", version + "-> X25519 abc\n" + body_line},
      {"no MAC", version + stanza + "---\n"},
      {"an empty MAC", version + stanza + "--- \n"},
      {"a MAC of 31 bytes", version + stanza + "--- " + to_base64(seeded_bytes(31)) + "\n"},
      {"a MAC of 33 bytes", version + stanza + "--- " + to_base64(seeded_bytes(33)) + "\n"},
      {"a MAC with padding", version + stanza + "--- " + mac + "=\n"},
      {"a MAC with stray bits", version + stanza + "--- " + std::string(42, 'A') + "B\n"},
      {"a MAC without its space", version + stanza + "---" + mac + "\n"},
      {"two spaces before the MAC", version + stanza + "---  " + mac + "\n"},
      {"a space behind the MAC", version + stanza + "--- " + mac + " \n"},
      {"four dashes", version + stanza + "---- " + mac + "\n"},
      {"two dashes", version + stanza + "-- " + mac + "\n"},
      {"a MAC with CRLF", version + stanza + "--- " + mac + "\r\n"},
      {"a MAC line without an end", version + stanza + "--- " + mac},
      {"something behind the MAC line", header_of(stanza) + "x"},
  };
  ASSERT_TRUE(parse_age_header(header_of(stanza))) << "the pattern itself";
  for (const RefusedHeader& c : cases) {
    const auto header = parse_age_header(c.text);
    ASSERT_FALSE(header) << c.what;
    EXPECT_EQ(header.error().code, Errc::corrupt_bundle) << c.what;
    EXPECT_TRUE(header.error().detail.starts_with("age header, line ")) << header.error().detail;
  }
}

TEST(AgeHeader, NamesTheLine) {
  const auto header = parse_age_header(header_of("-> X25519 abc\nAA==\n"));
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().detail, "age header, line 3: not canonical base64");
}

TEST(AgeHeader, LimitsTheStanzas) {
  std::string stanzas;
  for (std::size_t i = 0; i < age_stanzas_max; ++i) stanzas += "-> grease\n\n";
  EXPECT_EQ(parse_age_header(header_of(stanzas)).value().stanzas.size(), age_stanzas_max);
  const auto over = parse_age_header(header_of(stanzas + "-> grease\n\n"));
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Errc::limit_exceeded);
}

TEST(AgeHeader, RefusesEveryPrefix) {
  const std::string text = header_of("-> X25519 abc\n" + body_line + "\nAAAA\n");
  ASSERT_TRUE(parse_age_header(text));
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(parse_age_header(std::string_view(text).substr(0, size))) << size;
}

}  // namespace
}  // namespace skerry::crypto
