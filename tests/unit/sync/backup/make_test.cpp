// Backups are made while the machine runs, read back before they count, and noted either way.
#include <fcntl.h>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "store/own_epochs.hpp"
#include "tests/unit/sync/backup/backup_fixture.hpp"
#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

namespace fs = std::filesystem;
using testing::Each;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(Backups, HoldTheMachineAndAreReadBack) {
  ASSERT_TRUE(create(central, "customer", {{"name", "Lighthouse"}}));
  const auto made = make(central);
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_THAT(files(), ElementsAre(backup_name({Role::central, {}, ""}, made->backup.created_at)));
  EXPECT_EQ(made->backup.file, place / files().front());
  struct stat status {};
  ASSERT_EQ(::stat(made->backup.file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(made->backup.bytes, status.st_size);
  EXPECT_EQ(made->backup.sha256, crypto::sha256(test::read_file(made->backup.file)));
  EXPECT_EQ(made->backup.rows, central.log->last_n());
  EXPECT_EQ(made->backup.verified_at, now);
  EXPECT_THAT(steps,
              ElementsAre("copying", "counting records", "packing", "writing", "reading back",
                          "checking pages", "counting records", "checking the log"));
  const BackupFacts& facts = made->manifest.facts;
  EXPECT_EQ(facts.identity.role, Role::central);
  EXPECT_EQ(facts.epoch, central.log->own().epoch);
  EXPECT_EQ(facts.head, central.log->own().seq);
  EXPECT_EQ(facts.hash, central.log->own().hash);
  EXPECT_EQ(facts.records.front(), std::pair(std::string("customer"), std::int64_t{1}));
  EXPECT_FALSE(fs::exists(scratch_of(central)));
}

TEST_F(Backups, TakeTheirStateWhileWritesGoOn) {
  ASSERT_TRUE(create(central, "customer", {{"name", "Before"}}));
  bool written = false;
  progress = [&](std::string_view step, std::uint64_t, std::uint64_t) -> Result<void> {
    if (step == "counting records" && !written) {
      written = true;
      EXPECT_TRUE(create(central, "customer", {{"name", "Meanwhile"}}));
    }
    return {};
  };
  const auto made = make(central);
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(made->manifest.facts.records.front().second, 1);
  EXPECT_EQ(scalar(central, "SELECT count(*) FROM customer"), 2);
}

TEST_F(Backups, OfASiteSayWhereItStands) {
  ASSERT_TRUE(create(central, "customer", {{"name", "Lighthouse"}}));
  exchange(site);
  const auto made = make(site);
  ASSERT_TRUE(made) << made.error().detail;
  const auto held = upstream(site);
  ASSERT_TRUE(made->manifest.facts.upstream);
  EXPECT_EQ(*made->manifest.facts.upstream, (DownPosition{held.life, held.n, held.hash}));
  EXPECT_THAT(made->manifest.facts.sites, IsEmpty());
  const auto id = to_string(sim::site_id(1)).substr(0, 8);
  EXPECT_THAT(files(), ElementsAre(testing::StartsWith("skerry-" + id + "-")));
}

TEST_F(Backups, AreOpenedByTheRecoveryKeyAlone) {
  ASSERT_TRUE(create(central, "customer", {{"name", "Lighthouse"}}));
  const auto made = make(central);
  ASSERT_TRUE(made) << made.error().detail;
  auto file = open_foreign_file(AT_FDCWD, made->backup.file);
  ASSERT_TRUE(file);
  const auto& keys = sim::keys_of(0);
  const auto reader = BackupReader::open(std::move(*file), signed_by(keys.sign.verify_key()));
  ASSERT_TRUE(reader) << reader.error().detail;
  const fs::path database = folder / "restored.db";
  ASSERT_TRUE(reader->unpack({&recovery, 1}, database, progress));
  EXPECT_TRUE(check_database(database, reader->manifest(), progress));
  const auto restored = open_keys(reader->manifest().keys, {&recovery, 1});
  ASSERT_TRUE(restored) << restored.error().detail;
  EXPECT_EQ(restored->sign.verify_key(), keys.sign.verify_key());
  EXPECT_EQ(restored->age.recipient(), keys.age.recipient());

  const auto stranger = crypto::AgeIdentity::generate(system_random);
  const auto refused = reader->unpack({&stranger, 1}, folder / "no.db", progress);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::missing_key);
  EXPECT_FALSE(fs::exists(folder / "no.db"));
  EXPECT_EQ(open_keys(reader->manifest().keys, {&stranger, 1}).error().code, Errc::missing_key);
}

TEST_F(Backups, GoToAFileThatIsNotThere) {
  const auto made = make(central, place / "mine");
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_THAT(files(), ElementsAre("mine"));
  const auto again = make(central, place / "mine");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::already_exists);
  EXPECT_TRUE(verify(central, place / "mine"));
  const auto nowhere = make(central, folder / "no" / "mine");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, Errc::bad_input);
  EXPECT_THAT(rows(central), SizeIs(1)) << "a wrong place is no backup that failed";
}

