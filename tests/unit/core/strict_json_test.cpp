#include "core/strict_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "core/json_text.hpp"

namespace skerry {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + "1" + std::string(depth, ']');
}

// The complaint, or "accepted".
std::string complaint_about(std::string_view text) {
  const auto value = parse_json(text);
  if (value) return "accepted";
  EXPECT_EQ(value.error().code, Errc::bad_json);
  return value.error().detail;
}

TEST(StrictJson, ReadsWhatItShould) {
  const auto value = parse_json(R"( {"a":[1,-2,true,false,null,"\u00fc\n\ud83d\ude00"],"":{}} )");
  ASSERT_TRUE(value);
  const json::object& object = value->as_object();
  EXPECT_EQ(object.at("a").as_array().size(), 6U);
  EXPECT_EQ(object.at("a").as_array()[5].as_string(), "ü\n😀");
  EXPECT_TRUE(object.at("").as_object().empty());
}

TEST(StrictJson, ReadsEveryKindOfValueAtTheTop) {
  for (const char* text : {"1", "\"\"", "null", "true", "[]", "{}", " \t\r\n1\n"})
    EXPECT_TRUE(parse_json(text)) << text;
}

TEST(StrictJson, RefusesDuplicateKeysAtAnyDepth) {
  for (const char* text : {
           R"({"a":1,"a":1})",
           R"({"a":1,"b":2,"a":3})",
           R"({"a":1,"\u0061":2})",
           R"({"\u0061":1,"a":2})",
           R"({"é":1,"\u00e9":2})",
           R"({"😀":1,"\ud83d\ude00":2})",
           R"({"/":1,"\/":2})",
           R"({"":1,"":2})",
           R"([[{"x":{"a":1,"a":2}}]])",
           R"({"a":{"b":1},"a":{"b":1}})",
           R"({"a":{"b":1,"c":2},"a":{}})",
           R"({"a":{},"a":{"b":1,"c":2}})",
       })
    EXPECT_THAT(complaint_about(text), HasSubstr("twice")) << text;
}

TEST(StrictJson, PointsAtTheKeyThatStandsTwice) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"a":1,"b":2,"a":3})", "/a"},
      {R"({"a":{"a":1},"b":[],"b":1})", "/b"},
      {R"([1,"x",null,true,[],{},[[2,{"x":{"a":1,"\u0061":2}}]]])", "/6/0/1/x/a"},
      {R"({"x/~":{"":1,"":2}})", "/x~1~0/"},
      {R"({"items":[{"op":1},{"op":1,"\"":[1,2.0e1],"op":2}]})", "/items/1/op"},
  };
  for (const auto& [text, pointer] : cases) {
    const auto value = parse_json(text, {.fractions = true});
    ASSERT_FALSE(value) << text;
    ASSERT_EQ(value.error().errors.size(), 1u) << text;
    EXPECT_EQ(value.error().errors.front().pointer, pointer);
    EXPECT_EQ(value.error().errors.front().code, "repeated");
  }
  const std::string name(10'000, 'k');
  const auto value = parse_json('{' + ('"' + name + "\":1,") + ('"' + name + "\":2}"));
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().errors.front().pointer, '/' + name);
}

