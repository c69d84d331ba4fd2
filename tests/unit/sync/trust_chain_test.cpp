// The one rule by which a generation of trust follows another, and every way to break it.
#include "sync/trust_chain.hpp"

#include <fmt/format.h>

#include "core/timestamp.hpp"
#include "sync/site_keys.hpp"
#include "sync/trust_file.hpp"
#include "tests/unit/sync/trust_fixture.hpp"

namespace skerry::sync {
namespace {

class TrustChain : public testing::Test {
 protected:
  TrustChain() {
    held.central_name = "Vendor";
    held.signing_keys = {central.verify_key()};
    held.recipients = {age.recipient()};
  }

  // What the holders would sign behind `before`.
  Trust next_of(const Trust& before) const {
    Trust next = before;
    ++next.generation;
    next.made_at = 1'780'000'000'000;
    next.expires_at = 1'880'000'000'000;
    next.roots = holders.roots();
    next.threshold = 2;
    return next;
  }
  static SignedText text_of(const Trust& trust) { return {generation_text(trust), {}}; }
  // The first generation as central publishes it.
  SignedText first() const {
    SignedText text = text_of(next_of(held));
    holders.sign_by(text, {0, 1});
    sign(text, central);
    return text;
  }
  Trust first_trust() const { return follow(held, first()).value(); }
  static Errc refusal(const Trust& before, const SignedText& text) {
    const auto followed = follow(before, text);
    return followed ? Errc::internal : followed.error().code;
  }

