// Keys that are replaced and revoked while bundles are under way (hazards H17 to H20).
#include <gmock/gmock.h>

#include "store/inbox.hpp"
#include "store/lost_ranges.hpp"
#include "sync/site_keys.hpp"
#include "tests/unit/sync/trust_fixture.hpp"

namespace skerry::sync {
namespace {

using testing::HasSubstr;

class TrustExchange : public TrustTest {
 protected:
  TrustExchange() {
    enrol(site, "plant");
    central.write_customer("Genuine");
    state_to(site);
    EXPECT_EQ(outcome, "applied");
  }

  void adopt_with_new_keys() {
    Keys next = new_keys(central.random);
    adopt(&next);
    put_in_place(central, std::move(next));
  }
  void replace_keys_of_site() {
    Keys next = new_keys(site.random);
    const auto rotated = rotate_site_keys(site.node(), next, author);
    ASSERT_TRUE(rotated) << rotated.error().detail;
    put_in_place(site, std::move(next));
  }

  PackedBundle up(Machine& from) {
    std::optional<PackedBundle> last;
    EXPECT_TRUE(pack_changes(from.node(), {}, [&](PackedBundle&& packed) -> Result<void> {
      last.emplace(std::move(packed));
      return {};
    }));
    return std::move(*last);
  }
  // The same bundle with another word about trust, signed by whoever has `key`.
  Bytes with_trust(const PackedBundle& packed, json::value trust, const crypto::SigningKey& key) {
    Manifest manifest = packed.bundle.manifest;
    manifest.extra["trust"] = std::move(trust);
    return with_manifest(packed, manifest, key);
  }
  Bytes with_manifest(const PackedBundle& packed, const Manifest& manifest,
                      const crypto::SigningKey& key) {
    const FileHandle file(::dup(packed.bundle.file.fd()));
    const Bytes bytes = test::bytes_of(file);
    const auto payload = bytes.size() - 1024 - padded(manifest.payload->size);
    return test::raw_bundle(manifest, ByteView(bytes).subspan(payload, manifest.payload->size),
                            key);
  }
  static std::size_t padded(std::uint64_t size) {
    return static_cast<std::size_t>((size + 511) / 512 * 512);
  }
  ImportOutcome deliver(Machine& machine, ByteView bytes) {
    return import_bundle(
        machine.node(), {test::file_of(bytes), bytes.size(), crypto::sha256(bytes)}, "carried.skb");
  }
  ImportOutcome deliver(Machine& machine, const PackedBundle& packed) {
    return import_bundle(machine.node(), copy_of(packed), packed.name);
  }
  json::value carried(const SignedText& text) { return json::array{to_json(text)}; }
  std::string key_at_central() {
    return store::find_site(*central.database->read(), site.identity().id)->sign_key;
  }
};

TEST_F(TrustExchange, ARootIsTakenOnByCentralsWord) {
  adopt();
  const PackedBundle bundle = down(site);
  const ImportOutcome taken = deliver(site, bundle);
  EXPECT_EQ(taken.outcome, "applied");
  EXPECT_THAT(taken.detail, HasSubstr("generation 1 of trust is in force"));
  EXPECT_EQ(generation_of(site), 1);
  EXPECT_EQ(store::trust_of_site(*central.database->read(), 1), 0);
  const PackedBundle told = up(site);
  Manifest wrong = told.bundle.manifest;
  wrong.extra["generation"] = -1;
  EXPECT_EQ(deliver(central, with_manifest(told, wrong, site.keys.sign)).outcome, "corrupt_bundle");
  changes_from(site);
  EXPECT_EQ(store::trust_of_site(*central.database->read(), 1), 1);
  // Once the site says that it has it, it does not travel any more.
  EXPECT_FALSE(down(site).bundle.manifest.extra.contains("trust"));
}

// Nothing else is due: trust alone is a reason to pack.
TEST_F(TrustExchange, TrustAloneIsDue) {
  changes_from(site);
  state_to(site);
  changes_from(site);
  const auto pieces = [&] {
    const store::Site known = *store::find_site(*central.database->read(), site.identity().id);
    int count = 0;
    EXPECT_TRUE(pack_state(central.node(), known, {}, [&](PackedBundle&& packed) -> Result<void> {
      ++count;
      take(site, packed);
      return {};
    }));
    return count;
  };
  adopt();
  EXPECT_EQ(pieces(), 1);
  EXPECT_EQ(outcome, "applied");
  EXPECT_EQ(generation_of(site), 1);
  changes_from(site);
  pieces();
  changes_from(site);
  EXPECT_EQ(pieces(), 0);
  const auto said_less = [](store::Connection& connection) -> Result<void> {
    store::note_trust_of_site(connection, 1, 0);
    return {};
  };
  ASSERT_TRUE(central.database->write(said_less));
  EXPECT_EQ(pieces(), 1);
  EXPECT_EQ(outcome, "duplicate");
}

TEST_F(TrustExchange, H19_ABundleOfAReplacedKeyIsRefusedWhereTheRootSaysSo) {
  adopt();
  state_to(site);
  central.write_customer("On its way");
  const PackedBundle known = down(site);
  const PackedBundle old = down(site);
  adopt_with_new_keys();
  EXPECT_EQ(deliver(site, known).outcome, "applied");  // nobody told the site yet
  central.write_customer("Later");
  EXPECT_EQ(deliver(site, down(site)).outcome, "applied");
  EXPECT_EQ(generation_of(site), 2);
  const ImportOutcome refused = deliver(site, old);
  EXPECT_EQ(refused.outcome, "revoked_signer");
  EXPECT_THAT(refused.next, HasSubstr("run an exchange"));
  const auto entries = store::list_inbox(*site.database->read(), 1);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries.front().outcome, "revoked_signer");
  // One that was taken in before lies on the stick still: it is no alarm.
  const ImportOutcome again = deliver(site, known);
  EXPECT_EQ(again.outcome, "duplicate");
  EXPECT_THAT(again.detail, HasSubstr("taken in before"));
  EXPECT_EQ(site.customers(), central.customers());
}

// The thief of central's old key has no root: his generation is refused, and so is his bundle.
TEST_F(TrustExchange, H19_AStolenKeyMakesNoTrust) {
  adopt();
  state_to(site);
  const Keys thiefs = new_keys(site.random);
  const crypto::SigningKey stolen = central.keys.sign;
  const PackedBundle genuine = down(site);
  const auto forged = signed_draft(&thiefs, {1});  // one holder alone
  ASSERT_TRUE(forged);
  EXPECT_EQ(deliver(site, with_trust(genuine, carried(*forged), stolen)).outcome, "bad_signature");
  EXPECT_EQ(deliver(site, with_trust(genuine, carried(*forged), thiefs.sign)).outcome,
            "bad_signature");
  SignedText by_central = *forged;
  sign(by_central, stolen);
  EXPECT_EQ(deliver(site, with_trust(genuine, carried(by_central), stolen)).outcome,
            "bad_signature");
  EXPECT_EQ(generation_of(site), 1);
  EXPECT_FALSE(deliver(site, genuine).error);
}

TEST_F(TrustExchange, H18_NoStepIsPassedOverAndNoneTakenBack) {
  adopt();
  const auto first = *store::newest_trust(*central.database->read());
  adopt();
  const auto second = *store::newest_trust(*central.database->read());
  const PackedBundle bundle = down(site);
  const auto only = [&](const store::TrustGeneration& generation) {
    return with_trust(bundle, json::array{parse_json(generation.text).value()}, central.keys.sign);
  };
  EXPECT_EQ(deliver(site, only(second)).outcome, "bundle_gap");
  EXPECT_EQ(generation_of(site), 0);
  EXPECT_FALSE(deliver(site, only(first)).error);
  EXPECT_FALSE(deliver(site, only(second)).error);
  EXPECT_EQ(generation_of(site), 2);
  EXPECT_FALSE(deliver(site, only(first)).error);  // known, and changes nothing
  EXPECT_EQ(generation_of(site), 2);
}

// A bundle that is refused for anything changes nothing about trust, though its generation is good.
TEST_F(TrustExchange, H17_ARefusedBundleBringsNoTrust) {
  Machine other(Role::site, 3);
  enrol(other, "quay");
  adopt();
  EXPECT_EQ(deliver(site, down(other)).outcome, "wrong_recipient");
  const PackedBundle bundle = down(site);
  const json::value good = bundle.bundle.manifest.extra.at("trust");
  const crypto::SigningKey stranger = crypto::SigningKey::generate();
  EXPECT_EQ(deliver(site, with_trust(bundle, good, stranger)).outcome, "unknown_signer");
  Manifest far = bundle.bundle.manifest;
  far.extra["base"].as_object()["n"] = 4'000;
  far.extra["upto"].as_object()["n"] = 4'001;
  far.extra["newest"] = 4'001;
  far.kind = BundleKind::state;
  far.payload.reset();
  EXPECT_EQ(deliver(site, test::raw_archive([&] {
                      const std::string text = encode_manifest(far).value();
                      const auto signature = central.keys.sign.sign(as_bytes(text));
                      const auto bytes = as_bytes(text);
                      return std::vector<test::RawMember>{
                          {"manifest.json", {bytes.begin(), bytes.end()}},
                          {"sig." + far.from.key, {signature.begin(), signature.end()}}};
                    }()))
                .outcome,
            "bundle_gap");
  EXPECT_EQ(generation_of(site), 0);
  for (const json::value& bad :
       {json::value(7), json::value(json::array{7}), json::value(json::object{})})
    EXPECT_EQ(deliver(site, with_trust(bundle, bad, central.keys.sign)).outcome, "corrupt_bundle");
  EXPECT_EQ(generation_of(site), 0);
  EXPECT_FALSE(deliver(site, bundle).error);
  EXPECT_EQ(generation_of(site), 1);
}

TEST_F(TrustExchange, H20_ExpiryRefusesNothing) {
  expires_in = 1;
  adopt();
  for (const UnixMillis now : {UnixMillis{0}, UnixMillis{4'070'908'800'000}}) {  // 1970, 2099
    site.clock.now = central.clock.now = now;
    state_to(site);
    site.write_customer("Written in another year");
    changes_from(site);
    EXPECT_EQ(outcome, "applied");
  }
  EXPECT_EQ(generation_of(site), 1);
  expires_in = 1'000;
  adopt_with_new_keys();
  state_to(site);
  EXPECT_EQ(generation_of(site), 2);
}

TEST_F(TrustExchange, MissedGenerationsComeTogether) {
  adopt();
  for (int step = 0; step < 5; ++step) adopt_with_new_keys();
  central.write_customer("By the sixth key");
  state_to(site);
  EXPECT_EQ(outcome, "applied");
  EXPECT_EQ(generation_of(site), 6);
  EXPECT_EQ(site.customers(), central.customers());
}

// What was made for central's old key is opened still.
TEST_F(TrustExchange, AnOldBundleUpIsStillRead) {
  adopt();
  state_to(site);
  site.write_customer("For the old key");
  const PackedBundle old = up(site);
  adopt_with_new_keys();
  EXPECT_EQ(deliver(central, old).outcome, "applied");
  central.keys.earlier.clear();
  site.write_customer("More");
  state_to(site);
  EXPECT_EQ(deliver(central, up(site)).outcome, "applied");
  EXPECT_EQ(central.customers(), 3);
}

TEST_F(TrustExchange, ASiteReplacesItsKeys) {
  site.write_customer("By the old key");
  const PackedBundle old_up = up(site);
  central.write_customer("For the old key");
  const PackedBundle old_down = down(site);
  const std::string old_key = key_at_central();
  const crypto::SigningKey old_sign = site.keys.sign;
  replace_keys_of_site();
  EXPECT_EQ(deliver(site, old_down).outcome, "applied");
  EXPECT_EQ(store::list_new_keys(*site.database->read()).size(), 1u);
  const PackedBundle new_up = up(site);
  const ImportOutcome taken = deliver(central, new_up);
  EXPECT_EQ(taken.outcome, "applied");
  EXPECT_THAT(taken.detail, HasSubstr("the site's key is"));
  EXPECT_NE(key_at_central(), old_key);
  EXPECT_EQ(deliver(central, new_up).outcome, "duplicate");
  const ImportOutcome late = deliver(central, old_up);
  EXPECT_EQ(late.outcome, "revoked_signer");
  EXPECT_THAT(late.next, HasSubstr("skerry site invite plant"));
  // It lies on the stick still, and its row came with the other: one alarm is enough.
  const ImportOutcome again = deliver(central, old_up);
  EXPECT_EQ(again.outcome, "duplicate");
  EXPECT_THAT(again.detail, HasSubstr("its rows came with another bundle"));
  Manifest of_another_branch = old_up.bundle.manifest;
  of_another_branch.extra["range"].as_object()["last_hash"] = to_hex(Hash{});
  const Bytes other = with_manifest(old_up, of_another_branch, old_sign);
  for (int time = 0; time < 2; ++time) EXPECT_EQ(deliver(central, other).outcome, "revoked_signer");
  state_to(site);
  EXPECT_EQ(outcome, "applied");
  EXPECT_TRUE(store::list_new_keys(*site.database->read()).empty());
  EXPECT_TRUE(up(site).bundle.manifest.extra.contains("keys"));  // for a central that is put back
  EXPECT_EQ(site.customers(), 3);
  EXPECT_EQ(central.customers(), 3);
}

TEST_F(TrustExchange, ASiteKeepsItsKeyForWhatARestoreSaved) {
  const auto lose = [&](store::Connection& connection) -> Result<void> {
    store::note_lost(connection, {new_id<EpochId>(site.random), 1, 2});
    return {};
  };
  ASSERT_TRUE(site.database->write(lose));
  const Keys next = new_keys(site.random);
  const auto early = rotate_site_keys(site.node(), next, author);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, Errc::bundle_gap);
  EXPECT_THAT(early.error().next, HasSubstr("skerry lost acknowledge"));
  const auto see_to = [&](store::Connection& connection) -> Result<void> {
    EXPECT_EQ(store::acknowledge_lost(connection, site.log, author).size(), 1U);
    return {};
  };
  ASSERT_TRUE(site.database->write(see_to));
  EXPECT_TRUE(rotate_site_keys(site.node(), next, author));
}

