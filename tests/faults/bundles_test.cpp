// Bundles on a failing disk: taken in at both sides, written to a medium, and enrolment.
#include <unistd.h>

#include "sync/enrolment.hpp"
#include "sync/medium.hpp"
#include "sync/pack.hpp"
#include "sync/trust.hpp"
#include "tests/faults/faults_test.hpp"

namespace skerry::faults {
namespace {

namespace fs = std::filesystem;

constexpr int customers = 12;

void add_customers(sim::Machine& machine) {
  for (int i = 0; i < customers; ++i)
    must(add_customer(machine, fmt::format("Customer {}", i)), "writing");
}

// What one machine has for the other: made once, on a good disk.
Bytes bundle_from(std::size_t number) {
  const fs::path folder = sim::scratch_folder();
  Bytes bytes;
  {
    const auto machine = open_machine(number, folder, sim::template_of(number));
    add_customers(*machine);
    const auto keep = [&](sync::PackedBundle&& packed) -> Result<void> {
      bytes = sim::read_whole(packed.bundle.file.fd(), packed.bundle.size);
      return {};
    };
    if (number != 0) {
      must(sync::pack_changes(machine->node(), {}, keep), "packing");
    } else {
      const auto site = machine->read([](store::Connection& connection) {
        return *store::find_site(connection, sim::site_id(1));
      });
      must(sync::pack_state(machine->node(), site, {.always = true, .resume = {}}, keep),
           "packing");
    }
  }
  fs::remove_all(folder);
  return bytes;
}

template <std::size_t from, std::size_t to>
class TakeIn : public MachineStory {
 public:
  explicit TakeIn(const fs::path& folder_in) : MachineStory(folder_in, to) { bundle(); }
  static const Bytes& bundle() {
    static const Bytes bytes = bundle_from(from);
    return bytes;
  }
  void begin() override { start(); }
  Result<void> act() override {
    // As the daemon does; sim::Machine::import() takes no refusal of the spool.
    SKERRY_TRY(const auto spool, sync::Spool::open(folder / "spool"));
    SKERRY_TRY(auto writer, spool.begin());
    SKERRY_TRY_VOID(writer.write(bundle()));
    const auto outcome = sync::import_bundle(machine->node(), writer.seal(), "test.skb");
    if (outcome.error) return fail(*outcome.error);
    return {};
  }
  void check(bool acknowledged) override {
    look();
    expect_old_or_new(count(*machine, "customer"), 0, customers, acknowledged);
    const auto again = machine->import(bundle(), "test.skb");
    expect(again.applied(), "not taken in afterwards: " + again.detail);
    expect(count(*machine, "customer") == customers, "not all are there afterwards");
    check_whole(*machine);
  }
};

// What is at its place on the medium is whole.
class Export : public MachineStory {
 public:
  explicit Export(const fs::path& folder_in) : MachineStory(folder_in, 1) {}
  void begin() override {
    start();
    add_customers(*machine);
    fs::create_directory(medium());
  }
  Result<void> act() override {
    SKERRY_TRY(const auto stick, sync::Medium::open(medium()));
    return sync::pack_changes(
        machine->node(), {}, [&](sync::PackedBundle&& packed) -> Result<void> {
          return stick
              .write(packed.bundle.file.fd(), packed.bundle.size, packed.bundle.sha256, packed.to,
                     packed.from, packed.name)
              .map([](const fs::path&) {});
        });
  }
  void check(bool acknowledged) override {
    look();
    expect(count(*machine, "customer") == customers, "the export changed the machine");
    const auto central = open_machine(0, folder / "central", sim::template_of(0));
    const auto stick = must(sync::Medium::open(medium()), "opening the medium");
    const auto found = must(stick.list_for(sync::Party::central()), "looking at the medium");
    expect(!acknowledged || found.bundles.size() == 1, "the bundle is not on the medium");
    for (const sync::MediumEntry& entry : found.bundles) {
      const auto file = must(stick.open_entry(sync::Party::central(), entry), "opening");
      const auto taken = central->import(sim::read_whole(file.fd(), entry.size), entry.name);
      expect(taken.applied(), "half a bundle has its name: " + taken.detail);
      expect(count(*central, "customer") == customers, "not all is in the bundle");
    }
  }

