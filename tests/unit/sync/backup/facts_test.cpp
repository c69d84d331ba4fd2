// The database inside a backup: what is wrong with it is noticed, and an older one is brought up to
// date.
#include <csignal>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include "store/migrations.hpp"
#include "tests/unit/sync/backup/backup_fixture.hpp"
#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(Backups, OfAnOlderProgramAreMigrated) {
  const fs::path file = folder / "older.db";
  BackupManifest manifest;
  {
    const auto connection = store::Connection::open(file, store::Connection::Mode::read_write);
    must(store::migrate(*connection, store::all_migrations().first(1)));
    store::write_identity(*connection, {Role::site, sim::site_id(1), "older"});
    store::ChangeLog log(site.clock);
    log.start_own(*connection, {new_id<EpochId>(system_random)});
  }
  const auto facts = read_facts(file);
  ASSERT_TRUE(facts) << facts.error().detail;
  EXPECT_EQ(facts->migration, 1);
  manifest.facts = *facts;
  const auto checked = check_database(file, manifest, progress);
  ASSERT_TRUE(checked) << checked.error().detail;
  EXPECT_EQ(read_facts(file)->migration, static_cast<std::int64_t>(store::all_migrations().size()));
  // Its digest was of another schema; its counts hold all the same.
  manifest.facts.schema = 0;
  manifest.facts.digest[0] ^= 1;
  EXPECT_TRUE(check_database(file, manifest, progress));
  manifest.facts.records.front().second = 5;
  EXPECT_FALSE(check_database(file, manifest, progress));
}

class UnpackedBackups : public Backups {
 protected:
  // The database of a backup of central's, to `file`.
  Bytes unpacked(const MadeBackup& made, const fs::path& file) {
    auto opened = open_foreign_file(AT_FDCWD, made.backup.file);
    must(opened);
    const auto reader =
        BackupReader::open(std::move(*opened), signed_by(sim::keys_of(0).sign.verify_key()));
    must(reader);
    must(reader->unpack({&recovery, 1}, file, progress));
    return test::read_file(file);
  }
};

TEST_F(UnpackedBackups, OfADamagedDatabaseAreNotWhole) {
  for (int i = 0; i < 200; ++i)
    ASSERT_TRUE(create(central, "customer", {{"name", "Harbour " + std::to_string(i)}}));
  const auto made = make(central);
  ASSERT_TRUE(made) << made.error().detail;
  const fs::path database = folder / "restored.db";
  const Bytes whole = unpacked(*made, database);

  Bytes damaged = whole;
  std::fill(damaged.begin() + 8 * 4096, damaged.begin() + 60 * 4096, std::uint8_t{0x5a});
  test::write_file(database, damaged);
  try {
    const auto checked = check_database(database, made->manifest, progress);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, Errc::corrupt_bundle);
  } catch (const store::StorageError& error) {  // where SQLite cannot even begin
    EXPECT_EQ(error.code(), Errc::database_damaged);
  }

  // A row of the log that was changed in a database whose pages are sound.
  test::write_file(database, whole);
  {
    const auto connection = store::Connection::open(database, store::Connection::Mode::read_write);
    connection->execute("DROP TRIGGER change_log_is_not_edited");
    connection->execute("UPDATE change_log SET line=replace(line,'Harbour 7','Harbour 8')");
  }
  const auto checked = check_database(database, made->manifest, progress);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Errc::bad_signature);
  EXPECT_THAT(checked.error().detail, HasSubstr("row "));
}

// Its pages, its counts and its manifest are all as they should be.
TEST_F(UnpackedBackups, OfADatabaseThatNoProgramMadeAreNotWhole) {
  const auto made = make(central);
  ASSERT_TRUE(made) << made.error().detail;
  const fs::path database = folder / "restored.db";
  const Bytes whole = unpacked(*made, database);
  for (const char* change :
       {"DROP TABLE conflict_rule", "UPDATE migration SET version=-5 WHERE version=1",
        "ALTER TABLE meta RENAME COLUMN value TO worth"}) {
    test::write_file(database, whole);
    store::Connection::open(database, store::Connection::Mode::read_write)->execute(change);
    const auto checked = check_database(database, made->manifest, progress);
    ASSERT_FALSE(checked) << change;
    EXPECT_EQ(checked.error().code, Errc::corrupt_bundle) << change;
    EXPECT_THAT(checked.error().next, HasSubstr("make another backup")) << change;
  }
}

TEST(BackupFactsTest, OfANewerDatabaseAreNotRead) {
  const TemporaryFolder folder;
  {
    const auto connection =
        store::Connection::open(folder / "newer.db", store::Connection::Mode::read_write);
    ASSERT_TRUE(store::migrate(*connection, store::all_migrations()));
    connection->execute("INSERT INTO migration VALUES(99,'later',x'00','')");
  }
  const auto facts = read_facts(folder / "newer.db");
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code, Errc::unsupported_version);
}

// The disk is full from some step on, as far as files of this process can grow.
TEST_F(Backups, OnAFullDiskLeaveNothing) {
  ASSERT_TRUE(create(central, "customer", {{"name", "Harbour"}}));
  struct rlimit unlimited {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  const auto previous = std::signal(SIGXFSZ, SIG_IGN);
  for (const char* full_at : {"packing", "writing", "reading back"}) {
    const BackupProgress fill = [&](std::string_view step, std::uint64_t,
                                    std::uint64_t) -> Result<void> {
      struct rlimit small = unlimited;
      small.rlim_cur = 4096;
      if (step == full_at) ::setrlimit(RLIMIT_FSIZE, &small);
      return {};
    };
    now += 1000;
    const auto made =
        make_backup(central.node(), {place, scratch_of(central), recovery.recipient()}, fill);
    ::setrlimit(RLIMIT_FSIZE, &unlimited);
    ASSERT_FALSE(made) << full_at;
    EXPECT_EQ(made.error().code, Errc::storage_full) << full_at << ": " << made.error().detail;
    EXPECT_THAT(made.error().next, HasSubstr("free space")) << full_at;
    EXPECT_THAT(files(), IsEmpty()) << full_at;
    EXPECT_FALSE(fs::exists(scratch_of(central))) << full_at;
  }
  std::signal(SIGXFSZ, previous);
  EXPECT_TRUE(make(central)) << "and the machine goes on";
}

}  // namespace
}  // namespace skerry::sync
