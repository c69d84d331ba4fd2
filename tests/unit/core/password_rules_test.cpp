#include "core/password_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry {
namespace {

using testing::HasSubstr;

std::string complaint(std::string_view password, std::string_view user = "alice",
                      std::string_view machine = "vendor") {
  const Result<void> checked = check_password(password, user, machine);
  return checked ? std::string() : checked.error().errors.at(0).detail;
}

TEST(PasswordRules, TakeWhatIsLongAndNobodysGuess) {
  for (const char* good :
       {"drei Kraehen auf dem Mast", "kelp-forest-lantern", "Vq7#nT2!wLz9&pXe", "ünö wörd ze sæ nö",
        "gravel tide umbrella 41",
        // what programs make
        "kZ3vR8pWq1nYb6Tc", "8f14e45fceea167a5a36dedd4bea2543", "t#V{9m&*w^Lp)2=Z",
        "hqkpwzmvtrnbxgd", "734902815566190483",
        // what people make of several words
        "purple otter sings loudly", "Mein Rad steht am Kanal 7", "three-owls-count-barrels",
        "my password is a rusty anchor chain", "were tree pools greener here",
        "summer gravel umbrella", "tower clock winter vessel mild", "sieben Zwetschgen im Regen",
        "пять ворон на мачте", "山の上に七羽の白い鴉が静かに鳴いている"})
    EXPECT_EQ(complaint(good), "") << good;
}

TEST(PasswordRules, CountCharactersNotBytes) {
  EXPECT_THAT(complaint("kelp-forest-la"), HasSubstr("15 characters"));
  EXPECT_EQ(complaint("kelp-forest-lan"), "");
  EXPECT_THAT(complaint("ükäpförästöläß"), HasSubstr("15 characters"));
  EXPECT_THAT(complaint(""), HasSubstr("15 characters"));
  std::string longest;
  for (int i = 0; longest.size() < password_bytes_max; ++i) longest += "kelp forest ";
  EXPECT_THAT(complaint(longest), HasSubstr("1024 bytes"));
}

TEST(PasswordRules, RefuseWhatIsTriedFirst) {
  for (const char* bad :
       {"passwordpassword", "Password12345678", "P@ssw0rd!P@ssw0rd!", "123456789012345",
        "qwertyuiopasdfghjkl", "aaaaaaaaaaaaaaaaaaaa", "correcthorsebatterystaple",
        "CorrectHorseBatteryStaple1", "Correct-Horse-Battery-Staple!", "a b c d e f g z y x w",
        "administrator2026", "Welcome2026!!!!!", "iloveyouiloveyou", "abcdefghijklmnopqrstuvwxyz",
        "zyxwvutsrqponmlkjihg", "abababababababab", "skerry-admin-skerry", "changeme-changeme",
        "letmein-letmein-1", "Sommer2026Sommer2026", "!!!!!!!!!!!!!!!!", "1q1q1q1q1q1q1q1q",
        "987654321987654321",
        // walks over keys, along rows and columns, on three keyboards and the keypad
        "1q2w3e4r5t6y7u8i", "1qaz2wsx3edc4rfv", "!QAZ@WSX#EDC$RFV", "qazwsxedcrfvtgb",
        "zaq12wsxcde34rfv", "q1w2e3r4t5z6u7i8", "1-q-2-w-3-e-4-r-5-t", "azertyuiopqsdfgh",
        "147258369147258", "mnbvcxzlkjhgfdsa", "yxcvbnmasdfghjkl", "qwerasdfzxcvqwer",
        // words again and again, with something beside them
        "skerryskerryskerry", "lanternlantern12", "lantern1lantern2lantern3", "tidetidetidetide",
        "ababcabcabcabcabc", "kelp!kelp?kelp!kelp?", "ääääääääääääääää",
        // phrases that everybody knows
        "thisismypassword", "The quick brown fox jumps over the lazy dog", "ToBeOrNotToBe2026",
        "may the force be with you", "T0-b3-0r-n0t-t0-b3", "nevergonnagiveyouup1",
        "loremipsumdolorsitamet", "314159265358979",
        // as it is spelt by those who replace letters
        "P@$$w0rdP@$$w0rd", "p4ssphr4s3-2026!", "1etme1n1etme1n1", "Adm1n1str8tor2026",
        "W3lcome.W1nter.2026", "c0rrecth0rsebatterystap1e"})
    EXPECT_THAT(complaint(bad), HasSubstr("common words")) << bad;
}

TEST(PasswordRules, RefuseTheUsersOwnName) {
  EXPECT_THAT(complaint("catharina.kelp-catharina.kelp", "catharina.kelp"),
              HasSubstr("names of the user"));
  EXPECT_THAT(complaint("Catharina-Catharina-7", "catharina"), HasSubstr("names of the user"));
  EXPECT_THAT(complaint("kelp-2026-catharina", "catharina.kelp"), HasSubstr("names")) << "parts";
  EXPECT_EQ(complaint("gravel tide umbrella catharina", "catharina"), "");
}

TEST(PasswordRules, RefuseTheMachinesName) {
  EXPECT_THAT(complaint("hafenwerk-nord-2026", "alice", "Hafenwerk Nord"), HasSubstr("machine"));
  EXPECT_THAT(complaint("H4fenw3rk.Hafenwerk!", "alice", "Hafenwerk Nord"), HasSubstr("machine"));
  EXPECT_EQ(complaint("hafenwerk-nord-2026 otter kelp", "alice", ""), "");
}

TEST(PasswordRules, RefuseWhatIsNoText) {
  EXPECT_THAT(complaint("kelp-forest-lantern\n"), HasSubstr("control"));
  EXPECT_THAT(complaint("kelp-forest-lantern\xff"), HasSubstr("UTF-8"));
}

}  // namespace
}  // namespace skerry
