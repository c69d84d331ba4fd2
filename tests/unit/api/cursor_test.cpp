#include "api/cursor.hpp"

#include <gtest/gtest.h>

#include "api/router.hpp"

namespace skerry::api {
namespace {

constexpr Route route{Method::get, "/v1/{kind}", Access::read, Body::none, {}, "list", "Lists"};

Hash binding_of(std::string_view target) {
  Request request;
  request.route = &route;
  EXPECT_TRUE(parse_target(target, request.target));
  request.params.emplace_back("kind", request.target.segments.at(1));
  return list_binding(request);
}

constexpr std::array<std::uint8_t, 32> key{1, 2, 3};
const CursorCodec codec(key);
const Hash binding = binding_of("/v1/customers?name=a");

TEST(Cursor, GivesBackItsPosition) {
  for (const std::string& position :
       {std::string(), std::string("17"), std::string("\0\xff", 2), std::string(1024, 'x')}) {
    const Result<std::string> decoded = codec.decode(codec.encode(position, binding), binding);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, position);
  }
}

TEST(Cursor, IsRefusedForAnotherList) {
  const std::string cursor = codec.encode("17", binding);
  for (const char* other :
       {"/v1/customers", "/v1/customers?name=b", "/v1/contacts?name=a",
        "/v1/customers?name=a&name=a", "/v1/customers?namea", "/v1/customers?name=a&sort=x"}) {
    const Result<std::string> decoded = codec.decode(cursor, binding_of(other));
    ASSERT_FALSE(decoded) << other;
    EXPECT_EQ(decoded.error().code, Errc::bad_cursor);
    EXPECT_FALSE(decoded.error().next.empty());
  }
}

TEST(Cursor, TheOrderOfFiltersAndThePageSizeDoNotMatter) {
  const std::string cursor = codec.encode("17", binding_of("/v1/customers?a=1&b=2&limit=5"));
  EXPECT_TRUE(codec.decode(cursor, binding_of("/v1/customers?limit=9&b=2&a=1&cursor=x")));
}

TEST(Cursor, NeighbouringTextsDoNotRunTogether) {
  EXPECT_NE(binding_of("/v1/customers?ab=c"), binding_of("/v1/customers?a=bc"));
  EXPECT_NE(binding_of("/v1/customers?a=b&c=d"), binding_of("/v1/customers?a=bcd"));
}

TEST(Cursor, EveryFlippedBitIsSeen) {
  const std::string cursor = codec.encode("seventeen", binding);
  Bytes bytes = *from_base64url(cursor);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto mask = static_cast<std::uint8_t>(1u << bit % 8);
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ mask);
    EXPECT_FALSE(codec.decode(to_base64url(bytes), binding)) << bit;
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ mask);
  }
}

TEST(Cursor, EveryCutIsSeen) {
  const std::string cursor = codec.encode("seventeen", binding);
  for (std::size_t size = 0; size < cursor.size(); ++size)
    EXPECT_FALSE(codec.decode(std::string_view(cursor).substr(0, size), binding)) << size;
}

TEST(Cursor, OtherTextIsRefused) {
  for (const std::string& text : {std::string("!"), std::string("AAAA"), std::string(100, 'A'),
                                  std::string(100'000, 'A'), codec.encode("1", binding) + "="})
    EXPECT_FALSE(codec.decode(text, binding));
}

TEST(Cursor, AnotherDatabaseRefusesIt) {
  constexpr std::array<std::uint8_t, 32> other_key{3, 2, 1};
  EXPECT_FALSE(CursorCodec(other_key).decode(codec.encode("17", binding), binding));
}

}  // namespace
}  // namespace skerry::api
