#include "daemon/daemon_client.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "api/problem.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::daemon {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

TEST(Query, IsEncoded) {
  EXPECT_EQ(Query().text(), "");
  EXPECT_EQ(Query().add("map", "name=A&B ü").add_if("x", "").add("y", "~").text(),
            "?map=name%3DA%26B%20%C3%BC&y=~");
  EXPECT_EQ(Query().add("q", "n\xff&").text(), "?q=n\xff&") << "no text, and sent nowhere";
}

TEST(Problem, ComesBackAsTheErrorItWas) {
  const Error error = error_of_problem(
      409,
      R"({"type":"/problems/bundle_gap","title":"t","status":409,"detail":"d","code":"bundle_gap",)"
      R"("next":"n","errors":[{"pointer":"/a","code":"c","detail":"x"}]})");
  EXPECT_EQ(error.code, Errc::bundle_gap);
  EXPECT_EQ(error.detail, "d");
  EXPECT_EQ(error.next, "n");
  ASSERT_EQ(error.errors.size(), 1u);
  EXPECT_EQ(error.errors[0].pointer, "/a");
}

TEST(Problem, WhoTypesACommandIsToldOfNoRequest) {
  const auto next = [](std::vector<FieldError> errors) {
    const auto answer = api::problem(Error(Errc::bad_request, "no", {}, std::move(errors)), "1");
    return error_of_problem(400, std::get<std::string>(answer.body)).next;
  };
  EXPECT_EQ(next({}), "--help after the command says what it takes");
  EXPECT_EQ(next({{"/a", "c", "x"}}), "correct this, and run the command again");
}

TEST(Problem, AnythingElseIsADefect) {
  for (const char* body : {"", "<html>", "[]", R"({"code":"no such code"})", R"({"code":5})"})
    EXPECT_EQ(error_of_problem(500, body).code, Errc::internal) << body;
}

class Inputs : public ::testing::Test {
 protected:
  TemporaryFolder temporary;
  const fs::path folder = temporary.path();
};

TEST_F(Inputs, ARegularFile) {
  std::ofstream(folder / "a") << "12345";
  const auto file = open_input(folder / "a");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->size, 5u);
}

TEST_F(Inputs, EverythingElseIsRefusedByName) {
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  for (const fs::path& path :
       {folder, folder / "pipe", folder / "nothing", fs::path("/dev/null")}) {
    const auto file = open_input(path);
    ASSERT_FALSE(file) << path;
    EXPECT_EQ(file.error().code, Errc::bad_input);
    EXPECT_THAT(file.error().detail, HasSubstr(path.string()));
  }
}

TEST_F(Inputs, NobodyAtTheSocketIsUnreachableWithTheWayOut) {
  Config config;
  config.data_folder = folder;
  Terminal terminal(false);
  DaemonClient client(config, terminal);
  const auto status = client.get("/v1/status");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Errc::unreachable);
  EXPECT_THAT(status.error().next, HasSubstr("skerry serve --data " + folder.string()));
}

}  // namespace
}  // namespace skerry::daemon
