// Paths as Go's path.Clean, gorilla/mux and net/url have them.
#include "api/relay_path.hpp"

#include <gtest/gtest.h>

namespace skerry::api {
namespace {

TEST(RelayPath, IsCleanedAsGoCleansIt) {
  const std::pair<const char*, const char*> cases[] = {
      {"/", "/"},           {"//", "/"},           {"/v1/nodes/a", "/v1/nodes/a"},
      {"//v1/a", "/v1/a"},  {"/v1//a", "/v1/a"},   {"/v1/./a", "/v1/a"},
      {"/v1/a/", "/v1/a/"}, {"/v1/a//", "/v1/a/"}, {"/v1/a/.", "/v1/a"},
      {"/v1/a/..", "/v1"},  {"/v1/../..", "/"},    {"/v1/a/../", "/v1/"},
      {"/..a/b", "/..a/b"},
  };
  for (const auto& [given, clean] : cases) EXPECT_EQ(clean_path(given), clean) << given;
}

TEST(RelayPath, IsDecodedAndEncoded) {
  EXPECT_EQ(decoded_path("/a%2Fb%20%c3%a9+"), "/a/b \u00e9+");
  for (const char* const wrong : {"/%", "/%2", "/%2g", "/%-1", "/%zz"})
    EXPECT_FALSE(decoded_path(wrong)) << wrong;
  EXPECT_EQ(encoded_path("/a b\u00e9!?%\r\n"), "/a%20b%C3%A9%21%3F%25%0D%0A");
  EXPECT_EQ(encoded_path("/v1/$&+,:;=@-_.~"), "/v1/$&+,:;=@-_.~");
}

}  // namespace
}  // namespace skerry::api
