#include "api/await.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>
#include <vector>

#include "api/notifier.hpp"

namespace skerry::api {
namespace {

using namespace std::chrono_literals;

struct NoDefault {
  explicit NoDefault(int number_in) : number(number_in) {}
  int number;
};

Task<void> take(Completion<NoDefault> completion, int& sum, std::thread::id& where) {
  NoDefault value = co_await completion.wait();
  sum += value.number;
  where = std::this_thread::get_id();
}

TEST(Completion, MayComeBeforeTheWait) {
  asio::io_context context;
  Completion<NoDefault> completion;
  completion.complete(NoDefault(7));
  int sum = 0;
  std::thread::id where;
  spawn(context.get_executor(), "test", take(completion, sum, where));
  context.run();
  EXPECT_EQ(sum, 7);
}

TEST(Completion, ResumesOnTheWaitersExecutor) {
  asio::io_context context;
  Completion<NoDefault> completion;
  int sum = 0;
  std::thread::id where;
  spawn(context.get_executor(), "test", take(completion, sum, where));
  context.poll();  // it waits now
  std::thread worker([completion]() mutable { completion.complete(NoDefault(8)); });
  worker.join();
  EXPECT_EQ(sum, 0);
  context.restart();
  context.run();
  EXPECT_EQ(sum, 8);
  EXPECT_EQ(where, std::this_thread::get_id());
}

// Either order of complete() and wait(), many times, under the eyes of TSan.
TEST(Completion, RacesWithTheWait) {
  asio::io_context context;
  constexpr int rounds = 500;
  std::vector<Completion<NoDefault>> completions(rounds);
  int sum = 0;
  std::thread::id where;
  std::thread worker([completions]() mutable {
    for (Completion<NoDefault>& completion : completions) completion.complete(NoDefault(1));
  });
  for (Completion<NoDefault>& completion : completions)
    spawn(context.get_executor(), "test", take(completion, sum, where));
  context.run();
  worker.join();
  EXPECT_EQ(sum, rounds);
}

TEST(CompletionDeathTest, CompletesOnce) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Completion<int> completion;
  completion.complete(1);
  EXPECT_DEATH(completion.complete(2), "check failed");
}

Task<void> fail_at_once() {
  throw std::runtime_error("no");
  co_return;
}

TEST(Spawn, LogsAndPassesOnWhatATaskThrows) {
  asio::io_context context;
  spawn(context.get_executor(), "the doomed one", fail_at_once());
  testing::internal::CaptureStderr();
  EXPECT_THROW(context.run(), std::runtime_error);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("critical: the task the doomed one"),
            std::string::npos);
}

Task<void> sleep_on(Notifier& notifier, Interrupt& interrupt, std::uint64_t seen,
                    std::chrono::milliseconds timeout, std::optional<Woken>& why) {
  why = co_await notifier.wait(interrupt, seen, timeout);
}

struct NotifierTest : testing::Test {
  void sleep(std::uint64_t seen, std::chrono::milliseconds timeout) {
    spawn(context.get_executor(), "test", sleep_on(notifier, interrupt, seen, timeout, why));
    context.restart();
    context.poll();
  }
  void wake() {
    context.restart();
    context.run();
  }
  asio::io_context context;
  Notifier notifier;
  Interrupt interrupt;
  std::optional<Woken> why;
};

TEST_F(NotifierTest, WakesASleeper) {
  sleep(notifier.generation(), 1h);
  EXPECT_EQ(why, std::nullopt);
  notifier.notify_all();
  wake();
  EXPECT_EQ(why, Woken::notified);
}

TEST_F(NotifierTest, MissesNothingBetweenReadingAndSleeping) {
  const std::uint64_t seen = notifier.generation();
  notifier.notify_all();
  sleep(seen, 1h);
  EXPECT_EQ(why, Woken::notified);
}

TEST_F(NotifierTest, TimesOut) {
  sleep(notifier.generation(), 1ms);
  wake();
  EXPECT_EQ(why, Woken::timed_out);
  notifier.notify_all();  // nobody is left in the list
}

TEST_F(NotifierTest, IsInterrupted) {
  sleep(notifier.generation(), 1h);
  interrupt.raise();
  wake();
  EXPECT_EQ(why, Woken::interrupted);
  why.reset();
  sleep(notifier.generation(), 1h);  // and stays so
  EXPECT_EQ(why, Woken::interrupted);
}

}  // namespace
}  // namespace skerry::api
