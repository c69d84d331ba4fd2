// H15 for backups: no prefix, no flipped bit and no exchanged part of one is taken for whole.
#include <fcntl.h>
#include <gmock/gmock.h>

#include "sync/container.hpp"
#include "tests/unit/sync/backup/backup_fixture.hpp"
#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

class DamagedBackup : public Backups {
 protected:
  void SetUp() override {
    const auto made = make(central);
    ASSERT_TRUE(made) << made.error().detail;
    bytes = test::read_file(made->backup.file);
    manifest = made->manifest;
    const auto layout = read_layout(test::file_of(bytes).fd(), limits);
    ASSERT_TRUE(layout) << layout.error().detail;
    payload_at = layout->payload->offset;
  }
  // Everything that a restore asks of a file, but for the database's own contents.
  Result<void> read(ByteView file) {
    const auto database = folder / "out.db";
    std::filesystem::remove(database);
    SKERRY_TRY(
        const BackupReader reader,
        BackupReader::open(test::file_of(file), signed_by(sim::keys_of(0).sign.verify_key())));
    return reader.unpack({&recovery, 1}, database, progress);
  }
  bool leaves_nothing() const { return !std::filesystem::exists(folder / "out.db"); }

  BundleLimits limits = [] {
    BundleLimits wide;
    wide.file_bytes_max = 1ull << 40;
    wide.manifest_bytes_max = backup_manifest_bytes_max;
    return wide;
  }();
  Bytes bytes;
  BackupManifest manifest;
  std::size_t payload_at = 0;
};

TEST_F(DamagedBackup, EveryFlippedBitIsNoticed) {
  ASSERT_TRUE(read(bytes));
  // Every byte outside of the payload, which is most of the file; there every 997th.
  for (std::size_t i = 0; i < bytes.size(); i += i < payload_at ? 1 : 997) {
    Bytes flipped = bytes;
    flipped[i] ^= static_cast<std::uint8_t>(1u << (i % 8));
    const auto outcome = read(flipped);
    ASSERT_FALSE(outcome) << "byte " << i;
    EXPECT_TRUE(test::is_bundle_error(outcome.error().code))
        << "byte " << i << ": " << outcome.error().detail;
    EXPECT_TRUE(leaves_nothing()) << "byte " << i;
  }
}

TEST_F(DamagedBackup, EveryPrefixIsRefused) {
  for (std::size_t size = 0; size < bytes.size(); size += size < payload_at ? 61 : 4001) {
    const auto outcome = read(ByteView(bytes).first(size));
    ASSERT_FALSE(outcome) << size;
    EXPECT_TRUE(test::is_bundle_error(outcome.error().code)) << size;
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(read(longer));
}

TEST_F(DamagedBackup, AnotherBackupsPayloadDoesNotFit) {
  ASSERT_TRUE(create(central, "customer", {{"name", "Later"}}));
  const auto later = make(central);
  ASSERT_TRUE(later);
  const Bytes donor = test::read_file(later->backup.file);
  const auto layout = read_layout(test::file_of(donor).fd(), limits);
  BackupManifest forged = manifest;
  forged.payload.size = layout->payload->size;
  // The machine's own key over a manifest that was put together: hashes and contents tell.
  const auto mixed = [&](const BackupManifest& says) {
    FileHandle file(test::file_of({}));
    FileSink out(file.fd(), 1ull << 40);
    const Bytes payload(donor.begin() + static_cast<std::ptrdiff_t>(layout->payload->offset),
                        donor.begin() + static_cast<std::ptrdiff_t>(layout->payload->offset +
                                                                    layout->payload->size));
    const FileHandle source = test::file_of(payload);
    EXPECT_TRUE(write_container(out, encode_backup_manifest(says).value(),
                                {&sim::keys_of(0).sign, 1},
                                PayloadSource{source.fd(), payload.size()}));
    return test::bytes_of(file);
  };
  EXPECT_EQ(read(mixed(forged)).error().code, Errc::corrupt_bundle);
  forged.payload = later->manifest.payload;
  ASSERT_TRUE(read(mixed(forged))) << "sizes and hashes fit";
  const auto checked = check_database(folder / "out.db", forged, progress);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Errc::corrupt_bundle);
  forged.payload.plain_size -= 1;
  EXPECT_FALSE(read(mixed(forged))) << "it is longer than it says";
  EXPECT_TRUE(leaves_nothing());
}

TEST_F(DamagedBackup, OfANewerProgramIsNamed) {
  BackupManifest newer = manifest;
  newer.facts.migration = 99;
  newer.app = "9.9.9";
  FileHandle file(test::file_of({}));
  FileSink out(file.fd(), 1ull << 40);
  const Bytes payload(newer.payload.size, 0);
  const FileHandle source = test::file_of(payload);
  ASSERT_TRUE(write_container(out, encode_backup_manifest(newer).value(),
                              {&sim::keys_of(0).sign, 1},
                              PayloadSource{source.fd(), payload.size()}));
  const auto outcome = read(test::bytes_of(file));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::unsupported_version);
  EXPECT_THAT(outcome.error().detail, testing::HasSubstr("9.9.9"));
  EXPECT_TRUE(leaves_nothing());
}

TEST_F(DamagedBackup, ABundleIsNoBackup) {
  ASSERT_TRUE(create(site, "customer", {{"name", "Harbour"}}));
  const auto bundles = pack_up(site);
  ASSERT_FALSE(bundles.empty());
  EXPECT_EQ(read(bundles.front()).error().code, Errc::corrupt_bundle);
  EXPECT_EQ(take(site, bytes), "corrupt_bundle") << "nor is a backup a bundle";
}

}  // namespace
}  // namespace skerry::sync
