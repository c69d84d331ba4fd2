#include "store/exchange_trouble.hpp"

#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {
namespace {

class ExchangeTroubleTest : public SiteStoreTest {
 protected:
  void fail_at(UnixMillis now, Errc code, std::string detail) {
    write([&](Connection& connection) -> Result<void> {
      note_exchange_failed(connection, Error(code, detail, "do this"), now);
      return {};
    });
  }
  std::optional<ExchangeTrouble> trouble() {
    const Reader reader = database->read();
    return read_exchange_trouble(*reader);
  }
};

TEST_F(ExchangeTroubleTest, ItBeginsWithTheFirstFailureAndEndsWithASuccess) {
  EXPECT_FALSE(trouble());
  fail_at(1000, Errc::central_unreachable, "no answer");
  fail_at(2000, Errc::revoked_signer, "the site was revoked");
  ASSERT_TRUE(trouble());
  EXPECT_EQ(trouble()->since, 1000);
  EXPECT_EQ(trouble()->latest, 2000);
  EXPECT_EQ(trouble()->code, "revoked_signer");
  EXPECT_EQ(trouble()->detail, "the site was revoked");
  EXPECT_EQ(trouble()->next, "do this");
  write([](Connection& connection) -> Result<void> {
    note_exchange_done(connection);
    return {};
  });
  EXPECT_FALSE(trouble());
  fail_at(3000, Errc::central_unreachable, "no answer");
  EXPECT_EQ(trouble()->since, 3000);
}

}  // namespace
}  // namespace skerry::store
