#include "store/accounts.hpp"

#include "crypto/sha256.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {
namespace {

class AccountsTest : public MachineStoreTest {
 protected:
  Account account(std::string name) {
    Account made;
    made.id = new_record_id(clock.wall_ms(), random);
    made.name = std::move(name);
    made.role = "operator";
    made.created_at = clock.wall_ms();
    made.code_hash = crypto::sha256(made.id.view());
    made.code_until = 17;
    return made;
  }
  Result<void> insert(const Account& made) {
    return run([&](Connection& connection) { return insert_account(connection, made); });
  }
  void update(Account& changed) {
    write([&](Connection& connection) -> Result<void> {
      update_account(connection, changed);
      return {};
    });
  }
};

TEST_F(AccountsTest, AreFoundByIdNameAndCode) {
  Account made = account("alice");
  made.customers = {new_record_id(1, random), new_record_id(1, random)};
  made.expires_at = 42;
  ASSERT_TRUE(insert(made));
  const Reader reader = database->read();
  for (const auto& found : {find_account(*reader, made.id), find_account_by_name(*reader, "alice"),
                            find_account_by_code(*reader, *made.code_hash)}) {
    ASSERT_TRUE(found);
    EXPECT_EQ(found->id, made.id);
    EXPECT_EQ(found->role, "operator");
    EXPECT_EQ(found->customers, made.customers);
    EXPECT_EQ(found->expires_at, 42);
    EXPECT_EQ(found->code_until, 17);
    EXPECT_EQ(found->password, std::nullopt);
    EXPECT_EQ(found->revision, 1);
  }
  EXPECT_FALSE(find_account_by_name(*reader, "Alice"));
  EXPECT_FALSE(find_account_by_code(*reader, Hash{}));
}

TEST_F(AccountsTest, HaveNamesOfTheirOwn) {
  ASSERT_TRUE(insert(account("alice")));
  EXPECT_EQ(insert(account("alice")).error().code, Errc::duplicate_key);
  ASSERT_TRUE(insert(account("aaron")));
  const Reader reader = database->read();
  ASSERT_EQ(list_accounts(*reader).size(), 2u);
  EXPECT_EQ(list_accounts(*reader).front().name, "aaron");
}

TEST_F(AccountsTest, ChangeWithARevision) {
  Account made = account("alice");
  ASSERT_TRUE(insert(made));
  made.password = "hash";
  made.password_at = 5;
  made.code_hash.reset();
  made.code_until.reset();
  made.disabled_at = 6;
  update(made);
  EXPECT_EQ(made.revision, 2);
  write([&](Connection& connection) -> Result<void> {
    note_sign_in(connection, made.id, 99);
    return {};
  });
  const Reader reader = database->read();
  const auto found = find_account(*reader, made.id);
  EXPECT_EQ(found->revision, 2);
  EXPECT_EQ(found->password, "hash");
  EXPECT_EQ(found->password_at, 5);
  EXPECT_EQ(found->disabled_at, 6);
  EXPECT_EQ(found->signed_in_at, 99);
  EXPECT_EQ(found->code_hash, std::nullopt);
}

TEST_F(AccountsTest, AnAdministratorsPasswordClaimsTheMachineForGood) {
  const auto claimed = [&] {
    const Reader reader = database->read();
    return is_claimed(*reader);
  };
  Account plain = account("alice"), admin = account("root");
  admin.role = "admin";
  ASSERT_TRUE(insert(plain));
  ASSERT_TRUE(insert(admin));
  EXPECT_FALSE(claimed());
  plain.password = "hash";
  update(plain);
  EXPECT_FALSE(claimed());
  admin.password = "hash";
  update(admin);
  EXPECT_TRUE(claimed());
  admin.password.reset();  // a reset
  update(admin);
  EXPECT_TRUE(claimed());
  admin.role = "viewer";
  update(admin);
  EXPECT_TRUE(claimed());
}

TEST(AccountNames, AreShortAndPlain) {
  for (const char* good : {"a", "alice", "alice.b-c_d@plant", "a2"})
    EXPECT_EQ(account_name_complaint(good), "") << good;
  EXPECT_EQ(account_name_complaint(std::string(64, 'a')), "");
  for (const std::string& bad :
       {std::string(), std::string("Alice"), std::string("2a"), std::string("a b"),
        std::string("ä"), std::string("a\n"), std::string("a:b"), std::string(65, 'a')})
    EXPECT_NE(account_name_complaint(bad), "") << bad;
}

TEST(Ids, AreJoinedAndSplit) {
  crypto::SystemRandom random;
  const std::vector<RecordId> ids{new_record_id(1, random), new_record_id(2, random)};
  EXPECT_EQ(split_ids(join_ids(ids)), ids);
  EXPECT_EQ(join_ids({}), "");
  EXPECT_TRUE(split_ids("").empty());
  EXPECT_TRUE(split_ids("nonsense").empty());
}

}  // namespace
}  // namespace skerry::store
