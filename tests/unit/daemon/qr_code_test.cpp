#include "daemon/qr_code.hpp"

#include <algorithm>
#include <gmock/gmock.h>

#include "core/text.hpp"

namespace skerry::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// The finder patterns stand in three corners of every code.
bool has_finder(const QrCode& code, std::size_t left, std::size_t top) {
  for (std::size_t y = 0; y < 7; ++y)
    for (std::size_t x = 0; x < 7; ++x) {
      const std::size_t ring =
          std::max(x > 3 ? x - 3 : 3 - x, y > 3 ? y - 3 : 3 - y);  // from the middle
      if (code.is_dark(left + x, top + y) != (ring != 2)) return false;
    }
  return true;
}

TEST(QrCode, IsOne) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{400}, qr_bytes_max}) {
    const auto code = make_qr_code(std::string(bytes, 'x'));
    ASSERT_TRUE(code) << bytes;
    EXPECT_EQ(code->width % 4, 1u);
    EXPECT_TRUE(has_finder(*code, 0, 0));
    EXPECT_TRUE(has_finder(*code, code->width - 7, 0));
    EXPECT_TRUE(has_finder(*code, 0, code->width - 7));
    EXPECT_FALSE(has_finder(*code, code->width - 7, code->width - 7));
  }
}

TEST(QrCode, WhatNoCodeHoldsIsRefusedWithTheRemedy) {
  const auto large = make_qr_code(std::string(qr_bytes_max + 1, 'x'));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Errc::bad_input);
  EXPECT_THAT(large.error().detail, HasSubstr("2954 bytes"));
  EXPECT_FALSE(make_qr_code(""));
  const auto too_large = qr_parts(std::string(qr_parts_max * qr_part_bytes + 1, 'x'));
  ASSERT_FALSE(too_large);
  EXPECT_THAT(too_large.error().next, HasSubstr("carry the file"));
  EXPECT_FALSE(qr_parts(""));
}

TEST(QrCode, WhatOneCodeDoesNotHoldIsInSeveral) {
  EXPECT_EQ(qr_parts(std::string(qr_bytes_max, 'x'))->size(), 1u);
  std::string text;
  for (int i = 0; i < 901; ++i) text += "ähn";
  auto parts = qr_parts(text).value();
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_THAT(parts[1], StartsWith("2/4:"));
  for (const std::string& part : parts) {
    EXPECT_TRUE(is_utf8(part));
    EXPECT_TRUE(make_qr_code(part));
  }
  std::swap(parts[0], parts[3]);
  const auto lines = [&](std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += parts[i] + "\n";
    return all;
  };
  EXPECT_EQ(join_qr_parts(lines(4)).value(), text);
  EXPECT_EQ(join_qr_parts(lines(4) + parts[2]).value(), text);  // one that was read twice
  std::string scanned;  // as some programs write what they read
  for (const std::string& part : parts) scanned += part + "\r\n\r\n";
  EXPECT_EQ(join_qr_parts(scanned).value(), text);
  EXPECT_FALSE(qr_parts(std::string(qr_bytes_max + 1, '\x80')));  // no text
  const auto missing = join_qr_parts(lines(3));
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().detail, HasSubstr("part 1 of 4"));
  EXPECT_FALSE(join_qr_parts(lines(4) + "1/5:x"));
  const auto differs = join_qr_parts(lines(4) + "2/4:x");
  ASSERT_FALSE(differs);
  EXPECT_THAT(differs.error().detail, HasSubstr("part 2 of 4 is there twice"));
  for (const std::string_view whole : {"", "{}", "{\"a\":1}\n", "1/0:x", "3/2:x", "1/2", "/"})
    EXPECT_EQ(join_qr_parts(whole).value(), whole);
  EXPECT_EQ(join_qr_parts("1/2:{\n2/2:\n}").value_or(""), "");  // an empty part is none
  EXPECT_EQ(join_qr_parts("1/2:{\n \"a\"\n2/2::1}").value(), "{\n \"a\":1}");
}

TEST(QrCode, IsDrawnWithItsMargin) {
  const auto code = make_qr_code("hello").value();
  const std::string text = qr_text(code);
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')),
            (code.width + 8 + 1) / 2);
  const std::string first = text.substr(0, text.find('\n'));
  std::string light;
  for (std::size_t i = 0; i < code.width + 8; ++i) light.append("█");
  EXPECT_EQ(first, light);
  EXPECT_THAT(qr_svg(code), StartsWith("<svg "));
  EXPECT_THAT(qr_svg(code), HasSubstr("M4 4h1v1h-1z"));  // the first module behind the margin
  const std::string png = qr_png(code);
  EXPECT_THAT(png, StartsWith("\x89PNG\r\n\x1a\n"));
  EXPECT_EQ(static_cast<std::uint8_t>(png[19]), (code.width + 8) * 8 % 256);  // its width
}

}  // namespace
}  // namespace skerry::daemon
