#include "daemon/terminal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skerry::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::internal::CaptureStderr;
using ::testing::internal::CaptureStdout;
using ::testing::internal::GetCapturedStderr;
using ::testing::internal::GetCapturedStdout;

Error sample() {
  return Error(
      Errc::bundle_gap, "rows 4 to 6 are missing", "skerry exchange DIR",
      {{"/name", "too_long", "is too long"}, {"log.level", "x", "file:1: 'log.level' is"}});
}

TEST(Terminal, ResultsAreLinesForPeople) {
  Terminal terminal(false);
  CaptureStdout();
  terminal.line("{} of {}", 1, 2);
  terminal.document({{"a", 1}});
  terminal.next("go on");
  EXPECT_EQ(GetCapturedStdout(), "1 of 2\nNext: go on\n");
}

TEST(Terminal, ResultsAreObjectsForPrograms) {
  Terminal terminal(true);
  CaptureStdout();
  terminal.line("{} of {}", 1, 2);
  terminal.document({{"a", 1}});
  terminal.next("go on");
  EXPECT_EQ(GetCapturedStdout(), "{\"a\":1}\n");
}

TEST(Terminal, ANameIsNoUtf8AndStillNoHarm) {
  Terminal program(true);
  CaptureStdout();
  program.document({{"file", "bad\xff\xc3.skb \xe2\x82\xac"}});
  EXPECT_EQ(GetCapturedStdout(), "{\"file\":\"bad\xef\xbf\xbd\xef\xbf\xbd.skb \xe2\x82\xac\"}\n");
  EXPECT_EQ(Terminal::name("new\nline\x1b[2J\xff"), "new?line?[2J\xef\xbf\xbd");
  EXPECT_EQ(Terminal::clean("two\nlines"), "two\nlines");
}

TEST(Terminal, AnErrorGoesToStderrWithEveryComplaintAndTheNextStep) {
  Terminal terminal(false);
  CaptureStdout();
  CaptureStderr();
  terminal.error(sample());
  EXPECT_EQ(GetCapturedStdout(), "");
  EXPECT_EQ(GetCapturedStderr(),
            "skerry: rows 4 to 6 are missing\n  /name: is too long\n  file:1: 'log.level' is\n"
            "Next: skerry exchange DIR\n");
}

TEST(Terminal, ASingleComplaintIsSaidOnce) {
  const auto said = [](const char* detail, const char* complaint) {
    CaptureStderr();
    Terminal(false).error(
        Error(Errc::validation_failed, detail, {}, {{"/name", "too_long", complaint}}));
    return GetCapturedStderr();
  };
  EXPECT_EQ(said("name is too long", "is too long"), "skerry: name is too long\n");
  EXPECT_EQ(said("7 names no record", "7 names no record"), "skerry: /name: 7 names no record\n");
  EXPECT_EQ(said("it is too long", "is too long"),
            "skerry: it is too long\n  /name: is too long\n");
}

TEST(Terminal, AnErrorIsAnObjectToo) {
  Terminal terminal(true);
  CaptureStdout();
  CaptureStderr();
  terminal.error(sample());
  GetCapturedStderr();
  const auto text = GetCapturedStdout();
  EXPECT_THAT(text, HasSubstr(R"("code":"bundle_gap")"));
  EXPECT_THAT(text, HasSubstr(R"("exit":13)"));
  EXPECT_THAT(text, HasSubstr(R"("pointer":"/name")"));
}

TEST(Terminal, ForeignTextDoesNotDriveIt) {
  EXPECT_EQ(Terminal::clean("a\x1b[2Jb\x7f\r"), "a?[2Jb??");
  EXPECT_EQ(Terminal::clean("é\n"), "é\n");
}

TEST(Terminal, CountsAndSizes) {
  EXPECT_EQ(counted(1, "row"), "1 row");
  EXPECT_EQ(counted(0, "row"), "0 rows");
  EXPECT_EQ(sized(1023), "1023 bytes");
  EXPECT_EQ(sized(1536), "1.5 KiB");
  EXPECT_EQ(sized(3 * 1024 * 1024), "3.0 MiB");
}

}  // namespace
}  // namespace skerry::daemon
