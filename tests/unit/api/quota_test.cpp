// What a refusal says of the limit it comes of, and the full queue of writes over HTTP.
#include <fmt/format.h>
#include <future>

#include "api/problem.hpp"
#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

std::string headers_with(Errc code, const Quota& quota) {
  Error error(code, "too much");
  error.quota = quota;
  return problem(error, "id-1").headers;
}

TEST(Quota, StandsInTheRateLimitFields) {
  EXPECT_EQ(headers_with(Errc::too_many_requests, {"failed-tokens", 10, 0, 1}),
            "Retry-After: 1\r\n"
            "RateLimit-Policy: \"failed-tokens\";q=10;w=1\r\n"
            "RateLimit: \"failed-tokens\";r=0;t=1\r\n");
  EXPECT_EQ(headers_with(Errc::unauthorized, {"failed-tokens", 10, 7, 60}),
            "RateLimit-Policy: \"failed-tokens\";q=10;w=60\r\n"
            "RateLimit: \"failed-tokens\";r=7;t=60\r\n");
  EXPECT_EQ(headers_with(Errc::busy, {"queued-writes", 4096}),
            "Retry-After: 1\r\n"
            "RateLimit-Policy: \"queued-writes\";q=4096;qu=\"concurrent-requests\"\r\n"
            "RateLimit: \"queued-writes\";r=0;t=1\r\n");
}

// Holds the writer thread until the test lets it go.
struct Gate final : store::WriteJob {
  std::promise<void>& entered;
  std::shared_future<void> opened;
  Gate(std::promise<void>& e, std::shared_future<void> o) : entered(e), opened(std::move(o)) {}
  Result<void> run(store::Connection&) override {
    entered.set_value();
    opened.wait();
    return {};
  }
  void done(Result<void>) noexcept override {}
};

struct Filler final : store::WriteJob {
  Result<void> run(store::Connection&) override { return {}; }
  void done(Result<void>) noexcept override {}
};

class FullQueueTest : public HandlersTest {
 protected:
  static constexpr std::size_t jobs_max = 3;
  FullQueueTest() : HandlersTest(Role::central, {.queue_jobs_max = jobs_max}) {}
};

TEST_F(FullQueueTest, WritesAreRefusedUntilThereIsRoom) {
  std::promise<void> entered;
  std::promise<void> opened;
  ASSERT_TRUE(database->submit(std::make_unique<Gate>(entered, opened.get_future().share())));
  entered.get_future().wait();
  for (std::size_t i = 1; i < jobs_max; ++i)
    ASSERT_TRUE(database->submit(std::make_unique<Filler>()));
  // The last place, for a request that must be answered in the end.
  RawClient last = RawClient::unix_socket(folder / "socket");
  constexpr std::string_view body = R"({"name":"Last"})";
  last.send(
      fmt::format("POST /v1/customers HTTP/1.1\r\nHost: t\r\nContent-Length: {}\r\n"
                  "Content-Type: application/json\r\n\r\n{}",
                  body.size(), body));
  while (database->stats().queued < jobs_max) std::this_thread::yield();

  const Answer refused = post("/v1/customers", R"({"name":"Refused"})");
  EXPECT_EQ(refused.status, 503u);
  EXPECT_EQ(read_json(refused)["code"].as_string(), "busy");
  EXPECT_EQ(refused.header("Retry-After"), "1");
  EXPECT_EQ(refused.header("RateLimit-Policy"), "\"queued-writes\";q=3;qu=\"concurrent-requests\"");
  EXPECT_EQ(refused.header("RateLimit"), "\"queued-writes\";r=0;t=1");
  EXPECT_EQ(get("/v1/customers").status, 200u);  // who reads waits for nobody

  opened.set_value();
  EXPECT_EQ(last.receive().status, 201u);
  EXPECT_EQ(post("/v1/customers", R"({"name":"Later"})").status, 201u);
  EXPECT_THAT(get("/v1/customers").body, Not(HasSubstr("Refused")));
}

}  // namespace
}  // namespace skerry::api
