#include "sync/enrolment.hpp"

#include "tests/unit/sync/enrolled_fixture.hpp"

namespace skerry::sync {
namespace {

TEST_F(EnrolmentTest, ARevokedSiteComesBackWithWhatItWrote) {
  enrol(site, "plant");
  state_to(site);
  const SiteId id = site.identity().id;
  ASSERT_TRUE(revoke_site(central.node(), id, author));
  site.write_customer("Written while revoked");
  changes_from(site);
  EXPECT_EQ(outcome, "revoked_signer");

  const PackedBundle invitation = invite("plant");
  changes_from(site);
  EXPECT_EQ(outcome, "unknown_signer");  // invited is not admitted
  const auto answered = answer(site, invitation);
  ASSERT_TRUE(answered) << answered.error().detail;
  ASSERT_TRUE(admit(*answered));
  EXPECT_EQ(site.identity().id, id);
  changes_from(site);
  EXPECT_EQ(outcome, "applied");
  EXPECT_EQ(central.customers(), 1);
}

TEST_F(EnrolmentTest, ALostInvitationIsReplaced) {
  const PackedBundle lost = invite("plant");
  site.write_customer("Before anybody answered");
  const auto late = answer(site, lost);
  ASSERT_TRUE(late);
  const PackedBundle second = invite("plant");
  EXPECT_EQ(admit(*late).error().code, Errc::code_used);
  EXPECT_NE(admit(*late).error().next.find("skerry site invite plant"), std::string::npos);
  const auto answered = answer(site, second);
  ASSERT_TRUE(answered);
  ASSERT_TRUE(admit(*answered));
  changes_from(site);
  EXPECT_EQ(central.customers(), 1);
  EXPECT_EQ(store::list_sites(*central.database->read()).size(), 1u);
}

TEST_F(EnrolmentTest, AMachineThatHasNothingOfCentralsMayBecomeAnotherSite) {
  ASSERT_TRUE(answer(site, invite("wrong name")));
  site.write_customer("Kept");
  enrol(site, "right name");
  EXPECT_EQ(site.identity().name, "right name");
  changes_from(site);
  EXPECT_EQ(outcome, "applied");
  state_to(site);
  EXPECT_EQ(outcome, "applied");
  const auto refused = answer(site, invite("third name"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::already_exists);
  EXPECT_NE(refused.error().next.find("skerry site invite"), std::string::npos);
}

TEST_F(EnrolmentTest, AnImportSaysWhatTakesTheOtherKinds) {
  enrol(site, "plant");
  const auto next_of = [&](BundleKind kind) {
    const Party from = Party::site(site.identity().id);
    const Manifest manifest =
        new_manifest(site.node(), kind, from, site.log.own().epoch, Party::central());
    auto written = write_bundle(site.folder / "spool", manifest, {&site.keys.sign, 1});
    EXPECT_TRUE(written);
    const auto taken = import_bundle(
        central.node(), {std::move(written->file), written->size, written->sha256}, "x.skb");
    EXPECT_EQ(taken.outcome, "bad_input");
    return taken.next;
  };
  EXPECT_EQ(next_of(BundleKind::enrol), "skerry site admit FILE");
  EXPECT_EQ(next_of(BundleKind::invitation), "skerry enrol FILE");
  EXPECT_EQ(next_of(BundleKind::state), "do not use it; ask its sender");
}

TEST_F(EnrolmentTest, ALogIsOfOneSite) {
  enrol(site, "plant");
  const auto second = answer(site, invite("quay"));  // before anything of central arrived
  ASSERT_TRUE(second);
  const auto refused = admit(*second);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::already_exists);
  EXPECT_NE(refused.error().detail.find("plant"), std::string::npos);
}

TEST_F(EnrolmentTest, ANewMachineInAnOldPlaceGetsAllOfIt) {
  enrol(site, "plant");
  central.write_customer("One");
  state_to(site);
  changes_from(site);  // tells central what it holds
  ASSERT_TRUE(revoke_site(central.node(), site.identity().id, author));
  Machine replacement{Role::site, 3};
  enrol(replacement, "plant");
  EXPECT_EQ(replacement.identity().id, site.identity().id);
  state_to(replacement);
  EXPECT_EQ(outcome, "applied");
  EXPECT_EQ(replacement.customers(), 1);
}

TEST_F(EnrolmentTest, AnActiveSiteIsNotInvitedOverAndAScopeIsNotChanged) {
  enrol(site, "plant");
  EXPECT_EQ(invite_site(central.node(), site_called("plant"), author).error().code,
            Errc::already_exists);
  invite("lab");
  const auto narrowed = invite_site(central.node(), site_called("lab", json::array()), author);
  ASSERT_FALSE(narrowed);
  EXPECT_NE(narrowed.error().detail.find("scope"), std::string::npos);
  EXPECT_NE(narrowed.error().next.find("skerry site set lab"), std::string::npos);
}

TEST_F(EnrolmentTest, ASiteThatIsOneAlreadyIsInvitedByItsId) {
  const SiteId id = new_id<SiteId>(central.random);
  for (int twice = 0; twice < 2; ++twice) {
    const auto invited = invite_site(central.node(), site_called("plant"), author, id);
    ASSERT_TRUE(invited) << invited.error().detail;
    EXPECT_EQ(invited->site.id, id);
  }
  const auto renamed = invite_site(central.node(), site_called("quay"), author, id);
  ASSERT_FALSE(renamed);
  EXPECT_EQ(renamed.error().code, Errc::already_exists);
  EXPECT_NE(renamed.error().next.find("skerry site invite plant"), std::string::npos);
  const auto other =
      invite_site(central.node(), site_called("plant"), author, new_id<SiteId>(central.random));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::already_exists);
  EXPECT_NE(other.error().next.find("skerry site set plant --name"), std::string::npos);
}

}  // namespace
}  // namespace skerry::sync
