// One test for each attack that The Update Framework lists (its specification, "Attacks"), against
// bundles and their import. docs/promises.md has the table. What the attacker has is said with
// each: the medium or the line, and keys only where the attack is about keys.
#include <atomic>
#include <chrono>
#include <fmt/format.h>
#include <sys/stat.h>
#include <thread>

#include "store/inbox.hpp"
#include "store/upstream.hpp"
#include "sync/engine.hpp"
#include "sync/http_client.hpp"
#include "sync/trust.hpp"
#include "sync/ustar.hpp"
#include "tests/unit/sync/enrolled_fixture.hpp"
#include "tests/unit/sync/http_server.hpp"

namespace skerry::sync {
namespace {

// A bundle as a courier sees it, who can change all of it but sign nothing.
struct Carried {
  std::string name;
  Bytes bytes;

  Manifest manifest() const {
    const FileHandle file = test::file_of(bytes);
    return inspect_bundle(file.fd()).value().manifest;
  }
  std::vector<test::RawMember> members() const {
    const FileHandle file = test::file_of(bytes);
    std::vector<test::RawMember> members;
    const auto found = read_ustar(file.fd(), bytes.size(), 20).value();
    for (const UstarMember& member : found) {
      const ByteView content = ByteView(bytes).subspan(member.offset, member.size);
      members.push_back({member.name, {content.begin(), content.end()}});
    }
    return members;
  }
  Bytes payload() const { return members().back().content; }
};

class TufAttack : public EnrolmentTest {
 protected:
  TufAttack() {
    enrol(site, "plant");
    central.write_customer("Genuine");
    for (const Carried& bundle : packed_down()) deliver(site, bundle.bytes);
    EXPECT_EQ(outcome, "applied");
    before = state_of(site);
  }

  std::vector<Carried> packed_down() {
    const store::Site known = *store::find_site(*central.database->read(), site.identity().id);
    std::vector<Carried> bundles;
    EXPECT_TRUE(
        pack_state(central.node(), known, {.always = true, .resume = {}}, keep_in(bundles)));
    return bundles;
  }
  std::vector<Carried> packed_up() { return packed_up(site); }
  static std::vector<Carried> packed_up(Machine& machine) {
    std::vector<Carried> bundles;
    EXPECT_TRUE(pack_changes(machine.node(), {}, keep_in(bundles)));
    return bundles;
  }
  static EmitBundle keep_in(std::vector<Carried>& bundles) {
    return [&bundles](PackedBundle&& packed) -> Result<void> {
      bundles.push_back({packed.name, test::bytes_of(packed.bundle.file)});
      return {};
    };
  }
  // Says what became of it.
  std::string deliver(Machine& machine, ByteView bytes) {
    const ImportOutcome taken = import_bundle(
        machine.node(), {test::file_of(bytes), bytes.size(), crypto::sha256(bytes)}, "carried.skb");
    return outcome = taken.outcome;
  }
  // What an attack must not move: records, and where the machine stands.
  static std::string state_of(Machine& machine) {
    const store::Reader reader = machine.database->read();
    const auto upstream = store::read_upstream(*reader);
    std::string names;
    auto cursor = reader->query("SELECT name FROM customer ORDER BY name");
    while (cursor.next()) names += std::string(cursor.text(0)) + ";";
    return fmt::format("{} log {} central {}", names, machine.log.last_n(),
                       upstream ? upstream->n : 0);
  }
  // Nothing moved, and what is genuine is taken as ever.
  void expect_unmoved() {
    EXPECT_EQ(state_of(site), before);
    central.write_customer("Genuine too");
    for (const Carried& bundle : packed_down()) deliver(site, bundle.bytes);
    EXPECT_EQ(outcome, "applied");
    EXPECT_EQ(site.customers(), central.customers());
  }
  UnixMillis contact_at_site() { return store::read_upstream(*site.database->read())->contact_at; }
  UnixMillis contact_at_central() {
    return store::find_site(*central.database->read(), site.identity().id)->contact_at.value_or(0);
  }

