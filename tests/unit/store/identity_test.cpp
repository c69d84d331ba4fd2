#include "store/identity.hpp"

#include "tests/unit/store/records_fixture.hpp"

namespace skerry::store {
namespace {

class IdentityTest : public RecordsTest {};

TEST_F(IdentityTest, IsWrittenByInitAndCompletedByEnrolment) {
  in_job([&](Connection& connection) {
    EXPECT_FALSE(read_identity(connection));
    write_identity(connection, {Role::site, SiteId{}, "Plant 7"});
    auto found = read_identity(connection);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->role, Role::site);
    EXPECT_TRUE(found->id.is_zero());
    EXPECT_EQ(found->name, "Plant 7");
    const auto id = new_id<SiteId>(random_);
    write_identity(connection, {Role::site, id, "Plant 7"});
    EXPECT_EQ(read_identity(connection)->id, id);
    write_identity(connection, {Role::central, SiteId{}, "Vendor"});
    EXPECT_EQ(read_identity(connection)->role, Role::central);
  });
}

TEST_F(IdentityTest, ADamagedOneIsNotBelieved) {
  in_job([](Connection& connection) {
    write_identity(connection, {Role::site, SiteId{}, "Plant 7"});
    write_meta(connection, "role", "captain");
    EXPECT_THROW(static_cast<void>(read_identity(connection)), StorageError);
    write_meta(connection, "role", "site");
    write_meta(connection, "id", "7");
    EXPECT_THROW(static_cast<void>(read_identity(connection)), StorageError);
  });
}

TEST_F(IdentityTest, SettingsAreReplaced) {
  in_job([](Connection& connection) {
    EXPECT_FALSE(read_meta(connection, "colour"));
    write_meta(connection, "colour", "red");
    write_meta(connection, "colour", "");
    EXPECT_EQ(read_meta(connection, "colour"), "");
  });
}

}  // namespace
}  // namespace skerry::store
