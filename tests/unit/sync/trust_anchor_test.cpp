// Generations of trust that the anchor of a machine knows of, and its database no longer
// (SYNC 4.8).
#include <gmock/gmock.h>

#include "store/anchor.hpp"
#include "sync/recall.hpp"
#include "tests/unit/sync/trust_fixture.hpp"

namespace skerry::sync {
namespace {

using testing::HasSubstr;

class TrustAnchor : public TrustTest {
 protected:
  // As the start of a machine whose anchor has seen `generation`.
  void start_behind(Machine& machine, std::int64_t generation) {
    auto anchor = store::AnchorFile::open(machine.folder / "anchor");
    ASSERT_TRUE(anchor) << anchor.error().detail;
    const store::LogHead head = machine.log.own();
    ASSERT_TRUE(anchor->write(
        {machine.identity().id, head.epoch, head.ord, head.seq, head.hash, {}, generation}));
    const auto noticed = recall(machine.node(), *anchor, {});
    ASSERT_TRUE(noticed) << noticed.error().detail;
    EXPECT_EQ(*noticed, "") << "no row is missing";
  }
};

TEST_F(TrustAnchor, H18_ASiteThatWasPutBackBelievesNoLessThanItsAnchorKnows) {
  enrol(site, "plant");
  adopt();
  state_to(site);
  site.write_customer("Of the site");
  central.write_customer("On its way");
  const PackedBundle old = down(site);
  // Generation 2 was in force here; central was told so, and ships it no more.
  start_behind(site, 2);
  EXPECT_EQ(site.log.trust_seen(), 2);
  Keys next = new_keys(central.random);
  adopt(&next);
  put_in_place(central, std::move(next));
  const auto told = [](store::Connection& connection) -> Result<void> {
    store::note_trust_of_site(connection, 1, 2);
    return {};
  };
  ASSERT_TRUE(central.database->write(told));
  const ImportOutcome refused = import_bundle(site.node(), copy_of(old), old.name);
  EXPECT_EQ(refused.outcome, "unknown_signer") << refused.detail;
  EXPECT_THAT(refused.detail, HasSubstr("generation 2 of trust was in force here"));
  EXPECT_THAT(refused.next, HasSubstr("skerry trust adopt FILE"));
  state_to(site);
  EXPECT_EQ(outcome, "unknown_signer") << "nor without the generation by the new key";
  EXPECT_EQ(generation_of(site), 1);
  // The way out: what the site sends says how far it is.
  changes_from(site);
  EXPECT_EQ(outcome, "applied");
  state_to(site);
  EXPECT_EQ(outcome, "applied");
  EXPECT_EQ(generation_of(site), 2);
  EXPECT_EQ(site.customers(), central.customers());
}

TEST_F(TrustAnchor, ACentralRemembersAsWell) {
  adopt();
  EXPECT_EQ(central.log.trust_seen(), 1);
  start_behind(central, 2);
  EXPECT_EQ(central.log.trust_seen(), 2);
  EXPECT_EQ(store::trust_seen(*central.database->read()), 2);
  adopt();
  adopt();
  EXPECT_EQ(central.log.trust_seen(), 3);
}

TEST_F(TrustAnchor, AnotherCentralBeginsAnew) {
  start_behind(site, 2);
  const auto answered = answer(site, invite("plant"));
  ASSERT_TRUE(answered) << answered.error().detail;
  EXPECT_EQ(site.log.trust_seen(), 0);
}

}  // namespace
}  // namespace skerry::sync