  const crypto::SigningKey central = test::signing_key(1);
  test::SeededRandom random{5};
  const crypto::AgeIdentity age = crypto::AgeIdentity::generate(random);
  const Holders holders;
  Trust held;  // as an invitation brought it
};

TEST_F(TrustChain, ComesBackAsItWasWritten) {
  Trust trust = next_of(held);
  trust.revoked = {"0123456789abcdef"};
  const auto read = parse_generation(generation_text(trust));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(generation_text(*read), generation_text(trust));
  EXPECT_EQ(read->roots, holders.roots());
  EXPECT_EQ(read->threshold, 2);
  EXPECT_EQ(read->expires_at, trust.expires_at);
}

TEST_F(TrustChain, EveryMemberIsChecked) {
  const json::object sound = parse_json_object(generation_text(next_of(held))).value();
  const std::string key = holders.roots().front().to_text();
  const std::pair<const char*, json::value> wrong[] = {
      {"generation", 0},
      {"generation", "1"},
      {"threshold", 0},
      {"threshold", 4},
      {"threshold", 1.5},
      {"roots", json::array{}},
      {"roots", json::array{json::string(key), json::string(key)}},
      {"roots", json::array{"not a key"}},
      {"roots", json::array{7}},
      {"signing_keys", json::array{}},
      {"recipients", json::array{}},
      {"recipients", json::array{"age1x"}},
      {"revoked", json::array{"0123456789ABCDEF"}},
      {"revoked", json::array{json::string(central.verify_key().key_id())}},
      {"made_at", "yesterday"},
      {"expires_at", "1970-01-01T00:00:00.000Z"},
      {"central", ""},
      {"minimum", 3},
  };
  for (const auto& [name, value] : wrong) {
    json::object damaged = sound;
    damaged[name] = value;
    const auto read = parse_generation(json::serialize(damaged));
    ASSERT_FALSE(read) << name << json::serialize(value);
    EXPECT_EQ(read.error().code, Errc::corrupt_bundle) << name;
  }
  for (const auto& member : sound) {
    json::object lacking = sound;
    lacking.erase(member.key());
    EXPECT_FALSE(parse_generation(json::serialize(lacking))) << member.key();
  }
  json::object later = sound;
  later["_type"] = "skerry/trust/v2";
  EXPECT_EQ(parse_generation(json::serialize(later)).error().code, Errc::unsupported_version);
}

TEST_F(TrustChain, TheFirstNeedsItsOwnThresholdAndCentralsWord) {
  EXPECT_TRUE(follow(held, first()));
  SignedText text = text_of(next_of(held));
  EXPECT_EQ(refusal(held, text), Errc::bad_signature);
  holders.sign_by(text, {0, 1, 2});
  EXPECT_EQ(refusal(held, text), Errc::bad_signature);  // nobody that is trusted so far
  SignedText alone = text_of(next_of(held));
  sign(alone, central);
  EXPECT_EQ(refusal(held, alone), Errc::bad_signature);
  holders.sign_by(alone, {2});
  EXPECT_EQ(refusal(held, alone), Errc::bad_signature);
  holders.sign_by(alone, {1});
  EXPECT_TRUE(follow(held, alone));
  // A key of central's that was revoked vouches for nothing.
  Trust revoked = held;
  revoked.revoked = {central.verify_key().key_id()};
  EXPECT_EQ(refusal(revoked, first()), Errc::bad_signature);
}

TEST_F(TrustChain, TheNextNeedsBothThresholds) {
  const Trust one = first_trust();
  Trust two = next_of(one);
  Holders others;
  others.keys = {test::signing_key(21), test::signing_key(22), test::signing_key(23)};
  two.roots = others.roots();
  SignedText text = text_of(two);
  others.sign_by(text, {0, 1, 2});
  EXPECT_EQ(refusal(one, text), Errc::bad_signature);
  holders.sign_by(text, {0});
  EXPECT_EQ(refusal(one, text), Errc::bad_signature);
  sign(text, central);  // no root any more
  EXPECT_EQ(refusal(one, text), Errc::bad_signature);
  holders.sign_by(text, {1});
  EXPECT_TRUE(follow(one, text));
  SignedText by_old = text_of(two);
  holders.sign_by(by_old, {0, 1, 2});
  others.sign_by(by_old, {0});
  EXPECT_EQ(refusal(one, by_old), Errc::bad_signature);
}

TEST_F(TrustChain, ALowerThresholdIsTheOldOnesToGive) {
  const Trust one = first_trust();
  Trust two = next_of(one);
  two.threshold = 1;
  SignedText text = text_of(two);
  holders.sign_by(text, {0});
  EXPECT_EQ(refusal(one, text), Errc::bad_signature);
  holders.sign_by(text, {1});
  EXPECT_TRUE(follow(one, text));
}

TEST_F(TrustChain, ExactlyOneStep) {
  const Trust one = first_trust();
  Trust far = next_of(one);
  for (const std::int64_t generation : {std::int64_t{1}, std::int64_t{3}, generation_max}) {
    far.generation = generation;
    SignedText text = text_of(far);
    holders.sign_by(text, {0, 1});
    EXPECT_EQ(refusal(one, text), Errc::bundle_gap) << generation;
  }
}

TEST_F(TrustChain, ASignatureOfAnotherTextIsRefused) {
  const Trust one = first_trust();
  SignedText text = text_of(next_of(one));
  holders.sign_by(text, {0, 1});
  SignedText other = text;
  other.text = generation_text([&] {
    Trust changed = next_of(one);
    changed.central_name = "Wendor";
    return changed;
  }());
  EXPECT_EQ(refusal(one, other), Errc::bad_signature);
  // One bit of any signature, too, though the others would be enough.
  holders.sign_by(text, {2});
  text.signatures.begin()->second[5] ^= 1;
  EXPECT_EQ(refusal(one, text), Errc::bad_signature);
}

TEST_F(TrustChain, AWalkTakesAllStepsAndPassesOverWhatIsKnown) {
  std::vector<SignedText> carried = {first()};
  Trust last = first_trust();
  for (int step = 0; step < 3; ++step) {
    last = next_of(last);
    carried.push_back(text_of(last));
    holders.sign_by(carried.back(), {0, 2});
  }
  const auto walked = walk(held, carried);
  ASSERT_TRUE(walked) << walked.error().detail;
  EXPECT_EQ(walked->trust.generation, 4);
  EXPECT_EQ(walked->taken.size(), 4u);
  const auto from_two = walk(walk(held, {carried[0], carried[1]}).value().trust, carried);
  EXPECT_EQ(from_two->taken.size(), 2u);
  EXPECT_EQ(walk(walked->trust, carried)->taken.size(), 0u);  // a rollback changes nothing
  EXPECT_EQ(walk(held, {carried[0], carried[2]}).error().code, Errc::bundle_gap);
  EXPECT_EQ(walk(held, {carried[1], carried[0]}).error().code, Errc::bundle_gap);
  EXPECT_EQ(walk(held, {})->trust.generation, 0);
}

TEST_F(TrustChain, WithAnInvitationTheOwnThresholdIsAskedForOnly) {
  SignedText text = text_of(next_of(held));
  holders.sign_by(text, {1});
  EXPECT_EQ(first_seen(text).error().code, Errc::bad_signature);
  holders.sign_by(text, {2});
  EXPECT_EQ(first_seen(text)->generation, 1);
}

TEST_F(TrustChain, SignedTextsAreReadStrictly) {
  const json::object sound = to_json(first());
  EXPECT_TRUE(read_signed_text(sound));
  const auto broken = [&](const char* name, json::value value) {
    json::object damaged = sound;
    damaged[name] = std::move(value);
    return !read_signed_text(damaged);
  };
  EXPECT_TRUE(broken("signed", 1));
  EXPECT_TRUE(broken("signed", ""));
  EXPECT_TRUE(broken("signed", json::string(signed_text_bytes_max + 1, 'x')));
  EXPECT_TRUE(broken("signatures", json::array{}));
  EXPECT_TRUE(broken("signatures", json::object{{"k", "00"}}));
  EXPECT_TRUE(broken("signatures", json::object{{"k", 7}}));
  EXPECT_TRUE(broken("signatures", json::object{{"k", to_hex(Bytes(64))}}));
  EXPECT_TRUE(broken("more", true));
  json::object many;
  for (std::size_t i = 0; i <= text_signatures_max; ++i)
    many[fmt::format("{:016x}", i)] = to_hex(Bytes(64));
  EXPECT_TRUE(broken("signatures", many));
  EXPECT_FALSE(read_signed_text("text"));
  EXPECT_TRUE(read_signed_texts(nullptr, 1)->empty());
  EXPECT_FALSE(read_signed_texts(json::array{sound, sound}, 1));
  EXPECT_FALSE(read_signed_texts(sound, 1));
}

TEST_F(TrustChain, AFileSaysWhoIsStillToSign) {
  const test::Folder folder;
  const Trust one = first_trust();
  TrustFile file{{first(), text_of(next_of(one))}};
  ASSERT_TRUE(save_trust_file(folder / "t", file, true));
  EXPECT_EQ(save_trust_file(folder / "t", file, true).error().code, Errc::already_exists);
  holders.sign_by(file.generations.back(), {0});
  ASSERT_TRUE(save_trust_file(folder / "t", file, false));
  const auto read = load_trust_file(folder / "t");
  ASSERT_TRUE(read) << read.error().detail;
  const auto state = read_state(*read);
  ASSERT_TRUE(state) << state.error().detail;
  EXPECT_EQ(state->missing.own, 1);
  EXPECT_EQ(state->missing.previous, 1);
  EXPECT_EQ(state->previous->generation, 1);
  std::swap(file.generations[0], file.generations[1]);
  EXPECT_EQ(read_state(file).error().code, Errc::bundle_gap);
  test::write_file(folder / "t", as_bytes("{\"_type\":\"skerry/trust-file/v2\"}"));
  EXPECT_EQ(load_trust_file(folder / "t").error().code, Errc::unsupported_version);
  EXPECT_EQ(load_trust_file(folder / "none").error().code, Errc::not_found);
}

class SiteKeysTest : public testing::Test {
 protected:
  SiteKeysTest() { site.bytes[0] = 7; }
  SiteKeys held_of(const Keys& keys) const {
    return {keys.sign.verify_key(), keys.age.recipient()};
  }
  static const crypto::KeyId id_of(const SiteKeys& keys) { return keys.sign.key_id(); }
  const IsGivenUp given_up_ = [this](const crypto::KeyId& id) { return id == given_up_id_; };
  crypto::KeyId given_up_id_;

