#include "core/text.hpp"

#include <gtest/gtest.h>

namespace skerry {
namespace {

struct TextCase {
  std::string_view text;
  bool good;
};

template <class Function>
void check(Function function, std::initializer_list<TextCase> cases) {
  for (const TextCase& each : cases) EXPECT_EQ(function(each.text), each.good) << each.text;
}

TEST(TextTest, ABeginningCutsNoCharacter) {
  EXPECT_EQ(beginning_of("abc", 3), "abc");
  EXPECT_EQ(beginning_of("abcd", 3), "abc");
  EXPECT_EQ(beginning_of("aöb", 2), "a");
  EXPECT_EQ(beginning_of("aöb", 3), "aö");
  EXPECT_EQ(beginning_of("€", 2), "");
}

TEST(TextTest, Utf8) {
  check(is_utf8, {{"", true},
                  {"a", true},
                  {"ö", true},
                  {"€", true},
                  {"😀", true},
                  {"\x80", false},
                  {"\xc3", false},
                  {"\xc0\xaf", false},
                  {"\xc1\xbf", false},
                  {"\xe0\x9f\xbf", false},
                  {"\xed\xa0\x80", false},
                  {"\xed\x9f\xbf", true},
                  {"\xf0\x8f\xbf\xbf", false},
                  {"\xf4\x90\x80\x80", false},
                  {"\xf4\x8f\xbf\xbf", true},
                  {"\xf5\x80\x80\x80", false},
                  {"\xe2\x82", false},
                  {"\xe2\x28\xa1", false}});
  EXPECT_EQ(count_characters("aö€😀"), 4u);
}

TEST(TextTest, EmailAddresses) {
  check(is_email, {{"a@b", true},
                   {"a.b+c@x-y.example", true},
                   {"ö@größe.example", true},
                   {"", false},
                   {"a", false},
                   {"@b", false},
                   {"a@", false},
                   {"a@b@c", false},
                   {".a@b", false},
                   {"a.@b", false},
                   {"a..b@c", false},
                   {"a b@c", false},
                   {"a@-b", false},
                   {"a@b-", false},
                   {"a@b..c", false},
                   {"a@b.", false},
                   {"<a@b>", false},
                   {"a@b c", false},
                   {"a@b\n", false}});
  EXPECT_TRUE(is_email(std::string(64, 'a').append("@b")));
  EXPECT_FALSE(is_email(std::string(65, 'a').append("@b")));
}

TEST(TextTest, PhoneNumbers) {
  check(is_e164, {{"+1234567", true},
                  {"+123456789012345", true},
                  {"+123456", false},
                  {"+1234567890123456", false},
                  {"+0123456789", false},
                  {"1234567890", false},
                  {"+12 345 678", false},
                  {"+12345a7", false},
                  {"", false}});
}

TEST(TextTest, WebAddresses) {
  check(is_web_address, {{"http://a", true},
                         {"HTTPS://a", true},
                         {"https://a.example:8/x?y#z", true},
                         {"http://", false},
                         {"http:///x", false},
                         {"http://:80", false},
                         {"http://?x", false},
                         {"ftp://a", false},
                         {"javascript:alert(1)", false},
                         {"http://a b", false}});
}

TEST(TextTest, Countries) {
  check(is_country_code, {{"DE", true},
                          {"ZW", true},
                          {"AD", true},
                          {"XK", true},
                          {"de", false},
                          {"D", false},
                          {"DEU", false},
                          {"EA", false},
                          {"D ", false},
                          {" A", false},
                          {"ZZ", false},
                          {"", false}});
}

TEST(TextTest, ControlsBlanksPointersAndCase) {
  check(has_control_characters, {{"a\tb\r\n", false},
                                 {std::string_view("a\0", 2), true},
                                 {"\x1b[0m", true},
                                 {"\x7f", true},
                                 {"ö", false}});
  check(is_blank, {{"", true},
                   {" \t\r\n", true},
                   {" a ", false},
                   {"\u00a0\u200b \u3000\ufeff", true},
                   {"\u200e.", false},
                   {"\u200b\u05d0", false},
                   {"\u2800", false},
                   {"\xe2\x80", false}});
  EXPECT_EQ(escape_pointer("a/b~c"), "a~1b~0c");
  EXPECT_EQ(ascii_lower("ÄbC@X"), "Äbc@x");
}

TEST(TextTest, BlanksAroundATextAreTaken) {
  EXPECT_EQ(trim_blanks(" \ta b\r\n"), "a b");
  EXPECT_EQ(trim_blanks(""), "");
  EXPECT_EQ(trim_blanks(" \t "), "");
  EXPECT_EQ(trim_blanks("x"), "x");
}

TEST(TextTest, WordsOfAShell) {
  EXPECT_EQ(shell_word("site-1"), "site-1");
  EXPECT_EQ(shell_word("/media/stick_2/a.b,c=d"), "/media/stick_2/a.b,c=d");
  EXPECT_EQ(shell_word("Zürich"), "Zürich");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("Site qs1"), "'Site qs1'");
  EXPECT_EQ(shell_word("O'Hara; rm $HOME"), "'O'\\''Hara; rm $HOME'");
  EXPECT_EQ(shell_word("~/a"), "'~/a'");
}

}  // namespace
}  // namespace skerry
