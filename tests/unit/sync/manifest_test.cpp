#include "sync/manifest.hpp"

#include <gtest/gtest.h>

#include "sync/bundle_limits.hpp"
#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

Manifest full() {
  Manifest manifest = test::Exchange().manifest;
  manifest.payload = PayloadInfo{PayloadEncryption::age_v1, 8936, Hash{1}, 246'679, Hash{2}, 175};
  manifest.extra = {{"range", {{"first", 1204}, {"last", 1377}}},
                    {"down", {{"ce", {1'760'000'000, "x"}}, {"n", 4711}}},
                    {"from_a_later_version", nullptr}};
  return manifest;
}

json::object object_of(const Manifest& manifest) {
  return json::parse(encode_manifest(manifest).value()).as_object();
}

Error refusal_of(const json::object& object) {
  const Result<Manifest> parsed = parse_manifest(json::serialize(object));
  if (!parsed) return parsed.error();
  ADD_FAILURE() << "was accepted: " << json::serialize(object);
  return Error(Errc::internal);
}

TEST(Manifest, ComesBackWithWhatItDoesNotKnow) {
  const Manifest manifest = full();
  const std::string text = encode_manifest(manifest).value();
  const Result<Manifest> parsed = parse_manifest(text);
  ASSERT_TRUE(parsed) << parsed.error().detail;
  EXPECT_EQ(*parsed, manifest);
  EXPECT_EQ(encode_manifest(*parsed).value(), text);
}

TEST(Manifest, MembersStandInAFixedOrder) {
  const json::object object = object_of(full());
  std::vector<std::string> names;
  for (const auto& member : object) names.emplace_back(member.key());
  EXPECT_EQ(names,
            (std::vector<std::string>{"_type", "kind", "id", "from", "to", "range", "down",
                                      "from_a_later_version", "producer", "clock", "payload"}));
}

TEST(Manifest, EveryKindRoleAndSourceHasASpelling) {
  Manifest manifest = full();
  for (int kind = 0; kind <= static_cast<int>(BundleKind::handover); ++kind) {
    manifest.kind = static_cast<BundleKind>(kind);
    manifest.clock.source = static_cast<ClockSource>(kind % 3);
    manifest.payload->encryption = static_cast<PayloadEncryption>(kind % 2);
    std::swap(manifest.from.party, manifest.to);
    EXPECT_EQ(parse_manifest(encode_manifest(manifest).value()).value(), manifest);
  }
}

TEST(Manifest, ANewerFormatIsNamed) {
  json::object object = object_of(full());
  object["_type"] = "skerry/bundle/v2";
  object.erase("kind");  // nothing else is looked at
  const Error error = refusal_of(object);
  EXPECT_EQ(error.code, Errc::unsupported_version);
  EXPECT_NE(error.detail.find("skerry/bundle/v2"), std::string::npos);
  EXPECT_NE(error.next.find("skerry/bundle/v2"), std::string::npos);
}

TEST(Manifest, AnotherTypeIsCorrupt) {
  for (const char* type : {"", "skerry/bundle/", "skerry/bundle/v", "skerry/bundle/vx",
                           "skerry/payload/v1", "skerry/bundle/v1234567"}) {
    json::object object = object_of(full());
    object["_type"] = type;
    EXPECT_EQ(refusal_of(object).code, Errc::corrupt_bundle) << type;
  }
}

TEST(Manifest, EveryMissingMemberIsNamed) {
  const json::object whole = object_of(full());
  for (const char* name : {"kind", "id", "from", "to", "producer", "clock"}) {
    json::object object = whole;
    object.erase(name);
    const Error error = refusal_of(object);
    EXPECT_EQ(error.code, Errc::corrupt_bundle);
    ASSERT_EQ(error.errors.size(), 1U) << name;
    EXPECT_EQ(error.errors[0].pointer, std::string("/") + name);
    EXPECT_EQ(error.errors[0].code, "missing");
  }
}

struct Wrong {
  const char* pointer;
  json::value value;
};

// Sets the value at a pointer of one or two steps.
json::object with(json::object object, const Wrong& wrong) {
  const std::string pointer = wrong.pointer;
  const std::size_t second = pointer.find('/', 1);
  if (second == std::string::npos) {
    object[pointer.substr(1)] = wrong.value;
  } else {
    object[pointer.substr(1, second - 1)].as_object()[pointer.substr(second + 1)] = wrong.value;
  }
  return object;
}

TEST(Manifest, EveryWrongValueIsNamedByItsPointer) {
  const json::string site = "9a1b2c3d-0000-4000-8000-000000000001";
  const Wrong cases[] = {
      {"/kind", "change"},
      {"/kind", 1},
      {"/id", "9A1B2C3D-0000-4000-8000-000000000001"},
      {"/id", "x"},
      {"/from", "site"},
      {"/from/role", "vendor"},
      {"/from/id", "00000000-0000-0000-0000-000000000000"},
      {"/from/epoch", nullptr},
      {"/from/key", "0123456789ABCDEF"},
      {"/from/key", "0123"},
      {"/from/more", 1},
      {"/to/id", site},
      {"/to/epoch", site},
      {"/producer/app", ""},
      {"/producer/app", json::string(65, 'x')},
      {"/producer/formats", 1},
      {"/producer/formats", {2, 1}},
      {"/producer/formats", {0}},
      {"/producer/formats", {"1"}},
      {"/producer/schema", -1},
      {"/producer/schema_min", std::int64_t{1} << 40},
      {"/clock/hlc", "0199C0DE1234-0003"},
      {"/clock/wall", "2026-03-02T10:11:12Z"},
      {"/clock/wall", "yesterday"},
      {"/clock/src", "gps"},
      {"/payload/enc", "age-v2"},
      {"/payload/comp", "gzip"},
      {"/payload/size", 0},
      {"/payload/size", -1},
      {"/payload/sha256", json::string(64, 'A')},
      {"/payload/plain_sha256", json::string(63, 'a')},
      {"/payload/plain_size", "1"},
      {"/payload/lines", 0},
      {"/payload/more", 0},
  };
  const json::object whole = object_of(full());
  for (const Wrong& wrong : cases) {
    const Error error = refusal_of(with(whole, wrong));
    EXPECT_EQ(error.code, Errc::corrupt_bundle) << wrong.pointer;
    ASSERT_EQ(error.errors.size(), 1U) << wrong.pointer << " " << wrong.value;
    EXPECT_EQ(error.errors[0].pointer, wrong.pointer);
    EXPECT_NE(error.detail.find(wrong.pointer), std::string::npos);
  }
}

TEST(Manifest, AllComplaintsAtOnce) {
  json::object object = object_of(full());
  object["kind"] = "x";
  object["clock"].as_object()["src"] = 3;
  object["payload"].as_object().erase("lines");
  const Error error = refusal_of(object);
  EXPECT_EQ(error.errors.size(), 3U);
  EXPECT_NE(error.detail.find("2 more"), std::string::npos);
}

TEST(Manifest, NotStrictJson) {
  const std::string text = encode_manifest(full()).value();
  for (const std::string& other :
       {std::string(), std::string("[]"), text + "x", text.substr(0, text.size() - 1),
        "{\"_type\":\"skerry/bundle/v1\"," + text.substr(1), std::string("{\"a\":1.5}"),
        std::string("{\"a\":\"\xff\"}")})
    EXPECT_EQ(parse_manifest(other).error().code, Errc::corrupt_bundle) << other;
  EXPECT_EQ(parse_manifest(std::string(manifest_bytes_max + 1, ' ')).error().code,
            Errc::limit_exceeded);
}

TEST(Manifest, TooLargeToEncode) {
  Manifest manifest = full();
  manifest.extra["filler"] = std::string(manifest_bytes_max, 'x');
  EXPECT_EQ(encode_manifest(manifest).error().code, Errc::limit_exceeded);
}

TEST(PayloadHead, ComesBack) {
  const Manifest manifest = full();
  const PayloadHead head{manifest.id, manifest.from.party, manifest.from.epoch, manifest.to,
                         Hash{7}};
  const std::string line = encode_payload_head(head);
  EXPECT_TRUE(line.starts_with(R"({"k":"head","_type":"skerry/payload/v1","from":{"role":"site")"));
  EXPECT_EQ(parse_payload_head(line).value(), head);
}

TEST(PayloadHead, UnknownMembersAreRefused) {
  const Manifest manifest = full();
  json::object object =
      json::parse(encode_payload_head({manifest.id, manifest.from.party, manifest.from.epoch,
                                       manifest.to, Hash{7}}))
          .as_object();
  object["more"] = 1;
  EXPECT_EQ(parse_payload_head(json::serialize(object)).error().code, Errc::corrupt_bundle);
}

TEST(Party, CentralIsNamedSitesAreNumbered) {
  EXPECT_EQ(to_string(Party::central()), "central");
  const SiteId site = *parse_id<SiteId>("9a1b2c3d-0000-4000-8000-000000000001");
  EXPECT_EQ(to_string(Party::site(site)), "9a1b2c3d-0000-4000-8000-000000000001");
}

}  // namespace
}  // namespace skerry::sync
