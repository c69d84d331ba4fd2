#include "crypto/fingerprint.hpp"

#include <gtest/gtest.h>

#include "crypto/sha256.hpp"

namespace skerry::crypto {
namespace {

// The addresses and words of the table in arXiv:0901.4016.
TEST(FingerprintWords, GivesTheWordsOfThePaper) {
  const std::pair<std::array<std::uint8_t, 4>, const char*> cases[] = {
      {{127, 0, 0, 1}, "lusab-babad"},      {{63, 84, 220, 193}, "gutih-tugad"},
      {{63, 118, 7, 35}, "gutuk-bisog"},    {{140, 98, 193, 141}, "mudof-sakat"},
      {{64, 255, 6, 200}, "haguz-biram"},   {{128, 30, 52, 45}, "mabiv-gibot"},
      {{147, 67, 119, 2}, "natag-lisaf"},   {{212, 58, 253, 68}, "tibup-zujah"},
      {{216, 35, 68, 215}, "tobog-higil"},  {{216, 68, 232, 21}, "todah-vobij"},
      {{198, 81, 129, 136}, "sinid-makam"}, {{12, 110, 110, 204}, "budov-kuras"},
  };
  for (const auto& [bytes, words] : cases) {
    Hash digest{};
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    EXPECT_EQ(fingerprint_words(digest).substr(0, 11), words);
  }
}

TEST(FingerprintWords, ShowsTheFirst128BitsInEightWords) {
  Hash digest = sha256(as_bytes("a key"));
  const std::string words = fingerprint_words(digest);
  EXPECT_EQ(words.size(), 8 * 5 + 7U);
  digest[16] ^= 1;
  EXPECT_EQ(fingerprint_words(digest), words);
  for (std::size_t i = 0; i < 16; ++i) {
    Hash other = digest;
    other[i] ^= 1;
    EXPECT_NE(fingerprint_words(other), words) << i;
  }
}

TEST(FingerprintMatches, TakesWhatAPersonTypes) {
  const Hash digest{127, 0, 0, 1};
  EXPECT_EQ(fingerprint_words(digest), "lusab-babad-babab-babab-babab-babab-babab-babab");
  for (const char* typed : {"lusab-babad-babab-babab-babab-babab-babab-babab",
                            "LUSAB BABAD BABAB BABAB BABAB BABAB BABAB BABAB",
                            "  Lusab babad - babab  babab\tbabab babab babab babab\n"})
    EXPECT_TRUE(fingerprint_matches(typed, digest)) << typed;
}

TEST(FingerprintMatches, RefusesEverythingElse) {
  const Hash digest{127, 0, 0, 1};
  for (const char* typed : {"", "-", "lusab", "lusab-babad-babab-babab-babab-babab-babab",
                            "lusab-babad-babab-babab-babab-babab-babab-babab-babab",
                            "lusab-babad-babab-babab-babab-babab-babab-babad",
                            "babad-lusab-babab-babab-babab-babab-babab-babab",
                            "lusabbabadbababbababbababbababbababbabab",
                            "lus-ab-babad-babab-babab-babab-babab-babab-babab",
                            "lusab_babad_babab_babab_babab_babab_babab_babab"})
    EXPECT_FALSE(fingerprint_matches(typed, digest)) << typed;
}

}  // namespace
}  // namespace skerry::crypto
