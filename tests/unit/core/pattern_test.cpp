#include "core/pattern.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace skerry {
namespace {

// "+" it matches, "-" it does not, "?" it is no pattern.
std::string outcome(std::string_view pattern, std::string_view value) {
  const auto parsed = Pattern::parse(pattern);
  return !parsed ? "?" : parsed->matches(value) ? "+" : "-";
}

struct PatternCase {
  const char* pattern;
  const char* yes;
  const char* no;
};

TEST(PatternTest, IsAboutTheWholeValue) {
  EXPECT_EQ(outcome("abc", "abc"), "+");
  EXPECT_EQ(outcome("abc", "abcd"), "-");
  EXPECT_EQ(outcome("abc", "ab"), "-");
  EXPECT_EQ(outcome("abc", ""), "-");
  EXPECT_EQ(outcome("^abc$", "abc"), "+");
  EXPECT_EQ(outcome("a\\$", "a$"), "+");
}

TEST(PatternTest, Quantifiers) {
  for (const auto& [pattern, yes, no] : {std::tuple("a*", "", "b"),
                                         {"a*", "aaaa", "aab"},
                                         {"a+", "a", ""},
                                         {"a?b", "b", "aab"},
                                         {"a{3}", "aaa", "aa"},
                                         {"a{2,}", "aaaaa", "a"},
                                         {"a{1,2}", "aa", "aaa"},
                                         {"(ab)+", "abab", "aba"},
                                         {"(a|b)*c", "abbac", "abba"},
                                         {"a{0}", "", "a"}}) {
    EXPECT_EQ(outcome(pattern, yes), "+") << pattern;
    EXPECT_EQ(outcome(pattern, no), "-") << pattern;
  }
}

TEST(PatternTest, SetsAndClasses) {
  for (const auto& [pattern, yes, no] :
       std::vector<PatternCase>{{"[a-c]", "b", "d"},
                                {"[^a-c]", "d", "b"},
                                {"\\d{4}", "2026", "20x6"},
                                {"\\w+", "a_Z9", "a-b"},
                                {"a\\s?b", "a b", "a  b"},
                                {"[\\d-]+", "1-2", "1_2"},
                                {"[-a]", "-", "b"},
                                {"a\\.b", "a.b", "axb"},
                                {".", "\xC3\xBC", "ab"},
                                {"[\xC3\xA0-\xC3\xBC]", "\xC3\xA9", "e"},
                                {"cat|dog", "dog", "catdog"},
                                {"|a", "", "b"}}) {
    EXPECT_EQ(outcome(pattern, yes), "+") << pattern;
    EXPECT_EQ(outcome(pattern, no), "-") << pattern;
  }
}

TEST(PatternTest, WhatIsNone) {
  for (const char* bad : {"",        "(",   ")",   "(a",     "a)",
                          "[",       "[]",  "[a",  "[b-a]",  "*",
                          "a**",     "a{",  "a{1", "a{2,1}", "a{-1}",
                          "a{1001}", "\\",  "\\q", "\\1",    "]",
                          "a^b",     "a$b", "{2}", "\xff",   "((a{100}){100}){100}",
                          "[a-\\d]"})
    EXPECT_EQ(outcome(bad, "a"), "?") << bad;
}

// What makes other engines try for hours.
TEST(PatternTest, NothingTakesLong) {
  const std::string value(1000, 'a');
  for (const char* pattern :
       {"(a*)*b", "(a|a)*b", "(a+)+b", ".*.*.*.*.*.*.*.*b", "((a?){30}){30}b"})
    EXPECT_EQ(outcome(pattern, value), "-") << pattern;
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += '(';
  deep += 'a';
  for (int i = 0; i < 100; ++i) deep += ")*";
  EXPECT_EQ(outcome(deep, value), "+");
}

}  // namespace
}  // namespace skerry
