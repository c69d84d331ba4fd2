#include "api/target.hpp"

#include <gtest/gtest.h>

namespace skerry::api {
namespace {

std::string segments(std::string_view text) {
  Target target;
  if (Result<void> parsed = parse_target(text, target); !parsed) return "refused";
  std::string joined;
  for (const std::string& segment : target.segments) joined += "[" + segment + "]";
  return joined;
}

std::string query(std::string_view text) {
  Target target;
  if (Result<void> parsed = parse_target("/?" + std::string(text), target); !parsed)
    return "refused";
  std::string joined;
  for (const QueryParameter& parameter : target.query)
    joined += "[" + parameter.name + "=" + parameter.value + "]";
  return joined;
}

TEST(Target, PathsAreSplitThenDecoded) {
  EXPECT_EQ(segments("/"), "");
  EXPECT_EQ(segments("/a"), "[a]");
  EXPECT_EQ(segments("/a/"), "[a][]");
  EXPECT_EQ(segments("//"), "[][]");
  EXPECT_EQ(segments("/a%2Fb/c%20d"), "[a/b][c d]");
  EXPECT_EQ(segments("/%C3%A4+%2b"), "[ä++]");
  EXPECT_EQ(segments("/a:b@c!$&'()*+,;=-._~"), "[a:b@c!$&'()*+,;=-._~]");
  EXPECT_EQ(segments("/...?a"), "[...]");
}

TEST(Target, QueriesAreSplitThenDecoded) {
  EXPECT_EQ(query(""), "");
  EXPECT_EQ(query("a"), "[a=]");
  EXPECT_EQ(query("a=1&b=&c=x=y"), "[a=1][b=][c=x=y]");
  EXPECT_EQ(query("a=1&a=2"), "[a=1][a=2]");
  EXPECT_EQ(query("a%26b=c%3Dd&e=+%2B"), "[a&b=c=d][e= +]");
  EXPECT_EQ(query("a=/?:@"), "[a=/?:@]");
}

TEST(Target, OtherSpellingsAreRefused) {
  for (const char* text : {"",
                           "a",
                           "*",
                           "http://a/",
                           "a:80",
                           "/%",
                           "/%4",
                           "/%g0",
                           "/%0g",
                           "/ ",
                           "/#",
                           "/a#b",
                           "/\"",
                           "/<",
                           "/\\",
                           "/^",
                           "/`",
                           "/{",
                           "/|",
                           "/}",
                           "/[",
                           "/]",
                           "/\x7f",
                           "/\xc3\xa4",
                           "/.",
                           "/..",
                           "/a/./b",
                           "/%2e",
                           "/.%2E",
                           "/%00",
                           "/%1f",
                           "/%7F",
                           "/%80",
                           "/%C3",
                           "/%C0%80",
                           "/%ED%A0%80",
                           "/%F4%90%80%80",
                           "/%FF"})
    EXPECT_EQ(segments(text), "refused") << text;
  for (const char* text : {"&", "a&", "a&&b", "=", "=a", "%", "a=%4", "a=%00", "a=%ff", "a=#",
                           "a=\"", "%=a", "%ff=a", "a=\t"})
    EXPECT_EQ(query(text), "refused") << text;
}

// A record may hold them, and is found by them.
TEST(Target, AValueMayHoldATabAndLineBreaks) {
  Target target;
  ASSERT_TRUE(parse_target("/a?name=x%09y%0Az%0D", target));
  EXPECT_EQ(target.query.front().value, "x\ty\nz\r");
  EXPECT_FALSE(parse_target("/a%09?name=x", target));
  EXPECT_FALSE(parse_target("/a?name=%0B", target));
}

TEST(Target, TheRefusalNamesTheByte) {
  Target target;
  EXPECT_NE(parse_target("/abc/%zz", target).error().detail.find("byte 5"), std::string::npos);
  EXPECT_NE(parse_target("/a?b=%zz", target).error().detail.find("byte 5"), std::string::npos);
}

TEST(Target, HasLimits) {
  Target target;
  EXPECT_TRUE(parse_target("/a/b?c&d", target, {2, 2}));
  EXPECT_EQ(parse_target("/a/b/c", target, {2, 2}).error().code, Errc::not_found);
  EXPECT_EQ(parse_target("/a?b&c&d", target, {2, 2}).error().code, Errc::bad_request);
}

}  // namespace
}  // namespace skerry::api
