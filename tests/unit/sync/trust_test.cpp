#include "sync/trust.hpp"

#include <gtest/gtest.h>

#include "tests/simulation/machine.hpp"

namespace skerry::sync {
namespace {

Trust example_trust() {
  Trust trust;
  trust.generation = 3;
  trust.central_name = "Vendor";
  trust.signing_keys = {sim::keys_of(0).sign.verify_key(), sim::keys_of(1).sign.verify_key()};
  trust.recipients = {sim::keys_of(0).age.recipient()};
  trust.revoked = {sim::keys_of(2).sign.verify_key().key_id()};
  return trust;
}

TEST(Trust, ComesBackAsItWent) {
  const Trust sent = example_trust();
  const auto read = read_trust(to_json(sent));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->generation, 3);
  EXPECT_EQ(read->central_name, "Vendor");
  EXPECT_EQ(read->signing_keys, sent.signing_keys);
  EXPECT_EQ(read->recipients, sent.recipients);
  EXPECT_EQ(read->revoked, sent.revoked);
}

TEST(Trust, WithoutKeysThereIsNoTrust) {
  Trust trust = example_trust();
  trust.signing_keys.clear();
  EXPECT_FALSE(read_trust(to_json(trust)));
  trust = example_trust();
  trust.recipients.clear();
  EXPECT_FALSE(read_trust(to_json(trust)));
}

TEST(Trust, EveryMemberIsChecked) {
  for (const char* name : {"version", "central", "signing_keys", "recipients", "revoked"}) {
    json::object damaged = to_json(example_trust());
    damaged[name] = true;
    const auto read = read_trust(damaged);
    ASSERT_FALSE(read) << name;
    EXPECT_EQ(read.error().code, Errc::corrupt_bundle) << name;
  }
  json::object damaged = to_json(example_trust());
  damaged["signing_keys"] = json::array{"not a key"};
  EXPECT_FALSE(read_trust(damaged));
  damaged = to_json(example_trust());
  damaged["revoked"] = json::array{"not a key"};
  EXPECT_FALSE(read_trust(damaged));
  damaged = to_json(example_trust());
  damaged["version"] = -1;
  EXPECT_FALSE(read_trust(damaged));
}

TEST(Trust, TheFingerprintIsOfTheSigningKeysInTheirOrder) {
  Trust trust = example_trust();
  const Hash fingerprint = trust_fingerprint(trust);
  trust.central_name = "Somebody";
  EXPECT_EQ(trust_fingerprint(trust), fingerprint);
  std::swap(trust.signing_keys[0], trust.signing_keys[1]);
  EXPECT_NE(trust_fingerprint(trust), fingerprint);
}

}  // namespace
}  // namespace skerry::sync
