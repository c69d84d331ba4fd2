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
  void start_behind(Machine& machine, std::int64_t generation, std::string_view says = "") {
    auto anchor = store::AnchorFile::open(machine.folder / "anchor");
    ASSERT_TRUE(anchor) << anchor.error().detail;
    const store::LogHead head = machine.log.own();
    ASSERT_TRUE(anchor->write(
        {machine.identity().id, head.epoch, head.ord, head.seq, head.hash, {}, generation}));
    const auto noticed = recall(machine.node(), *anchor, {});
    ASSERT_TRUE(noticed) << noticed.error().detail;
    EXPECT_THAT(*noticed, HasSubstr(std::string(says)));
    EXPECT_EQ(noticed->empty(), says.empty()) << *noticed;
  }
  // What central believes that the site holds: all there is.
  void believe_all_is_held() {
    store::Site known = *store::find_site(*central.database->read(), site.identity().id);
    const store::LogHead head = central.log.own();
    known.down = {{head.ord, head.n}, head.hash};
    const auto note = [&](store::Connection& connection) -> Result<void> {
      store::note_site(connection, known);
      store::note_trust_of_site(connection, known.number, 2);
      return {};
    };
    ASSERT_TRUE(central.database->write(note));
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
  // The way out: what the site sends says how far it is. The key it knows would read the rest.
  changes_from(site);
  EXPECT_EQ(central.customers(), 1) << "its own";
  state_to(site);
  EXPECT_EQ(outcome, "applied");
  EXPECT_EQ(generation_of(site), 2);
  changes_from(site);
  EXPECT_EQ(outcome, "applied");
  EXPECT_EQ(site.customers(), central.customers());
}

// Its backup has rows that central never got, and it goes on in another epoch behind them.
TEST_F(TrustAnchor, H18_ASiteThatWasPutBackIsAnsweredBeforeItsRowsCome) {
  enrol(site, "plant");
  adopt();
  state_to(site);
  changes_from(site);
  site.write_customer("Never sent");
  central.write_customer("Seen by the site before");
  believe_all_is_held();
  const auto mark = [&](store::Connection& connection) -> Result<void> {
    mark_restored(connection, new_id<EpochId>(site.random), true);
    return {};
  };
  ASSERT_TRUE(site.database->write(mark));
  start_behind(site, 2, "put back from a backup");
  Keys next = new_keys(central.random);
  adopt(&next);
  put_in_place(central, std::move(next));
  std::vector<std::string> outcomes;
  const auto sent = pack_changes(site.node(), {}, [&](PackedBundle&& packed) -> Result<void> {
    EXPECT_EQ(packed.lines, 0);
    take(central, packed);
    outcomes.push_back(outcome);
    return {};
  });
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_THAT(outcomes, testing::ElementsAre("duplicate", "applied"));
  state_to(site);
  EXPECT_EQ(outcome, "applied");
  EXPECT_EQ(generation_of(site), 2);
  changes_from(site);
  EXPECT_EQ(outcome, "applied");
  EXPECT_EQ(central.customers(), 2);
  EXPECT_EQ(site.customers(), 2);
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
