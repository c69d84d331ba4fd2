#include "api/router.hpp"

#include <gtest/gtest.h>

namespace skerry::api {
namespace {

struct Nothing {};
Response answer(Nothing&, Request&) { return Response::empty(); }
constexpr Handler h = handler<answer>;

constexpr Route routes_here[] = {
    {Method::get, "/", Access::open, Body::none, h, "root", ""},
    {Method::get, "/v1/{kind}", Access::read, Body::none, h, "list", ""},
    {Method::post, "/v1/{kind}", Access::write, Body::json, h, "create", ""},
    {Method::post, "/v1/{kind}:batch", Access::write, Body::json, h, "batch", ""},
    {Method::get, "/v1/changes", Access::read, Body::none, h, "changes", ""},
    {Method::get, "/v1/openapi.json", Access::open, Body::none, h, "openapi", ""},
    {Method::get, "/v1/{kind}/{id}", Access::read, Body::none, h, "get", ""},
    {Method::del, "/v1/{kind}/{id}", Access::write, Body::none, h, "delete", ""},
    {Method::get, "/v1/conflicts/{id}", Access::read, Body::none, h, "conflict", ""},
    {Method::post, "/v1/conflicts/{id}:resolve", Access::write, Body::json, h, "resolve", ""},
    {Method::get, "/v1/{kind}/search", Access::read, Body::none, h, "search", ""},
};

struct RouterTest : testing::Test {
  const Router::Path* find(std::string_view target) {
    EXPECT_TRUE(parse_target(target, request.target)) << target;
    return router.find(request);
  }
  std::string pattern(std::string_view target) {
    const Router::Path* path = find(target);
    return path ? std::string(path->pattern) : "none";
  }
  Nothing nothing;
  Router router{routes_here, nothing};
  Request request;
};

TEST_F(RouterTest, TheMostLiteralPatternWins) {
  EXPECT_EQ(pattern("/"), "/");
  EXPECT_EQ(pattern("/v1/customers"), "/v1/{kind}");
  EXPECT_EQ(pattern("/v1/changes"), "/v1/changes");
  EXPECT_EQ(pattern("/v1/openapi.json"), "/v1/openapi.json");
  EXPECT_EQ(pattern("/v1/customers:batch"), "/v1/{kind}:batch");
  EXPECT_EQ(pattern("/v1/customers/7"), "/v1/{kind}/{id}");
  EXPECT_EQ(pattern("/v1/customers/search"), "/v1/{kind}/search");
  EXPECT_EQ(pattern("/v1/conflicts/7"), "/v1/conflicts/{id}");
  EXPECT_EQ(pattern("/v1/conflicts/search"), "/v1/conflicts/{id}");
  EXPECT_EQ(pattern("/v1/conflicts/7:resolve"), "/v1/conflicts/{id}:resolve");
  EXPECT_EQ(pattern("/v1/conflicts/:resolve"), "/v1/conflicts/{id}");
  for (const char* target :
       {"/v1", "/v1/", "/v2/customers", "/v1/a/b/c", "//v1/a", "/v1/customers/"})
    EXPECT_EQ(pattern(target), "none") << target;
}

TEST_F(RouterTest, ParametersAreCaptured) {
  find("/v1/customers/a%2Fb");
  EXPECT_EQ(request.param("kind"), "customers");
  EXPECT_EQ(request.param("id"), "a/b");
  find("/v1/conflicts/7:resolve");
  EXPECT_EQ(request.param("id"), "7");
  find("/v1/a:b:batch");
  EXPECT_EQ(request.param("kind"), "a:b");
  find("/v1/changes");
  EXPECT_TRUE(request.params.empty());
}

TEST_F(RouterTest, MethodsBelongToTheChosenPattern) {
  const Router::Path* path = find("/v1/customers");
  EXPECT_EQ(path->routes[static_cast<std::size_t>(Method::post)]->operation_id, "create");
  EXPECT_EQ(path->routes[static_cast<std::size_t>(Method::put)], nullptr);
  EXPECT_EQ(path->allow, "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(find("/v1/changes")->allow, "GET, HEAD, OPTIONS");
  EXPECT_EQ(find("/v1/customers/7")->allow, "GET, HEAD, DELETE, OPTIONS");
}

TEST(RouterDeathTest, TablesThatContradictThemselvesAreDefects) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Nothing nothing;
  const Route twice[] = {routes_here[0], routes_here[0]};
  EXPECT_DEATH(Router(twice, nothing), "check failed");
  const Route open_brace[] = {{Method::get, "/{a", Access::open, Body::none, h, "", ""}};
  EXPECT_DEATH(Router(open_brace, nothing), "check failed");
  int other = 0;
  EXPECT_DEATH(Router(routes_here, other), "check failed");
}

TEST_F(RouterTest, AnUnknownParameterIsADefect) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  find("/v1/customers");
  EXPECT_DEATH((void)request.param("id"), "check failed");
}

}  // namespace
}  // namespace skerry::api
