// What an older program could not read is taken in by the one that can (SYNC 4.10).
#include "sync/retry_kept.hpp"

#include "store/inbox.hpp"
#include "tests/unit/sync/enrolled_fixture.hpp"

namespace skerry::sync {
namespace {

class RetryKept : public EnrolmentTest {
 protected:
  RetryKept() {
    enrol(site, "Pier");
    state_to(site);
  }
  // As the program before left it: refused, and kept.
  void keep_unread(const Bytes& bytes) {
    const SpooledFile file{test::file_of(bytes), bytes.size(), crypto::sha256(bytes)};
    ASSERT_TRUE(site.spool->keep(file));
    kept.push_back(file.sha256);
    store::InboxEntry entry;
    entry.sha256 = file.sha256;
    entry.name = "kept.skb";
    entry.outcome = "unsupported_version";
    auto work = [&](store::Connection& connection) -> Result<void> {
      store::write_inbox(connection, entry);
      return {};
    };
    ASSERT_TRUE(site.database->write(work));
  }
  Bytes packed_down() {
    const store::Site known = *store::find_site(*central.database->read(), site.identity().id);
    Bytes bytes;
    EXPECT_TRUE(pack_state(central.node(), known, {.always = true, .resume = {}},
                           [&](PackedBundle&& packed) -> Result<void> {
                             bytes = test::bytes_of(packed.bundle.file);
                             return {};
                           }));
    return bytes;
  }
  Retried start(std::string version) {
    Node node = site.node();
    node.app_version = std::move(version);
    return retry_kept(node, *site.spool);
  }
  std::vector<Hash> kept;
};

TEST_F(RetryKept, TheProgramThatKnowsItTakesItIn) {
  central.write_customer("Acme");
  keep_unread(packed_down());
  keep_unread(Bytes(700, 'x'));  // still none
  const Retried retried = start("2.0.0");
  EXPECT_EQ(retried.taken, 1);
  EXPECT_EQ(retried.left, 1);
  EXPECT_EQ(site.customers(), 1);
  EXPECT_FALSE(site.spool->is_kept(kept[0]));
  EXPECT_TRUE(site.spool->is_kept(kept[1])) << "it stays as evidence";
}

TEST_F(RetryKept, OnceForEachVersionOfTheProgram) {
  EXPECT_EQ(start("2.0.0").taken, 0);
  central.write_customer("Acme");
  keep_unread(packed_down());
  EXPECT_EQ(start("2.0.0").taken, 0) << "it was refused by this very program";
  EXPECT_EQ(site.customers(), 0);
  EXPECT_EQ(start("2.0.1").taken, 1);
  EXPECT_EQ(site.customers(), 1);
}

TEST_F(RetryKept, WhateverTheOrderTheyCameIn) {
  central.write_customer("Acme");
  const Bytes first = packed_down();
  auto work = [&](store::Connection& connection) -> Result<void> {
    connection.execute(
        "UPDATE site SET confirmed=(SELECT max(n) FROM change_log),confirmed_hash="
        "(SELECT hash FROM change_log ORDER BY n DESC LIMIT 1)");
    return {};
  };
  ASSERT_TRUE(central.database->write(work));  // as if the site had said that it holds that
  central.write_customer("Bolt");
  keep_unread(packed_down());
  keep_unread(first);
  EXPECT_EQ(start("2.0.0").taken, 2);
  EXPECT_EQ(site.customers(), 2);
}

TEST_F(RetryKept, WhatIsGoneFromTheSpoolIsNotMissed) {
  central.write_customer("Acme");
  keep_unread(packed_down());
  site.spool->forget(kept[0]);
  const Retried retried = start("2.0.0");
  EXPECT_EQ(retried.taken + retried.left, 0);
}

}  // namespace
}  // namespace skerry::sync