  const crypto::SigningKey stranger = crypto::SigningKey::generate();
  std::string before;
};

// The attacker makes a bundle of his own, or signs a genuine one's content as his.
TEST_F(TufAttack, ArbitraryInstallation) {
  central.write_customer("For the site");
  const Carried genuine = packed_down().back();
  EXPECT_EQ(deliver(site, test::raw_bundle(genuine.manifest(), genuine.payload(), stranger)),
            "unknown_signer");
  // Under the name of central's key.
  auto forged = genuine.members();
  const crypto::Signature signature = stranger.sign(forged[0].content);
  forged[1].content.assign(signature.begin(), signature.end());
  EXPECT_EQ(deliver(site, test::raw_archive(forged)), "bad_signature");
  // Without any.
  EXPECT_EQ(deliver(site, test::raw_archive({forged[0], forged[2]})), "bad_signature");
  expect_unmoved();
}

// A file that never ends, and a payload that never ends of somebody whose signature is good.
TEST_F(TufAttack, EndlessData) {
  const auto endless = site.folder / "endless.skb";
  test::write_file(endless, as_bytes("x"));
  std::filesystem::resize_file(endless, std::uintmax_t{1} << 40);
  const auto taken = site.spool->take(endless);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Errc::limit_exceeded);
  EXPECT_TRUE(std::filesystem::is_empty(site.spool->folder()));

