#include "daemon/process.hpp"

#include <gtest/gtest.h>

namespace skerry::daemon {
namespace {

TEST(RunProgram, GivesTheOutputAndTheExitCode) {
  const auto ran = run_program({"sh", "-c", "echo one; echo two; exit 3"}, 100);
  ASSERT_TRUE(ran) << ran.error().detail;
  EXPECT_EQ(ran->status, 3);
  EXPECT_EQ(ran->out, "one\ntwo\n");
}

TEST(RunProgram, KeepsTheEndOfALongOutput) {
  const auto ran = run_program({"sh", "-c", "seq 1 100000"}, 14);
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->out, "\n99999\n100000\n");
}

TEST(RunProgram, NoWordIsForAShell) {
  const auto ran = run_program({"printf", "%s", "$(id); `id` *"}, 100);
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->out, "$(id); `id` *");
}

TEST(RunProgram, StandardInputIsEmpty) {
  const auto ran = run_program({"cat"}, 100);
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->out, "");
}

TEST(RunProgram, ASignalIsTold) {
  const auto ran = run_program({"sh", "-c", "kill -9 $$"}, 100);
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->status, 128 + 9);
}

TEST(RunProgram, AProgramThatIsNotThere) {
  const auto ran = run_program({"skerry-no-such-program"}, 100, true);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, Errc::not_found);
}

}  // namespace
}  // namespace skerry::daemon
