#include "store/backups.hpp"

#include <gmock/gmock.h>

#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {
namespace {

using testing::SizeIs;

class BackupsTest : public MachineStoreTest {
 protected:
  Backup note(UnixMillis created_at, std::string failure = {}) {
    Backup backup;
    backup.id = new_id<BackupId>(random);
    backup.file = "/backups/" + std::to_string(created_at);
    backup.created_at = created_at;
    backup.checked_at = created_at + 1;
    backup.failure = std::move(failure);
    if (backup.failure.empty()) {
      backup.bytes = 10;
      backup.rows = 3;
      backup.verified_at = backup.checked_at;
    }
    keep(backup);
    return backup;
  }
  void keep(const Backup& backup) {
    write([&](Connection& connection) -> Result<void> {
      write_backup(connection, backup);
      return {};
    });
  }
  std::optional<Backup> last_good(UnixMillis now) {
    const Reader reader = database->read();
    return last_good_backup(*reader, now);
  }
};

TEST_F(BackupsTest, ComeBackTheNewestFirst) {
  const Backup first = note(1000);
  const Backup second = note(2000, "the disk is full");
  const Reader reader = database->read();
  const auto found = list_backups(*reader, 10);
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].id, second.id);
  EXPECT_EQ(found[0].failure, "the disk is full");
  EXPECT_FALSE(found[0].verified_at);
  EXPECT_EQ(found[1].file, "/backups/1000");
  EXPECT_EQ(found[1].verified_at, 1001);
  EXPECT_EQ(found[1].rows, 3);
  EXPECT_THAT(list_backups(*reader, 1), SizeIs(1));
  EXPECT_EQ(find_backup(*reader, first.id)->created_at, 1000);
  EXPECT_EQ(find_backup_at(*reader, "/backups/2000")->id, second.id);
  EXPECT_FALSE(find_backup(*reader, BackupId{}));
  EXPECT_FALSE(find_backup_at(*reader, "/backups/3000"));
}

TEST_F(BackupsTest, TheLastGoodOneIsTheNewestThatIsWhole) {
  EXPECT_FALSE(last_good(9000));
  Backup first = note(1000);
  const Backup second = note(2000);
  note(3000, "no space");
  note(8000);  // by a clock that ran ahead
  EXPECT_EQ(last_good(5000)->id, second.id);
  EXPECT_EQ(last_good(1500)->id, first.id);
  Backup damaged = second;
  damaged.failure = "flipped";
  damaged.verified_at.reset();
  keep(damaged);
  EXPECT_EQ(last_good(5000)->id, first.id);
  const Reader reader = database->read();
  EXPECT_EQ(find_backup(*reader, second.id)->verified_at, 2001) << "it was whole then";
}

TEST_F(BackupsTest, OldRowsGoButNotTheLastGoodOne) {
  const Backup good = note(1);
  write([&](Connection& connection) -> Result<void> {
    Backup failed;
    failed.failure = "no space";
    for (std::int64_t i = 0; i < backups_max + 20; ++i) {
      failed.id = new_id<BackupId>(random);
      failed.created_at = failed.checked_at = 10 + i;
      write_backup(connection, failed);
    }
    return {};
  });
  EXPECT_EQ(number("SELECT count(*) FROM backup"), backups_max + 1);
  EXPECT_EQ(last_good(5000)->id, good.id);
}

}  // namespace
}  // namespace skerry::store
