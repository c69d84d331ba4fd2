#include "sync/enrolment.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <unistd.h>

#include "store/write_records.hpp"
#include "sync/import.hpp"
#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

class StillClock final : public Clock {
 public:
  UnixMillis wall_ms() const override { return 1'780'000'000'000; }
  std::int64_t monotonic_ms() const override { return 0; }
};

// A machine as `skerry init` leaves it.
struct Machine {
  Machine(Role role_in, std::uint64_t seed) : role(role_in), random(seed) {
    store::DatabaseOptions quick;
    quick.durable = false;
    database = store::Database::open(folder / "data", quick).value();
    database->set_participant(&log);
    spool = std::make_unique<Spool>(Spool::open(folder / "spool").value());
    auto work = [&](store::Connection& connection) -> Result<void> {
      store::write_identity(connection, {role, SiteId{}, "machine"});
      log.start_own(connection,
                    {new_id<EpochId>(random), role == Role::central ? clock.wall_ms() / 1000 : 0});
      return {};
    };
    EXPECT_TRUE(database->write(work));
  }
  ~Machine() { database->stop(); }

  Node node() { return {*database, log, keys, clock, random, folder / "spool", "test", {}}; }
  store::Identity identity() { return identity_of(node()).value(); }
  void write_customer(const std::string& name) {
    auto work = [&](store::Connection& connection) -> Result<void> {
      const Kind& customer = *find_kind("customer");
      SKERRY_TRY(const FieldValues values, read_new(customer, {{"name", name}}));
      store::RecordWriter writer(connection, log, role, random);
      return writer.create(customer, std::nullopt, values, {"uid:0", "api", ""})
          .map([](const store::Record&) {});
    };
    EXPECT_TRUE(database->write(work));
  }
  std::int64_t customers() {
    const store::Reader reader = database->read();
    auto cursor = reader->query("SELECT count(*) FROM customer");
    return cursor.next() ? cursor.integer(0) : -1;
  }

  Role role;
  test::Folder folder;
  StillClock clock;
  test::SeededRandom random;
  store::ChangeLog log{clock};
  std::unique_ptr<store::Database> database;
  std::unique_ptr<Spool> spool;
  Keys keys{crypto::SigningKey::generate(), crypto::AgeIdentity::generate(random)};
};

// The bundle as it comes to another machine; the original can be carried again.
SpooledFile copy_of(const PackedBundle& packed) {
  return {FileHandle(::dup(packed.bundle.file.fd())), packed.bundle.size, packed.bundle.sha256};
}

const store::Author author{"uid:0", "cli", "r-1"};

FieldValues site_called(const std::string& name, const json::value& scope = "all") {
  return read_new(*find_kind("site"), {{"name", name}, {"scope", scope}}).value();
}

class EnrolmentTest : public testing::Test {
 protected:
  PackedBundle invite(const std::string& name) {
    auto invited = invite_site(central.node(), site_called(name), author);
    EXPECT_TRUE(invited) << invited.error().detail;
    return std::move(invited->bundle);
  }
  Result<PackedBundle> answer(Machine& machine, const PackedBundle& invitation) {
    SKERRY_TRY(auto answered, answer_invitation(machine.node(), copy_of(invitation)));
    return std::move(answered.bundle);
  }
  Result<Applicant> admit(const PackedBundle& answered) {
    return admit_site(
        central.node(), copy_of(answered), [](const Hash&) { return true; }, author);
  }
  // Invitation, answer, admission.
  void enrol(Machine& machine, const std::string& name) {
    const auto answered = answer(machine, invite(name));
    ASSERT_TRUE(answered) << answered.error().detail;
    const auto admitted = admit(*answered);
    ASSERT_TRUE(admitted) << admitted.error().detail;
    EXPECT_TRUE(admitted->admitted);
  }
  // Central's state for the site, taken in there.
  void state_to(Machine& machine) {
    const store::Site known = *store::find_site(*central.database->read(), machine.identity().id);
    const auto sent = pack_state(central.node(), known, {.always = true, .resume = {}},
                                 [&](PackedBundle&& packed) -> Result<void> {
                                   take(machine, packed);
                                   return {};
                                 });
    ASSERT_TRUE(sent) << sent.error().detail;
  }
  void changes_from(Machine& machine) {
    const auto sent = pack_changes(machine.node(), {}, [&](PackedBundle&& packed) {
      take(central, packed);
      return Result<void>();
    });
    ASSERT_TRUE(sent) << sent.error().detail;
  }
  void take(Machine& machine, const PackedBundle& packed) {
    outcome = import_bundle(machine.node(), copy_of(packed), packed.name).outcome;
  }

  Machine central{Role::central, 1};
  Machine site{Role::site, 2};
  std::string outcome;  // of the last bundle taken in
};

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

}  // namespace
}  // namespace skerry::sync