// At every step: nothing under the name, no scratch, and a row that says why.
TEST_F(Backups, LeaveNothingWhenTheyAreStopped) {
  ASSERT_TRUE(create(central, "customer", {{"name", "Lighthouse"}}));
  for (const char* step : {"copying", "counting records", "packing", "writing", "reading back",
                           "checking pages", "checking the log"}) {
    refuse_at = step;
    const auto made = make(central);
    ASSERT_FALSE(made) << step;
    EXPECT_EQ(made.error().code, Errc::io_failed) << step;
    EXPECT_THAT(files(), IsEmpty()) << step;
    EXPECT_FALSE(fs::exists(scratch_of(central))) << step;
    EXPECT_EQ(rows(central).front().failure, "the disk is gone") << step;
  }
  refuse_at = "packing";
  refuse_by = Errc::stopping;
  const std::size_t noted = rows(central).size();
  ASSERT_FALSE(make(central));
  EXPECT_THAT(rows(central), SizeIs(noted)) << "a stop of the program is no failure";
  refuse_at.clear();
  EXPECT_TRUE(make(central));
}

TEST_F(Backups, TakeAwayWhatAKilledOneLeft) {
  fs::create_directory(scratch_of(central));
  std::ofstream(scratch_of(central) / "copy.db") << "half";
  const std::string left = backup_name({Role::central, {}, ""}, now) + ".part";
  std::ofstream(place / left) << "half";
  const std::string others = backup_name({Role::site, sim::site_id(1), ""}, now) + ".part";
  std::ofstream(place / others) << "another machine is at it";
  ASSERT_TRUE(make(central));
  EXPECT_THAT(files(), SizeIs(2));
  EXPECT_THAT(files(), testing::Contains(others));
}

TEST_F(Backups, NoteWhatBecameOfAFileLater) {
  const auto made = make(central);
  ASSERT_TRUE(made);
  ASSERT_TRUE(verify(central, made->backup.file));
  ASSERT_THAT(rows(central), SizeIs(1));
  EXPECT_EQ(rows(central).front().verified_at, now);

  Bytes bytes = test::read_file(made->backup.file);
  bytes[bytes.size() - 2000] ^= 1;
  test::write_file(made->backup.file, bytes);
  const auto damaged = verify(central, made->backup.file);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, Errc::corrupt_bundle);
  ASSERT_THAT(rows(central), SizeIs(1));
  EXPECT_FALSE(rows(central).front().failure.empty());
  EXPECT_EQ(rows(central).front().verified_at, now - 1000) << "it was good then";
  EXPECT_FALSE(central.read(
      [&](store::Connection& connection) { return store::last_good_backup(connection, now); }));

  bytes[0] ^= 1;  // now the file does not even say whose it is
  test::write_file(made->backup.file, bytes);
  ASSERT_FALSE(verify(central, made->backup.file));
  EXPECT_THAT(rows(central).front().failure, HasSubstr("header"));
}