TEST_F(TrustExchange, H19_ARevokedSiteGetsNoOtherKeys) {
  replace_keys_of_site();
  const PackedBundle bundle = up(site);
  const std::string before = key_at_central();
  ASSERT_TRUE(revoke_site(central.node(), site.identity().id, author));
  const ImportOutcome refused = deliver(central, bundle);
  EXPECT_EQ(refused.outcome, "revoked_signer");
  EXPECT_THAT(refused.next, HasSubstr("skerry bundle inspect FILE"));
  EXPECT_THAT(refused.next, HasSubstr("skerry site invite plant"));
  EXPECT_EQ(key_at_central(), before);
}

TEST_F(TrustExchange, OnlyTheOldKeyGivesTheNewOne) {
  Machine other(Role::site, 3);
  enrol(other, "quay");
  const Keys thiefs = new_keys(site.random);
  const PackedBundle genuine = up(site);
  const auto forged = [&](const Keys& old) {
    Manifest manifest = genuine.bundle.manifest;
    manifest.extra["keys"] =
        json::array{to_json(next_site_keys(site.identity().id, old, thiefs, 0))};
    return with_manifest(genuine, manifest, thiefs.sign);
  };
  const std::string before = key_at_central();
  EXPECT_EQ(deliver(central, forged(thiefs)).outcome, "unknown_signer");
  EXPECT_EQ(deliver(central, forged(other.keys)).outcome, "unknown_signer");
  EXPECT_EQ(key_at_central(), before);
}

