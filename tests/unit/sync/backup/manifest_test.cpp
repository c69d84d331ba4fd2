#include "sync/backup/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.hpp"
#include "core/strict_json.hpp"
#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

using testing::HasSubstr;

Hash hash_of(std::uint8_t byte) {
  Hash hash;
  hash.fill(byte);
  return hash;
}

BackupManifest sample() {
  test::SeededRandom random(7);
  BackupManifest manifest;
  manifest.id = new_id<BackupId>(random);
  manifest.created_at = 1'790'000'000'123;
  manifest.app = "1.2.3";
  manifest.key = "0123456789abcdef";
  manifest.facts.identity = {Role::central, SiteId{}, "Head \"office\""};
  manifest.facts.epoch = new_id<EpochId>(random);
  manifest.facts.ord = 1'760'000'000;
  manifest.facts.head = 17;
  manifest.facts.hash = hash_of(1);
  manifest.facts.rows = 40;
  manifest.facts.upstream = DownPosition{{1'760'000'000, new_id<EpochId>(random).bytes}, 9, {}};
  for (std::int64_t head : {3, 5})
    manifest.facts.sites.push_back({new_id<EpochId>(random), head, hash_of(2)});
  manifest.facts.records = {{"customer", 12}, {"note", 0}};
  manifest.facts.digest = hash_of(3);
  manifest.facts.schema = 1;
  manifest.facts.migration = 2;
  manifest.recovery = "age1recovery";
  manifest.keys = "-----BEGIN AGE ENCRYPTED FILE-----\n…";
  manifest.payload = {100, hash_of(4), 4096, hash_of(5)};
  return manifest;
}

std::string text_of(const json::object& object) { return json::serialize(object); }
json::object object_of(const BackupManifest& manifest) {
  return parse_json_object(encode_backup_manifest(manifest).value()).value();
}

TEST(BackupManifestTest, ComesBackAsItWas) {
  const BackupManifest manifest = sample();
  const auto text = encode_backup_manifest(manifest);
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, testing::StartsWith(R"({"_type":"skerry/backup/v1","id":")"));
  const auto read = parse_backup_manifest(*text);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_TRUE(*read == manifest);
  EXPECT_EQ(encode_backup_manifest(*read).value(), *text);

  BackupManifest bare = manifest;
  bare.facts.upstream.reset();
  bare.facts.sites.clear();
  const auto again = parse_backup_manifest(encode_backup_manifest(bare).value());
  ASSERT_TRUE(again);
  EXPECT_TRUE(*again == bare);
}

TEST(BackupManifestTest, EveryMemberIsNeeded) {
  const json::object whole = object_of(sample());
  for (const auto& member : whole) {
    if (member.key() == "upstream") continue;
    json::object without = whole;
    without.erase(member.key());
    const auto read = parse_backup_manifest(text_of(without));
    ASSERT_FALSE(read) << member.key();
    EXPECT_EQ(read.error().code, Errc::corrupt_bundle) << member.key();
    EXPECT_THAT(read.error().detail, HasSubstr(std::string(member.key())));
  }
  for (const char* inner : {"machine", "log", "upstream", "producer", "payload"})
    for (const auto& member : whole.at(inner).get_object()) {
      json::object without = whole;
      without.at(inner).get_object().erase(member.key());
      const auto read = parse_backup_manifest(text_of(without));
      ASSERT_FALSE(read) << inner << " " << member.key();
      EXPECT_THAT(read.error().detail, HasSubstr(std::string(member.key())));
    }
}

TEST(BackupManifestTest, WhatIsOfAnotherFormIsRefused) {
  const json::object whole = object_of(sample());
  const auto refused = [&](auto change) {
    json::object changed = whole;
    change(changed);
    const auto read = parse_backup_manifest(text_of(changed));
    return !read && read.error().code == Errc::corrupt_bundle;
  };
  EXPECT_FALSE(refused([](json::object&) {}));
  EXPECT_FALSE(refused([](json::object& m) { m["later"] = "unknown"; }));
  EXPECT_TRUE(refused([](json::object& m) { m["created_at"] = "yesterday"; }));
  EXPECT_TRUE(refused([](json::object& m) { m["created_at"] = "2026-03-02T10:11:12Z"; }));
  EXPECT_TRUE(refused([](json::object& m) { m["id"] = "x"; }));
  EXPECT_TRUE(refused([](json::object& m) { m["digest"] = "00"; }));
  EXPECT_TRUE(refused([](json::object& m) { m["keys"] = std::string(20'000, 'a'); }));
  EXPECT_TRUE(refused([](json::object& m) { m.at("machine").at("role") = "ship"; }));
  EXPECT_TRUE(refused([](json::object& m) { m.at("machine").at("key") = "0123456789ABCDEF"; }));
  EXPECT_TRUE(refused([](json::object& m) { m.at("log").at("head") = -1; }));
  EXPECT_TRUE(refused([](json::object& m) { m.at("records").at("note") = -1; }));
  EXPECT_TRUE(refused([](json::object& m) { m.at("records").at("note") = "many"; }));
  EXPECT_TRUE(refused([](json::object& m) { m.at("payload").at("enc") = "none"; }));
  EXPECT_TRUE(refused([](json::object& m) { m.at("payload").at("comp") = "xz"; }));
  EXPECT_TRUE(refused([](json::object& m) { m.at("payload").at("size") = 0; }));
  EXPECT_TRUE(refused([](json::object& m) { m["sites"] = json::array{1}; }));
  EXPECT_TRUE(refused([](json::object& m) { m["sites"] = json::array{json::array{"x", 1, "y"}}; }));
  EXPECT_EQ(parse_backup_manifest("no JSON").error().code, Errc::corrupt_bundle);
  EXPECT_EQ(parse_backup_manifest(R"({"_type":"skerry/bundle/v1"})").error().code,
            Errc::corrupt_bundle);
}

TEST(BackupManifestTest, ALaterVersionIsNamed) {
  json::object later = object_of(sample());
  later["_type"] = "skerry/backup/v2";
  const auto read = parse_backup_manifest(text_of(later));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::unsupported_version);
  EXPECT_THAT(read.error().next, HasSubstr("skerry/backup/v2"));
}

TEST(BackupManifestTest, HasRoomForThirtyThousandSites) {
  BackupManifest manifest = sample();
  manifest.facts.sites.assign(30'000, {manifest.facts.epoch, 9'999'999'999, hash_of(9)});
  const auto text = encode_backup_manifest(manifest);
  ASSERT_TRUE(text);
  EXPECT_TRUE(parse_backup_manifest(*text));
  manifest.facts.sites.assign(60'000, {manifest.facts.epoch, 9'999'999'999, hash_of(9)});
  EXPECT_EQ(encode_backup_manifest(manifest).error().code, Errc::limit_exceeded);
}

}  // namespace
}  // namespace skerry::sync