 private:
  fs::path medium() const { return folder / "medium"; }
};

// A site that has no central yet; without an anchor, which would name the site it was before.
class NewSite {
 public:
  explicit NewSite(const fs::path& folder)
      : folder_(folder), random_(fs::exists(folder / "skerry.db") ? 8 : 7) {
    fs::create_directories(folder / "spool");
    store::DatabaseOptions one_thread;
    one_thread.threaded = false;
    database = must(store::Database::open(folder, one_thread), "opening a site");
    database->set_participant(&log_);
    auto start = [&](store::Connection& connection) -> Result<void> {
      log_.load(connection);
      if (store::read_identity(connection)) return {};
      store::write_identity(connection, {Role::site, SiteId{}, "new"});
      log_.start_own(connection, {new_id<EpochId>(random_), 0});
      return {};
    };
    must(database->write(start), "starting a site");
  }
  sync::Node node() {
    return {*database, log_, sim::keys_of(1), clock_, random_, folder_ / "spool", "test", {}};
  }

 private:
  const fs::path folder_;
  const SystemClock clock_;
  sim::Rng random_;
  store::ChangeLog log_{clock_};

 public:
  std::unique_ptr<store::Database> database;
};

// From the invitation to the admission.
class Enrol : public Story {
 public:
  explicit Enrol(const fs::path& folder) : folder_(folder) {}
  void begin() override {
    fs::create_directories(folder_ / "site");
    central_ = open_machine(0, folder_ / "central", sim::template_of(0));
    site_ = std::make_unique<NewSite>(folder_ / "site");
  }
  Result<void> act() override {
    const Kind& kind = *find_kind("site");
    const store::Author author{"uid:0", "cli", ""};
    SKERRY_TRY(const auto values, read_new(kind, {{"name", "new"}, {"scope", "all"}}));
    SKERRY_TRY(auto invited, sync::invite_site(central_->node(), values, author));
    SKERRY_TRY(auto answered, sync::answer_invitation(site_->node(), spooled(invited.bundle)));
    const auto confirm = [](const Hash&) { return true; };
    SKERRY_TRY(const auto applicant,
               sync::admit_site(central_->node(), spooled(answered.bundle), confirm, author));
    expect(applicant.admitted, "answered, and not admitted");
    return {};
  }
  // Of the three steps some are done: a site that was admitted is not invited again.
  Result<void> act_again() override {
    if (is_admitted()) return {};
    return act();
  }
  void check(bool acknowledged) override {
    central_ = open_machine(0, folder_ / "central");
    site_ = std::make_unique<NewSite>(folder_ / "site");
    check_whole(*central_);
    check_whole(*site_->database->read());
    expect(!acknowledged || is_admitted(), "admitted, and forgotten");
    expect(!is_admitted() || knows_central(), "admitted, and the site does not know it");
    must(act_again(), "enrolling afterwards");
    expect(is_admitted() && knows_central(), "not enrolled afterwards");
  }

 private:
  static sync::SpooledFile spooled(const sync::PackedBundle& packed) {
    return {sync::FileHandle(::dup(packed.bundle.file.fd())), packed.bundle.size,
            packed.bundle.sha256};
  }
  bool is_admitted() { return count(*central_, "site WHERE name='new' AND status='active'") == 1; }
  bool knows_central() { return sync::load_trust(*site_->database->read()).has_value(); }

  const fs::path folder_;
  std::unique_ptr<sim::Machine> central_;
  std::unique_ptr<NewSite> site_;
};

INSTANTIATE_TEST_SUITE_P(Bundles, FaultyDisk,
                         testing::Combine(testing::Values(operation<TakeIn<1, 0>>("changes", 20),
                                                          operation<TakeIn<0, 1>>("state", 20),
                                                          operation<Export>("export", 10),
                                                          operation<Enrol>("enrol", 20)),
                                          testing::ValuesIn(all_faults)),
                         name_of_trial);

}  // namespace
}  // namespace skerry::faults