TEST(StrictJson, ManyKeysStillHaveOneDuplicateFound) {
  std::string text = "{";
  for (int i = 0; i < 1'000; ++i) text += "\"key" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(parse_json(text + "\"key1000\":0}"));
  EXPECT_THAT(complaint_about(text + "\"key500\":0}"), HasSubstr("twice"));
}

TEST(StrictJson, TheSameKeyInTwoObjectsIsNoDuplicate) {
  EXPECT_TRUE(parse_json(R"({"a":{"a":[{"a":1},{"a":2}]},"b":{"a":1}})"));
  EXPECT_TRUE(parse_json(R"({"a":1,"A":2})"));
  // Canonically equivalent for Unicode, but other bytes: two keys.
  EXPECT_TRUE(parse_json(R"({"\u00e9":1,"e\u0301":2})"));
}

TEST(StrictJson, RefusesFractionsAndExponents) {
  for (const char* text : {"1.0", "0.5", "-1.5", "1e3", "1E3", "1e0", "0e0", "1e400", "-0.0",
                           "[1.0]", R"({"a":1e-3})"})
    EXPECT_THAT(complaint_about(text), HasSubstr("fraction")) << text;
}

TEST(StrictJson, IntegersEndWhereDoublesLoseThem) {
  EXPECT_EQ(parse_json("9007199254740991")->as_int64(), 9007199254740991);
  EXPECT_EQ(parse_json("-9007199254740991")->as_int64(), -9007199254740991);
  for (const char* text :
       {"9007199254740992", "-9007199254740992", "9223372036854775807", "-9223372036854775808",
        "9223372036854775808", "18446744073709551615", "18446744073709551616",
        "-9223372036854775809", "123456789012345678901234567890"})
    EXPECT_THAT(complaint_about(text), HasSubstr("2^53")) << text;
}

TEST(StrictJson, NumbersHaveOneSpelling) {
  for (const char* text : {"01", "-01", "+1", "-", ".5", "1.", "0x10", "NaN", "Infinity", "1_000"})
    EXPECT_FALSE(parse_json(text)) << text;
}

TEST(StrictJson, LimitsDepth) {
  EXPECT_TRUE(parse_json(nested(32)));
  EXPECT_FALSE(parse_json(nested(33)));
  EXPECT_FALSE(parse_json(nested(1'000'000)));
  const JsonLimits limits{.depth_max = 2};
  EXPECT_TRUE(parse_json(R"({"a":[1]})", limits));
  EXPECT_FALSE(parse_json(R"({"a":[{}]})", limits));
}

TEST(StrictJson, RefusesTextAfterTheValue) {
  for (const char* text : {"1 1", "{}{}", "{} x", "[]]", "null,", "1\n\n2"})
    EXPECT_NE(complaint_about(text), "accepted") << text;
  EXPECT_FALSE(parse_json(std::string_view("1\0", 2)));
}

TEST(StrictJson, RefusesWhatIsNoJson) {
  for (const char* text :
       {"", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "// x\n1", "/**/1", "nul", "True",
        "\"\n\"", "\"\t\"", "\"\\x\"", "\"\\u12\"", "\"a", "[1 2]"})
    EXPECT_NE(complaint_about(text), "accepted") << text;
}

TEST(StrictJson, RefusesInvalidUtf8) {
  for (const char* text : {
           "\"\xc3\x28\"",          // a broken pair
           "\"\x80\"",              // a continuation alone
           "\"\xc0\xaf\"",          // overlong
           "\"\xe0\x80\xaf\"",      // overlong
           "\"\xed\xa0\x80\"",      // a surrogate
           "\"\xf4\x90\x80\x80\"",  // beyond U+10FFFF
           "\"\xe2\x82\"",          // cut
           "{\"\xff\":1}",          // in a key
       })
    EXPECT_NE(complaint_about(text), "accepted") << text;
}

TEST(StrictJson, RefusesLoneSurrogates) {
  for (const char* text : {R"("\ud800")", R"("\udc00")", R"("\ud800x")", R"("\ud800\u0041")",
                           R"("\ud800\ud800")", R"({"\udfff":1})"})
    EXPECT_NE(complaint_about(text), "accepted") << text;
}

TEST(StrictJson, RefusesAByteOrderMark) {
  EXPECT_NE(complaint_about("\xef\xbb\xbf{}"), "accepted");
}

TEST(StrictJson, EveryCutIsRefused) {
  const std::string text = R"({"k":"chg","f":{"phone":[null,-12,"\u00fc\ud83d\ude00"]},"v":true})";
  for (std::size_t length = 0; length < text.size(); ++length)
    EXPECT_FALSE(parse_json(text.substr(0, length))) << length;
}

TEST(StrictJson, NamesThePlace) {
  EXPECT_THAT(complaint_about(R"({"a": x})"), StartsWith("at byte 6: "));
  EXPECT_THAT(complaint_about("{}  x"), StartsWith("at byte 4: "));
}

TEST(StrictJson, ObjectsOnly) {
  EXPECT_EQ(parse_json_object(R"({"a":1})")->at("a").as_int64(), 1);
  for (const char* text : {"[]", "1", "null", "\"{}\"", "{"}) {
    const auto value = parse_json_object(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, Errc::bad_json);
  }
}

TEST(StrictJson, FractionsOnlyWhenAskedFor) {
  const JsonLimits fractions{.fractions = true};
  for (const char* text : {"1.5", "-0.0", "1e3", "1E-3", "[0.1]", R"({"a":5e-324})"}) {
    EXPECT_THAT(complaint_about(text), HasSubstr("fraction")) << text;
    EXPECT_TRUE(parse_json(text, fractions)) << text;
  }
  EXPECT_EQ(parse_json("0.1", fractions)->as_double(), 0.1);
  EXPECT_EQ(parse_json("43.930599212646484", fractions)->as_double(), 43.930599212646484);
  EXPECT_EQ(to_json_text(parse_kept_json("-60.02289962768555")), "-60.02289962768555");
  EXPECT_TRUE(parse_json("1", fractions)->is_int64());
  // What has no finite double, and integers that only look large.
  for (const char* text : {"1e400", "-1e400", "9007199254740992", "123456789012345678901234567890",
                           "1.", ".5", "1e", "NaN"})
    EXPECT_FALSE(parse_json(text, fractions)) << text;
  EXPECT_THAT(parse_json("1e400", fractions).error().detail, HasSubstr("beyond what a double"));
}

}  // namespace
}  // namespace skerry
