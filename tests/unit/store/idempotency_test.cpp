#include "store/idempotency.hpp"

#include "crypto/sha256.hpp"
#include "store/run_clock.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {
namespace {

class IdempotencyTest : public MachineStoreTest {
 protected:
  void keep(std::string_view principal, std::string_view key, const std::string& body,
            UnixMillis now) {
    write([&](Connection& connection) -> Result<void> {
      keep_answer(connection, principal, key,
                  {crypto::sha256(as_bytes(body)), 201, "X: 1\r\n", body}, now);
      return {};
    });
  }
  std::optional<KeptAnswer> find(std::string_view principal, std::string_view key, UnixMillis now) {
    const Reader reader = database->read();
    return find_kept_answer(*reader, principal, key, now);
  }
};

TEST_F(IdempotencyTest, AKeyBelongsToItsPrincipal) {
  keep("uid:0", "k", "one", 1);
  keep("token:a", "k", "two", 1);
  EXPECT_EQ(find("uid:0", "k", 2)->body, "one");
  EXPECT_EQ(find("token:a", "k", 2)->body, "two");
  EXPECT_EQ(find("token:a", "k", 2)->headers, "X: 1\r\n");
  EXPECT_EQ(find("token:a", "k", 2)->status, 201);
  EXPECT_EQ(find("token:a", "k", 2)->request_hash, crypto::sha256(as_bytes("two")));
  EXPECT_FALSE(find("token:b", "k", 2));
}

TEST_F(IdempotencyTest, AnAnswerIsKeptSevenDays) {
  keep("uid:0", "k", "one", 1000);
  EXPECT_TRUE(find("uid:0", "k", 1000 + kept_answer_ms - 1));
  EXPECT_FALSE(find("uid:0", "k", 1000 + kept_answer_ms));
  keep("uid:0", "k", "new", 1000 + kept_answer_ms);  // in the place of the old one
  EXPECT_EQ(find("uid:0", "k", 1001 + kept_answer_ms)->body, "new");
}

TEST_F(IdempotencyTest, PurgesTheOldestFirst) {
  for (int i = 1; i <= 5; ++i) keep("uid:0", std::to_string(i), "b", i);
  const auto purge = [&](UnixMillis now, std::int64_t rows) {
    return run([&](Connection& connection) -> Result<std::int64_t> {
      return purge_kept_answers(connection, now, rows);
    });
  };
  EXPECT_EQ(*purge(4 + kept_answer_ms, 3), 3);
  EXPECT_EQ(number("SELECT min(created_at) FROM idempotency"), 4);
  EXPECT_EQ(*purge(4 + kept_answer_ms, 3), 1);
  EXPECT_EQ(*purge(4 + kept_answer_ms, 3), 0);
}

TEST_F(IdempotencyTest, RunTimeGoesOnWhereTheLastRunWas) {
  TestClock ticks;
  ticks.now = 100;
  const auto keep_time = [](const RunClock& time) {
    return [&time](Connection& connection) -> Result<void> {
      time.keep(connection);
      return {};
    };
  };
  const RunClock first(*database, ticks);
  EXPECT_EQ(first.now(), 0);
  ticks.now = 5'000;
  EXPECT_EQ(first.now(), 4'900);
  write(keep_time(first));
  ticks.now = 7;  // the machine was off: its monotonic clock began anew
  const RunClock second(*database, ticks);
  EXPECT_EQ(second.now(), 4'900);
  ticks.now = 107;
  keep("uid:0", "k", "one", second.now());  // and then it lost its power
  EXPECT_EQ(RunClock(*database, ticks).now(), 5'000);
}

}  // namespace
}  // namespace skerry::store