TEST_F(TrustExchange, WhoIsInvitedLaterHasTheRootAtOnce) {
  adopt();
  adopt_with_new_keys();
  Machine other(Role::site, 3);
  enrol(other, "quay");
  EXPECT_EQ(generation_of(other), 2);
  state_to(other);
  EXPECT_EQ(outcome, "applied");
  // A renewed invitation does not put another root in the place of one that is held.
  ASSERT_TRUE(revoke_site(central.node(), other.identity().id, author));
  adopt_with_new_keys();
  enrol(other, "quay");
  EXPECT_EQ(generation_of(other), 2);
  state_to(other);
  EXPECT_EQ(outcome, "applied");
  EXPECT_EQ(generation_of(other), 3);
}

TEST_F(TrustExchange, CentralAdoptsNothingThatLeavesItWithoutAKey) {
  adopt();
  const Keys elsewhere = new_keys(site.random);
  const auto draft = signed_draft(&elsewhere, {0, 1});
  ASSERT_TRUE(draft);
  const auto refused = adopt_trust(central.node(), {*draft}, nullptr, author);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::missing_key);
  EXPECT_EQ(generation_of(central), 1);
  const auto unsigned_draft = signed_draft(nullptr, {1});
  EXPECT_EQ(adopt_trust(central.node(), {*unsigned_draft}, nullptr, author).error().code,
            Errc::bad_signature);
  EXPECT_EQ(draft_trust(site.node(), {}).error().code, Errc::wrong_role);
  EXPECT_EQ(rotate_site_keys(central.node(), elsewhere, author).error().code, Errc::wrong_role);
}

// Whoever carries a draft to the holders may add whom bundles for central are to be for.
TEST_F(TrustExchange, CentralAdoptsNoKeysBesideItsOwn) {
  Trust trust = parse_generation(signed_draft(nullptr, {})->text).value();
  trust.recipients.push_back(site.keys.age.recipient());
  SignedText changed{generation_text(trust), {}};
  holders.sign_by(changed, {0, 1});
  EXPECT_EQ(adopt_trust(central.node(), {changed}, nullptr, author).error().code,
            Errc::unknown_signer);
  EXPECT_EQ(generation_of(central), 0);
}

TEST_F(TrustExchange, WithoutAnyKeyNothingIsTaken) {
  Machine stranger(Role::site, 4);
  adopt();
  EXPECT_EQ(deliver(stranger, down(site)).outcome, "not_enrolled");
  const auto draft = signed_draft(nullptr, {0, 1});
  EXPECT_EQ(adopt_trust(stranger.node(), {*draft}, nullptr, author).error().code,
            Errc::not_enrolled);
}

}  // namespace
}  // namespace skerry::sync