TEST_F(Backups, OfAnotherMachineAreRefused) {
  const auto made = make(site);
  ASSERT_TRUE(made);
  const auto refused = verify(central, made->backup.file);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unknown_signer);
  EXPECT_THAT(refused.error().detail, HasSubstr("site"));
  EXPECT_THAT(rows(central), IsEmpty());
}

TEST_F(Backups, WithAForgedManifestAreNotWhatTheySay) {
  ASSERT_TRUE(create(central, "customer", {{"name", "Lighthouse"}}));
  const auto made = make(central);
  ASSERT_TRUE(made);
  const fs::path database = folder / "restored.db";
  auto file = open_foreign_file(AT_FDCWD, made->backup.file);
  const auto reader =
      BackupReader::open(std::move(*file), signed_by(sim::keys_of(0).sign.verify_key()));
  ASSERT_TRUE(reader->unpack({&recovery, 1}, database, progress));
  const auto refused = [&](auto change) {
    BackupManifest manifest = reader->manifest();
    change(manifest.facts);
    const auto checked = check_database(database, manifest, progress);
    return checked ? std::string() : checked.error().detail;
  };
  EXPECT_EQ(refused([](BackupFacts&) {}), "");
  EXPECT_THAT(refused([](BackupFacts& f) { f.identity.name = "x"; }), HasSubstr("machine"));
  EXPECT_THAT(refused([](BackupFacts& f) { f.hash[0] ^= 1; }), HasSubstr("end of the log"));
  EXPECT_THAT(refused([](BackupFacts& f) { ++f.head; }), HasSubstr("end of the log"));
  EXPECT_THAT(refused([](BackupFacts& f) { ++f.rows; }), HasSubstr("last change"));
  EXPECT_THAT(refused([](BackupFacts& f) { f.upstream.emplace(); }), HasSubstr("central's log"));
  EXPECT_THAT(refused([](BackupFacts& f) { f.sites.emplace_back(); }), HasSubstr("rows of sites"));
  EXPECT_THAT(refused([](BackupFacts& f) { ++f.records[2].second; }), HasSubstr("count"));
  EXPECT_THAT(refused([](BackupFacts& f) { f.records.emplace_back("ghost", 1); }),
              HasSubstr("ghost"));
  EXPECT_THAT(refused([](BackupFacts& f) { f.digest[0] ^= 1; }), HasSubstr("digest"));
}

// H4: what a site may forget is in a backup that was read back.
TEST_F(Backups, RaiseDurableAtCentral) {
  ASSERT_TRUE(create(site, "customer", {{"name", "Harbour"}}));
  exchange(site);
  EXPECT_EQ(durable(site), 0);
  const std::int64_t head = site.log->own().seq;
  refuse_at = "checking the log";
  ASSERT_FALSE(make(central));
  EXPECT_EQ(durable(site), 0) << "it was not found whole";
  refuse_at.clear();
  ASSERT_TRUE(create(site, "customer", {{"name", "Later"}}));
  const auto made = make(central);
  ASSERT_TRUE(made);
  EXPECT_EQ(durable(site), head);
  up(site);
  EXPECT_EQ(durable(site), head) << "what came later is in no backup";
  ASSERT_TRUE(verify(central, made->backup.file));
  EXPECT_EQ(durable(site), head);
  ASSERT_TRUE(make(central));
  EXPECT_EQ(durable(site), site.log->own().seq);
}

// A life of central that ended had a backup that this one may not come from.
TEST_F(Backups, OfALifeThatEndedRaiseNothing) {
  const auto known_here = [&] {
    return site.read([](store::Connection& connection) {
      return store::read_own_epochs(connection).back().durable;
    });
  };
  ASSERT_TRUE(create(site, "customer", {{"name", "Harbour"}}));
  exchange(site);
  const sim::Image before = central.image();
  ASSERT_TRUE(make(central));
  const std::vector<Bytes> of_old_life = pack_down(site);
  EXPECT_EQ(take(site, of_old_life.at(0)), "duplicate");
  EXPECT_EQ(known_here(), site.log->own().seq) << "news though nothing else is";
  ASSERT_TRUE(create(central, "customer", {{"name", "Lost with that life"}}));
  exchange(site);
  central.put_back(before, false);
  exchange(site);
  exchange(site);
  EXPECT_EQ(known_here(), 0);
  EXPECT_EQ(take(site, of_old_life.at(0)), "duplicate");
  EXPECT_EQ(known_here(), 0);
}

