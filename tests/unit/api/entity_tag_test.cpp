#include "api/handlers/entity_tag.hpp"

#include <gmock/gmock.h>

namespace skerry::api {
namespace {

TEST(EntityTagTest, ReadsIfMatch) {
  EXPECT_EQ(required_revision("").error().code, Errc::precondition_required);
  EXPECT_EQ(required_revision("17").error().code, Errc::bad_request);
  EXPECT_EQ(required_revision("\"1\", \"2\"").error().code, Errc::bad_request);
  EXPECT_EQ(*required_revision(" * "), std::nullopt);
  EXPECT_EQ(*required_revision("\"17\""), 17);
  for (const char* other : {"\"\"", "\"017\"", "\"x\"", "\"-1\"", "W/\"17\""})
    EXPECT_EQ(*required_revision(other), -1) << other;
}

}  // namespace
}  // namespace skerry::api
