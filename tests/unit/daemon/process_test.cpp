#include "daemon/process.hpp"

#include <filesystem>
#include <gtest/gtest.h>
#include <thread>

#include "tests/unit/temporary_folder.hpp"

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

TEST(StartProgram, GoesOnAfterItSaidThatItIsReady) {
  const TemporaryFolder temporary;
  const auto log = temporary.path() / "log";
  const auto gone = temporary.path() / "gone";
  ASSERT_TRUE(start_program(
      {"sh", "-c", "echo talk >&2; echo ready now; mv \"$0\" \"$1\"", log.string(), gone.string()},
      log, "ready "));
  while (!std::filesystem::exists(gone)) std::this_thread::yield();
}

TEST(StartProgram, OneThatEndsFirstNamesItsLog) {
  const TemporaryFolder temporary;
  const auto started =
      start_program({"sh", "-c", "echo no >&2; exit 7"}, temporary.path() / "log", "ready ");
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().detail.find("status 7"), std::string::npos) << started.error().detail;
  EXPECT_NE(started.error().next.find("log"), std::string::npos);
}

TEST(StartProgram, AnotherFirstLineIsNotReady) {
  const TemporaryFolder temporary;
  EXPECT_FALSE(start_program({"sh", "-c", "echo steady; exec sleep 600"}, temporary.path() / "log",
                             "ready "));
}

}  // namespace
}  // namespace skerry::daemon