TEST_F(Backups, OfAnotherBranchRaiseNothing) {
  ASSERT_TRUE(create(site, "customer", {{"name", "Harbour"}}));
  exchange(site);
  must(central.write([&](store::Connection& connection) -> Result<void> {
    const store::DurableHead held{site.log->own().epoch, site.log->own().seq, site.log->own().hash};
    store::DurableHead forked = held;
    forked.hash[0] ^= 1;
    EXPECT_FALSE(store::raise_durable(connection, forked));
    store::DurableHead beyond = held;
    ++beyond.head;
    EXPECT_FALSE(store::raise_durable(connection, beyond));
    store::DurableHead unknown = held;
    unknown.epoch = new_id<EpochId>(system_random);
    EXPECT_FALSE(store::raise_durable(connection, unknown));
    EXPECT_TRUE(store::raise_durable(connection, held));
    store::DurableHead before{held.epoch, 0, {}};
    EXPECT_FALSE(store::raise_durable(connection, before));
    return {};
  }));
  EXPECT_EQ(durable(site), site.log->own().seq);
}

TEST_F(Backups, RotateByMachine) {
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(make(central));
  ASSERT_TRUE(make(site));
  std::ofstream(place / "skerry-central-notes.txt") << "of somebody's";
  const auto before = files();
  const auto good = [](const fs::path&) { return true; };
  EXPECT_THAT(
      rotate_backups(place, {Role::central, {}, ""}, 2, [](const fs::path&) { return false; }),
      IsEmpty())
      << "none is known to be good";
  const auto removed = rotate_backups(place, {Role::central, {}, ""}, 2, good);
  EXPECT_THAT(removed, SizeIs(2));
  EXPECT_THAT(files(), SizeIs(before.size() - 2));
  const auto found = find_backups(place);
  ASSERT_TRUE(found);
  ASSERT_THAT(*found, SizeIs(3));
  EXPECT_EQ(found->front().manifest->facts.identity.role, Role::site) << "the newest first";
  EXPECT_GT((*found)[1].name, (*found)[2].name);
  EXPECT_THAT(rotate_backups(place, {Role::central, {}, ""}, 2, good), IsEmpty());
  EXPECT_THAT(rotate_backups(folder / "no", {Role::central, {}, ""}, 2, good), IsEmpty());
  for (const fs::path& no_folder :
       {folder / "no", (place / found->front().name), (place / found->front().name) / "x"})
    EXPECT_EQ(find_backups(no_folder).error().code, Errc::not_found) << no_folder;
}

TEST_F(Backups, ListWhatCannotBeRead) {
  std::ofstream(place / "skerry-central-20260302101112000.backup") << "rubbish";
  fs::create_symlink("nowhere", place / "skerry-central-20260302101113000.backup");
  const auto found = find_backups(place);
  ASSERT_TRUE(found);
  ASSERT_THAT(*found, SizeIs(2));
  for (const auto& one : *found) EXPECT_FALSE(one.manifest) << one.name;
}

TEST(BackupName, IsNoPath) {
  EXPECT_TRUE(is_backup_name("skerry-central-20260302101112345.backup"));
  for (const char* name : {"", "skerry-.backup/../x", "../skerry-a.backup", "skerry-A.backup",
                           "skerry-central-2026.part", ".backup", "skerry-.backu", "backup"})
    EXPECT_FALSE(is_backup_name(name)) << name;
  EXPECT_FALSE(is_backup_name("skerry-" + std::string(64, 'a') + ".backup"));
}

}  // namespace
}  // namespace skerry::sync
