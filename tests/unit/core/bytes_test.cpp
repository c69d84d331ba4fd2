#include "core/bytes.hpp"

#include <gtest/gtest.h>

namespace skerry {
namespace {

TEST(Bytes, HexRoundTrips) {
  const Bytes bytes{0x00, 0x1f, 0xff};
  EXPECT_EQ(to_hex(bytes), "001fff");
  EXPECT_EQ(from_hex("001fff"), bytes);
}

TEST(Bytes, HexRefusesOtherSpellings) {
  for (const char* text : {"0", "0G", "FF", " 0", "0x"}) EXPECT_FALSE(from_hex(text)) << text;
  EXPECT_FALSE(hash_from_hex("00"));
}

TEST(Bytes, Base64urlRoundTripsEveryLength) {
  Bytes bytes;
  for (int length = 0; length < 40; ++length) {
    const std::string text = to_base64url(bytes);
    EXPECT_EQ(from_base64url(text), bytes) << text;
    bytes.push_back(static_cast<std::uint8_t>(length * 37 + 5));
  }
}

TEST(Bytes, Base64urlRefusesOtherSpellings) {
  for (const char* text : {"A", "AB=", "AB==", "A+AA", "A/AA", "AB", "AAB", "AA A"})
    EXPECT_FALSE(from_base64url(text)) << text;
}

}  // namespace
}  // namespace skerry
