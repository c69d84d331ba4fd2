// A central and a site that enrol with each other by bundles, with keys of their own.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <unistd.h>

#include "store/write_records.hpp"
#include "sync/enrolment.hpp"
#include "sync/import.hpp"
#include "sync/pack.hpp"
#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {

// Stands still until a test moves it.
class StillClock final : public Clock {
 public:
  UnixMillis wall_ms() const override { return now; }
  std::int64_t monotonic_ms() const override { return 0; }
  UnixMillis now = 1'780'000'000'000;
};

// A machine as `skerry init` leaves it.
struct EnrolledMachine {
  EnrolledMachine(Role role_in, std::uint64_t seed) : role(role_in), random(seed) {
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
  ~EnrolledMachine() { database->stop(); }

  Node node() { return {*database, log, keys, clock, random, folder / "spool", "test", options}; }
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
  BundleOptions options;
  Keys keys{crypto::SigningKey::generate(), crypto::AgeIdentity::generate(random)};
};

// The bundle as it comes to another machine; the original can be carried again.
inline SpooledFile copy_of(const PackedBundle& packed) {
  return {FileHandle(::dup(packed.bundle.file.fd())), packed.bundle.size, packed.bundle.sha256};
}

inline const store::Author author{"uid:0", "cli", "r-1"};

inline FieldValues site_called(const std::string& name, const json::value& scope = "all") {
  return read_new(*find_kind("site"), {{"name", name}, {"scope", scope}}).value();
}

class EnrolmentTest : public testing::Test {
 protected:
  using Machine = EnrolledMachine;
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

}  // namespace skerry::sync
