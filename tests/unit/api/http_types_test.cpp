#include "api/http_types.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/problem.hpp"
#include "core/log.hpp"

namespace skerry::api {
namespace {

TEST(Events, AreFormedLineByLine) {
  EXPECT_EQ(to_event("7", "change", "{}"), "id: 7\nevent: change\ndata: {}\n\n");
  EXPECT_EQ(to_event("", "", "a\nb\n"), "data: a\ndata: b\ndata: \n\n");
}

TEST(Response, HeadersAreLines) {
  Response response = Response::json(200, std::string("{}"));
  response.header("ETag", "\"7\"").header("Link", "</a>; rel=\"next\"");
  EXPECT_EQ(response.headers, "ETag: \"7\"\r\nLink: </a>; rel=\"next\"\r\n");
}

TEST(ResponseDeathTest, AHeaderCannotBeSplit) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(Response().header("ETag", "a\r\nSet-Cookie: b"), "check failed");
}

TEST(Problem, FollowsTheTableOfErrors) {
  for (const Errc code : {Errc::bad_request, Errc::not_found, Errc::busy, Errc::too_many_requests,
                          Errc::storage_full, Errc::internal}) {
    const Response response = problem(Error(code), "id-1");
    const ErrcInfo& entry = info(code);
    EXPECT_EQ(response.status, static_cast<unsigned>(entry.http_status));
    EXPECT_EQ(response.content_type, "application/problem+json");
    const Result<json::object> body = parse_json_object(std::get<std::string>(response.body));
    ASSERT_TRUE(body);
    EXPECT_EQ(body->at("code").as_string(), entry.slug);
    EXPECT_EQ(body->at("title").as_string(), entry.title);
    EXPECT_EQ(body->at("type").as_string(), std::string("/problems/").append(entry.slug));
    EXPECT_EQ(body->at("instance"), "id-1");
    EXPECT_FALSE(body->contains("detail") || body->contains("errors"));
    EXPECT_EQ(body->contains("next"), entry.http_status == 400 || entry.http_status == 422);
    const bool again = entry.http_status == 429 || entry.http_status == 503;
    EXPECT_EQ(response.headers, again ? "Retry-After: 1\r\n" : "");
  }
}

TEST(Log, ATextCannotForgeALine) {
  testing::internal::CaptureStderr();
  log(Level::warning, "from {}", "a\n<2>b\r\x1b[31m");
  log(Level::debug, "not shown");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "warning: from a?<2>b??[31m\n");
}

TEST(Log, PrioritiesAreForTheJournalAlone) {
  testing::internal::CaptureStderr();
  struct stat status {};
  ASSERT_EQ(::fstat(STDERR_FILENO, &status), 0);
  ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", status.st_dev, status.st_ino).c_str(), 1);
  log(Level::warning, "to the journal");
  ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", status.st_dev, status.st_ino + 1).c_str(), 1);
  log(Level::critical, "to somebody");
  ::setenv("JOURNAL_STREAM", "nonsense", 1);
  log(Level::error, "to a file");
  ::unsetenv("JOURNAL_STREAM");
  log(Level::info, "to a person");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "<4>to the journal\ncritical: to somebody\nerror: to a file\nto a person\n");
}

TEST(Log, LongLinesAreCut) {
  testing::internal::CaptureStderr();
  log(Level::info, "{}", std::string(100'000, 'x'));
  EXPECT_EQ(testing::internal::GetCapturedStderr().size(), 4096u + 1u);
}

}  // namespace
}  // namespace skerry::api
