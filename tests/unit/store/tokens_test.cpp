#include "store/tokens.hpp"

#include "crypto/sha256.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {
namespace {

class TokensTest : public MachineStoreTest {
 protected:
  Token token(std::string name) {
    Token made;
    made.id = new_record_id(clock.wall_ms(), random);
    made.hash = crypto::sha256(made.id.view());
    made.name = std::move(name);
    made.access = {"read", "write"};
    made.created_at = clock.wall_ms();
    return made;
  }
  Result<void> insert(const Token& made) {
    return run([&](Connection& connection) { return insert_token(connection, made); });
  }
};

TEST_F(TokensTest, AreFoundByHash) {
  Token made = token("crm");
  made.expires_at = 17;
  ASSERT_TRUE(insert(made));
  const Reader reader = database->read();
  const auto found = find_token_by_hash(*reader, made.hash);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, made.id);
  EXPECT_EQ(found->name, "crm");
  EXPECT_EQ(found->access, made.access);
  EXPECT_EQ(found->expires_at, 17);
  EXPECT_EQ(found->last_used_at, std::nullopt);
  EXPECT_FALSE(find_token_by_hash(*reader, Hash{}));
}

TEST_F(TokensTest, ANameIsFreeAgainAfterRevoking) {
  const Token made = token("crm");
  ASSERT_TRUE(insert(made));
  EXPECT_EQ(insert(token("crm")).error().code, Errc::duplicate_key);
  const auto revoke = [&](UnixMillis now) {
    return run([&](Connection& connection) { return revoke_token(connection, made.id, now); });
  };
  EXPECT_EQ(revoke(5)->revoked_at, 5);
  EXPECT_EQ(revoke(9)->revoked_at, 5);
  ASSERT_TRUE(insert(token("crm")));
  const Reader reader = database->read();
  EXPECT_EQ(list_tokens(*reader).size(), 2u);
}

TEST_F(TokensTest, RevokingNothingIsAnError) {
  const auto outcome =
      run([](Connection& connection) { return revoke_token(connection, RecordId{}, 1); });
  EXPECT_EQ(outcome.error().code, Errc::not_found);
}

TEST_F(TokensTest, TheirUseIsNoted) {
  const Token made = token("crm");
  ASSERT_TRUE(insert(made));
  write([&](Connection& connection) -> Result<void> {
    note_token_use(connection, made.id, 42);
    return {};
  });
  const Reader reader = database->read();
  EXPECT_EQ(find_token(*reader, made.id)->last_used_at, 42);
}

}  // namespace
}  // namespace skerry::store
