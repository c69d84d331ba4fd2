#include "server_fixture.hpp"

namespace skerry::api {
namespace {

TEST_F(ServerTest, AGetGoesThroughTheRouteTable) {
  start();
  const Answer answer = get("/hello/world");
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.body, R"({"hello":"world"})");
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(answer.header("Content-Length"), "17");
  EXPECT_EQ(answer.header("X-Request-Id"), "abcd1234-1");
  EXPECT_TRUE(answer.header("Date").ends_with(" GMT"));
}

}  // namespace
}  // namespace skerry::api