  site.options.accept_unencrypted = true;
  Manifest manifest = packed_down().back().manifest();
  const PayloadHead head{manifest.id, manifest.from.party, manifest.from.epoch, manifest.to,
                         Hash{}};
  const std::string plain =
      encode_payload_head(head) + "\n" + std::string(64 * mebibyte, 'x') + "\n";
  const Bytes bomb = test::compressed(plain);
  manifest.payload = test::describe(plain, bomb);
  EXPECT_EQ(deliver(site, test::raw_bundle(manifest, bomb, central.keys.sign)), "limit_exceeded");
  expect_unmoved();
}

// A bundle depends on none of another name, so nothing extra can be asked for; nearest is what
// comes along unasked, beside the members that the format has.
TEST_F(TufAttack, ExtraneousDependencies) {
  const Carried genuine = packed_down().back();
  for (const char* name : {"payload2", "install.sh", "..", "manifest.json"}) {
    auto members = genuine.members();
    members.push_back({name, {'x'}});
    EXPECT_EQ(deliver(site, test::raw_archive(members)), "corrupt_bundle") << name;
  }
  expect_unmoved();
}

// With the site's key: positions far ahead, so that nothing genuine could follow.
TEST_F(TufAttack, FastForward) {
  site.write_customer("Of the site");
  const Carried genuine = packed_up().back();
  Manifest manifest = genuine.manifest();
  ChangesBody body = read_changes_body(manifest.extra).value();
  constexpr std::int64_t far = std::int64_t{1} << 52;
  const auto claim = [&](const ChangesBody& claimed) {
    manifest.extra = to_json(claimed);
    return deliver(central, test::raw_bundle(manifest, genuine.payload(), site.keys.sign));
  };
  const std::int64_t rows = central.log.last_n();
  ChangesBody ahead = body;
  ahead.first = far;
  ahead.last = ahead.head = far + 1;
  EXPECT_EQ(claim(ahead), "bundle_gap");
  ahead = body;
  ahead.last = ahead.head = far;  // more than the payload has
  EXPECT_EQ(claim(ahead), "corrupt_bundle");
  ahead = body;
  ahead.down->life.ord = ord_claimed_max + 1;  // a life of central after which there is none
  EXPECT_EQ(claim(ahead), "wrong_history");
  EXPECT_EQ(central.log.last_n(), rows);
  EXPECT_EQ(deliver(central, genuine.bytes), "applied");
  EXPECT_EQ(central.customers(), 2);
}

// Old bundles again and again, and no new one: they pass for no contact, on either side.
TEST_F(TufAttack, IndefiniteFreeze) {
  site.write_customer("Of the site");
  const auto up = packed_up();
  for (const Carried& bundle : up) deliver(central, bundle.bytes);
  const auto down = packed_down();
  for (const Carried& bundle : down) deliver(site, bundle.bytes);
  for (const Carried& bundle : packed_up()) deliver(central, bundle.bytes);
  const UnixMillis at_site = contact_at_site();
  const UnixMillis at_central = contact_at_central();
  ASSERT_GT(at_site, 0);
  ASSERT_GT(at_central, 0);
  for (int day = 1; day <= 3; ++day) {
    site.clock.now += 86'400'000;
    central.clock.now += 86'400'000;
    for (const Carried& bundle : up) EXPECT_EQ(deliver(central, bundle.bytes), "duplicate");
    for (const Carried& bundle : down) EXPECT_EQ(deliver(site, bundle.bytes), "duplicate");
  }
  EXPECT_EQ(contact_at_site(), at_site);  // its age is what people see
  EXPECT_EQ(contact_at_central(), at_central);
}

// A medium full of what is no use: the genuine bundle among it is taken, and little is kept.
TEST_F(TufAttack, MaliciousMirrors) {
  central.write_customer("For the site");
  const Carried genuine = packed_down().back();
  constexpr int useless = 1200;
  for (int i = 0; i < useless; ++i) {
    Bytes damaged = genuine.bytes;
    damaged[static_cast<std::size_t>(i)] ^= 1;
    EXPECT_NE(deliver(site, damaged), "applied") << i;
  }
  EXPECT_EQ(state_of(site), before);
  EXPECT_EQ(deliver(site, genuine.bytes), "applied");
  const auto seen = store::list_inbox(*site.database->read(), 100'000);
  EXPECT_LT(seen.size(), static_cast<std::size_t>(store::refused_strangers_max + 100));
}

// Parts of genuine bundles in one: of two bundles, and of two packings of one state.
TEST_F(TufAttack, MixAndMatch) {
  central.write_customer("First");
  const Carried one = packed_down().back();
  central.write_customer("Second");
  const Carried two = packed_down().back();
  auto mixed = two.members();
  mixed[2] = one.members()[2];
  EXPECT_EQ(deliver(site, test::raw_archive(mixed)), "corrupt_bundle");
  mixed = two.members();
  mixed[1] = one.members()[1];
  EXPECT_EQ(deliver(site, test::raw_archive(mixed)), "bad_signature");
  expect_unmoved();

  central.options.limits.lines_max = 3;
  const store::Site known = *store::find_site(*central.database->read(), site.identity().id);
  const auto whole = [&] {
    std::vector<Carried> pieces;
    EXPECT_TRUE(pack_state(central.node(), known, {.from = 1, .resume = {}}, keep_in(pieces)));
    return pieces;
  };
  central.write_customer("Third");
  const auto earlier = whole();
  central.write_customer("Fourth");
  const auto later = whole();
  ASSERT_GT(earlier.size(), 2U);
  ASSERT_GE(later.size(), earlier.size());
  before = state_of(site);
  EXPECT_EQ(deliver(site, earlier[0].bytes), "waiting");
  for (std::size_t i = 1; i < later.size(); ++i)
    EXPECT_EQ(deliver(site, later[i].bytes), "waiting") << i;
  EXPECT_EQ(state_of(site), before);
  EXPECT_EQ(deliver(site, later[0].bytes), "waiting");
  EXPECT_EQ(deliver(site, later.back().bytes), "applied");  // the last one says that it is all
  EXPECT_EQ(site.customers(), central.customers());
}

// An older state, once genuine, in the place of a newer one.
TEST_F(TufAttack, Rollback) {
  central.write_customer("Older");
  const auto older = packed_down();
  central.write_customer("Newer");
  for (const Carried& bundle : packed_down()) deliver(site, bundle.bytes);
  ASSERT_EQ(site.customers(), 3);
  before = state_of(site);
  for (const Carried& bundle : older) EXPECT_EQ(deliver(site, bundle.bytes), "duplicate");
  expect_unmoved();
}

// A file that never comes to its end is not waited for; nor is a line that gives nothing.
TEST_F(TufAttack, SlowRetrieval) {
  const auto pipe = site.folder / "slow.skb";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(site.spool->take(pipe).error().code, Errc::bad_input);

  const std::string never_whole = "HTTP/1.1 200 X\r\nContent-Length: 1000000\r\n\r\nx";
  std::atomic<bool> ended = false;
  const test::HttpServer slow([&](const std::string&) {
    while (!ended) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return never_whole;
  });
  HttpOptions options;
  options.stall_timeout = std::chrono::seconds(1);
  HttpClient client(options);
  HttpRequest request;
  request.url = slow.url("/v1/exchange");
  const auto answered = client.request(request);
  ended = true;
  ASSERT_FALSE(answered);
  EXPECT_EQ(answered.error().code, Errc::unreachable);
  expect_unmoved();
}

// What a stolen key can do ends with its revocation, and was never more than its owner could.
TEST_F(TufAttack, KeyCompromise) {
  // One site's key does not speak for another.
  Machine other(Role::site, 3);
  enrol(other, "quay");
  site.write_customer("Of the site");
  const Carried genuine = packed_up().back();
  EXPECT_EQ(
      deliver(central, test::raw_bundle(genuine.manifest(), genuine.payload(), other.keys.sign)),
      "unknown_signer");
  // Nor for central.
  central.write_customer("For the site");
  const Carried down = packed_down().back();
  EXPECT_EQ(deliver(site, test::raw_bundle(down.manifest(), down.payload(), other.keys.sign)),
            "unknown_signer");
  // A revoked site's is refused at once, before its rows are looked at.
  ASSERT_TRUE(revoke_site(central.node(), site.identity().id, author));
  EXPECT_EQ(deliver(central, genuine.bytes), "revoked_signer");
  EXPECT_EQ(central.customers(), 2);
  // So is a key of central's that the trust document revokes, though it names the key as well.
  const auto revoke = [&](store::Connection& connection) -> Result<void> {
    SKERRY_TRY(Trust trust, load_trust(connection));
    trust.revoked.push_back(central.keys.sign.verify_key().key_id());
    save_trust(connection, trust);
    return {};
  };
  ASSERT_TRUE(site.database->write(revoke));
  EXPECT_EQ(deliver(site, down.bytes), "revoked_signer");
}

// Nor does one site's key write in another's log, whose place stands in every manifest, or say what
// of it is lost.
TEST_F(TufAttack, KeyCompromiseOfAnotherSite) {
  Machine other(Role::site, 3);
  enrol(other, "quay");
  central.options.accept_unencrypted = true;
  site.write_customer("Of the site");
  const Carried genuine = packed_up().back();
  EXPECT_EQ(deliver(central, genuine.bytes), "applied");
  const std::int64_t rows = central.log.last_n();
  const Manifest victim = genuine.manifest();
  const ChangesBody known = read_changes_body(victim.extra).value();
  Manifest manifest = packed_up(other).back().manifest();
  const auto claim = [&](const EpochId& epoch, const ChangesBody& claimed, const std::string& row) {
    manifest.from.epoch = epoch;
    manifest.extra = to_json(claimed);
    const PayloadHead head{manifest.id, manifest.from.party, epoch, manifest.to, Hash{}};
    const std::string plain = encode_payload_head(head) + "\n" + row;
    const Bytes payload = test::compressed(plain);
    manifest.payload = test::describe(plain, payload);
    return deliver(central, test::raw_bundle(manifest, payload, other.keys.sign));
  };
  const EpochId own = manifest.from.epoch;
  const ChangesBody honest = read_changes_body(manifest.extra).value();
  ChangesBody next = honest;
  next.first = next.last = next.head = known.last + 1;
  next.prev_hash = known.last_hash;
  next.last_hash = crypto::chain_hash(known.last_hash, "{}");
  EXPECT_EQ(claim(victim.from.epoch, next, "{}\n"), "wrong_history");
  ChangesBody continued = honest;
  continued.previous = victim.from.epoch;
  EXPECT_EQ(claim(own, continued, ""), "wrong_history");
  ChangesBody losing = honest;
  losing.lost = {{victim.from.epoch, 1, 9}};
  EXPECT_EQ(claim(own, losing, ""), "wrong_history");
  EXPECT_EQ(central.log.last_n(), rows);
  EXPECT_NE(claim(own, honest, ""), "wrong_history");
  site.write_customer("Later");
  EXPECT_EQ(deliver(central, packed_up().back().bytes), "applied");
}

// Genuine, and for somebody else.
TEST_F(TufAttack, WrongInstallation) {
  Machine other(Role::site, 3);
  enrol(other, "quay");
  const store::Site known = *store::find_site(*central.database->read(), other.identity().id);
  std::vector<Carried> for_other;
  ASSERT_TRUE(
      pack_state(central.node(), known, {.always = true, .resume = {}}, keep_in(for_other)));
  EXPECT_EQ(deliver(site, for_other.back().bytes), "wrong_recipient");
  // Central's own, back to itself: no site sent it.
  EXPECT_EQ(deliver(central, for_other.back().bytes), "unknown_signer");
  // An up bundle where only state belongs.
  site.write_customer("Of the site");
  const Carried up = packed_up().back();
  EXPECT_EQ(deliver(site, up.bytes), "unknown_signer");
  EXPECT_EQ(deliver(central, up.bytes), "applied");
}

}  // namespace
}  // namespace skerry::sync