  test::SeededRandom random{6};
  SiteId site;
  const Keys one = new_keys(random);
  const Keys two = new_keys(random);
  const Keys three = new_keys(random);
};

TEST_F(SiteKeysTest, AStatementLeadsFromTheOldKeyToTheNewOne) {
  const SignedText first = next_site_keys(site, one, two, 0);
  const SignedText second = next_site_keys(site, two, three, 0);
  const auto at = [&](const Keys& held, const std::vector<SignedText>& carried) {
    return follow_site_keys(site, held_of(held), carried, given_up_).value().sign.key_id();
  };
  EXPECT_EQ(at(one, {first, second}), three.sign.verify_key().key_id());
  EXPECT_EQ(at(two, {first, second}), three.sign.verify_key().key_id());
  EXPECT_EQ(at(three, {first, second}), three.sign.verify_key().key_id());
  EXPECT_EQ(at(one, {second}), one.sign.verify_key().key_id());  // does not go on from here
  EXPECT_EQ(at(one, {}), one.sign.verify_key().key_id());
  given_up_id_ = two.sign.verify_key().key_id();  // the site was put back to before it had that
  EXPECT_EQ(at(one, {first, second}), one.sign.verify_key().key_id());
}

TEST_F(SiteKeysTest, BothKeysSignAndForThisSiteOnly) {
  const auto refusal = [&](const SignedText& statement) {
    const auto followed = follow_site_keys(site, held_of(one), {statement}, given_up_);
    return followed ? Errc::internal : followed.error().code;
  };
  const SignedText sound = next_site_keys(site, one, two, 0);
  for (const Keys* key : {&one, &two}) {
    SignedText lacking = sound;
    lacking.signatures.erase(key->sign.verify_key().key_id());
    EXPECT_EQ(refusal(lacking), Errc::bad_signature);
    SignedText wrong = sound;
    wrong.signatures[key->sign.verify_key().key_id()][0] ^= 1;
    EXPECT_EQ(refusal(wrong), Errc::bad_signature);
  }
  EXPECT_EQ(refusal(next_site_keys(SiteId{}, one, two, 0)), Errc::bad_signature);
  SignedText other = sound;
  other.text.replace(other.text.find("/v1"), 3, "/v2");
  EXPECT_EQ(refusal(other), Errc::unsupported_version);
  EXPECT_EQ(refusal({"{}", {}}), Errc::corrupt_bundle);
  EXPECT_EQ(refusal({"no JSON", {}}), Errc::corrupt_bundle);
}

}  // namespace
}  // namespace skerry::sync
