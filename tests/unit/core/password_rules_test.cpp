#include "core/password_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry {
namespace {

using testing::HasSubstr;

TEST(PasswordRules, TakeWhatIsLongAndNobodysGuess) {
  for (const char* good : {"drei Kraehen auf dem Mast", "kelp-forest-lantern", "Vq7#nT2!wLz9&pXe",
                           "ünö wörd ze sæ nö", "gravel tide umbrella 41"})
    EXPECT_EQ(password_complaint(good, "alice"), "") << good;
}

TEST(PasswordRules, CountCharactersNotBytes) {
  EXPECT_THAT(password_complaint("kelp-forest-la", "alice"), HasSubstr("15 characters"));
  EXPECT_EQ(password_complaint("kelp-forest-lan", "alice"), "");
  EXPECT_THAT(password_complaint("ükäpförästöläß", "alice"), HasSubstr("15 characters"));
  EXPECT_THAT(password_complaint("", "alice"), HasSubstr("15 characters"));
  std::string longest;
  for (int i = 0; longest.size() < password_bytes_max; ++i) longest += "kelp forest ";
  EXPECT_THAT(password_complaint(longest, "alice"), HasSubstr("1024 bytes"));
}

TEST(PasswordRules, RefuseWhatIsTriedFirst) {
  for (const char* bad :
       {"passwordpassword",          "Password12345678",           "P@ssw0rd!P@ssw0rd!",
        "123456789012345",           "qwertyuiopasdfghjkl",        "aaaaaaaaaaaaaaaaaaaa",
        "correcthorsebatterystaple", "CorrectHorseBatteryStaple1", "Correct-Horse-Battery-Staple!",
        "a b c d e f g z y x w",     "administrator2026",          "Welcome2026!!!!!",
        "iloveyouiloveyou",          "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihg",
        "abababababababab",          "skerry-admin-skerry",        "changeme-changeme",
        "letmein-letmein-1",         "Sommer2026Sommer2026",       "!!!!!!!!!!!!!!!!",
        "1q1q1q1q1q1q1q1q",          "987654321987654321"})
    EXPECT_THAT(password_complaint(bad, "alice"), HasSubstr("common words")) << bad;
}

TEST(PasswordRules, RefuseTheUsersOwnName) {
  EXPECT_THAT(password_complaint("catharina.kelp-catharina.kelp", "catharina.kelp"),
              HasSubstr("own name"));
  EXPECT_THAT(password_complaint("Catharina-Catharina-7", "catharina"), HasSubstr("own name"));
  EXPECT_EQ(password_complaint("gravel tide umbrella catharina", "catharina"), "");
}

TEST(PasswordRules, RefuseWhatIsNoText) {
  EXPECT_THAT(password_complaint("kelp-forest-lantern\n", "alice"), HasSubstr("control"));
  EXPECT_THAT(password_complaint("kelp-forest-lantern\xff", "alice"), HasSubstr("UTF-8"));
}

}  // namespace
}  // namespace skerry
