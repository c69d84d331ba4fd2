// New keys of a machine: prepared, counted on by the database, put in place, and cut off at every
// step between.
#include <gtest/gtest.h>

#include "crypto/secret.hpp"
#include "daemon/folder.hpp"
#include "daemon/init.hpp"
#include "store/database.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::daemon {
namespace {

namespace fs = std::filesystem;

class NewKeys : public ::testing::Test {
 protected:
  NewKeys() {
    EXPECT_TRUE(initialise({folder.path, parent / "anchor", Role::site, "mine"}));
    const sync::Keys first = load_keys(folder).value();
    old_sign = first.sign.verify_key().to_text();
    old_age = first.age.recipient().to_text();
  }
  // As a start of the machine finds it; the signing key in force.
  std::string start() {
    const auto database = store::Database::open(folder.path);
    keys = load_own_keys(folder, *(*database)->read());
    return keys ? keys->sign.verify_key().to_text() : keys.error().detail;
  }
  sync::Keys prepare() { return prepare_next_keys(folder, random).value(); }
  void count_on(const sync::Keys& next) {
    const auto database = store::Database::open(folder.path);
    const auto work = [&](store::Connection& connection) -> Result<void> {
      sync::remember_keys(connection, next);
      return {};
    };
    EXPECT_TRUE((*database)->write(work));
  }
  void expect_in_place(const sync::Keys& next) {
    EXPECT_EQ(start(), next.sign.verify_key().to_text());
    ASSERT_TRUE(keys);
    EXPECT_EQ(keys->age.recipient(), next.age.recipient());
    ASSERT_EQ(keys->earlier.size(), 1u);
    EXPECT_EQ(keys->earlier.front().recipient().to_text(), old_age);
    EXPECT_FALSE(fs::exists(folder.next_keys()));
    EXPECT_EQ(start(), next.sign.verify_key().to_text());
  }

  TemporaryFolder temporary;
  const fs::path parent = temporary.path();
  DataFolder folder{parent / "data"};
  crypto::SystemRandom random;
  std::string old_sign, old_age;
  Result<sync::Keys> keys = fail(Errc::internal, "");
};

TEST_F(NewKeys, PreparedOnesAreNotInUse) {
  const sync::Keys next = prepare();
  EXPECT_EQ(start(), old_sign);
  EXPECT_TRUE(keys->earlier.empty());
  EXPECT_EQ(prepare().sign.verify_key(), next.sign.verify_key());  // the same ones again
  EXPECT_TRUE(*find_next_keys(folder));
}

TEST_F(NewKeys, HalfOfThemAreNone) {
  const sync::Keys next = prepare();
  fs::remove(folder.next_keys() / "sign.pem");  // which is written last
  EXPECT_FALSE(*find_next_keys(folder));
  EXPECT_EQ(start(), old_sign);
  EXPECT_FALSE(prepare().sign.verify_key() == next.sign.verify_key());
}

TEST_F(NewKeys, TheStartPutsThemInPlace) {
  const sync::Keys next = prepare();
  count_on(next);
  expect_in_place(next);
}

// Each file may have been moved when the machine was cut off; the signing key is the last.
TEST_F(NewKeys, CutOffBetweenTheSteps) {
  const sync::Keys next = prepare();
  count_on(next);
  fs::create_directory(folder.earlier_keys());
  fs::permissions(folder.earlier_keys(), fs::perms::owner_all);
  fs::copy_file(folder.age_key(), folder.earlier_keys() / (old_age.substr(4, 16) + ".key"));
  expect_in_place(next);
}

TEST_F(NewKeys, CutOffBehindTheAgeKey) {
  const sync::Keys next = prepare();
  count_on(next);
  fs::create_directory(folder.earlier_keys());
  fs::permissions(folder.earlier_keys(), fs::perms::owner_all);
  fs::copy_file(folder.age_key(), folder.earlier_keys() / (old_age.substr(4, 16) + ".key"));
  fs::rename(folder.next_keys() / "age.key", folder.age_key());
  expect_in_place(next);
}

TEST_F(NewKeys, CutOffBeforeTheSigningKey) {
  const sync::Keys next = prepare();
  count_on(next);
  fs::create_directory(folder.earlier_keys());
  fs::permissions(folder.earlier_keys(), fs::perms::owner_all);
  fs::copy_file(folder.age_key(), folder.earlier_keys() / (old_age.substr(4, 16) + ".key"));
  fs::rename(folder.next_keys() / "age.key", folder.age_key());
  fs::rename(folder.next_keys() / "sign.pub.pem", folder.public_key());
  expect_in_place(next);
}

TEST_F(NewKeys, ThoseOfAnotherMachineAreNotTaken) {
  const DataFolder other{parent / "other"};
  ASSERT_TRUE(initialise({other.path, parent / "other.anchor", Role::site, "other"}));
  count_on(prepare_next_keys(other, random).value());
  EXPECT_NE(start(), old_sign);
  EXPECT_EQ(keys.error().code, Errc::bad_config);
}

}  // namespace
}  // namespace skerry::daemon
