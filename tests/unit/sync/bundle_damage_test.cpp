// H15 of the protocol: all or nothing. Every prefix and every bit of a small bundle.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <map>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

using test::Exchange;

// One file in memory, changed in place, read again and again.
class Changing {
 public:
  explicit Changing(ByteView bytes) : file_(test::file_of(bytes)) {}

  void put(std::size_t offset, std::uint8_t byte) {
    ASSERT_EQ(::pwrite(file_.fd(), &byte, 1, static_cast<off_t>(offset)), 1);
  }
  void resize(std::size_t size) { ASSERT_EQ(::ftruncate(file_.fd(), static_cast<off_t>(size)), 0); }
  Result<void> read(const Exchange& exchange) const {
    FileHandle copy(::fcntl(file_.fd(), F_DUPFD_CLOEXEC, 0));
    SKERRY_TRY(BundleReader reader, BundleReader::open(std::move(copy), exchange.lookup()));
    return reader.stage(exchange.central, exchange.folder.path());
  }

 private:
  FileHandle file_;
};

TEST(BundleDamage, H15_EveryPrefixIsRefused) {
  Exchange exchange;
  const Bytes bytes = exchange.bundle({R"({"k":"chg","seq":1})"});
  Changing file(bytes);
  ASSERT_TRUE(file.read(exchange));
  for (std::size_t size = bytes.size(); size-- > 0;) {
    file.resize(size);
    const Result<void> read = file.read(exchange);
    ASSERT_FALSE(read) << size;
    EXPECT_EQ(read.error().code, Errc::corrupt_bundle) << size << ": " << read.error().detail;
  }
}

TEST(BundleDamage, H15_EveryFlippedBitIsRefused) {
  Exchange exchange;
  const Bytes bytes = exchange.bundle({R"({"k":"chg","seq":1})"});
  Changing file(bytes);
  std::map<Errc, int> outcomes;
  for (std::size_t offset = 0; offset < bytes.size(); ++offset) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      file.put(offset, static_cast<std::uint8_t>(bytes[offset] ^ (1U << bit)));
      const Result<void> read = file.read(exchange);
      ASSERT_FALSE(read) << "byte " << offset << " bit " << bit;
      ASSERT_TRUE(test::is_bundle_error(read.error().code))
          << "byte " << offset << " bit " << bit << ": " << read.error().detail;
      EXPECT_FALSE(read.error().detail.empty());
      ++outcomes[read.error().code];
    }
    file.put(offset, bytes[offset]);
  }
  ASSERT_TRUE(file.read(exchange));
  EXPECT_GE(outcomes[Errc::bad_signature], 64 * 8);  // at least the signature's own bits
  EXPECT_GE(outcomes[Errc::unknown_signer], 1);
  EXPECT_GE(outcomes[Errc::unsupported_version], 1);
}

TEST(BundleDamage, BytesAfterTheEndAreRefused) {
  Exchange exchange;
  const Bytes bytes = exchange.bundle({"{}"});
  for (const std::size_t more : {1U, 511U, 512U, 1024U, 10240U}) {
    Bytes longer = bytes;
    longer.resize(bytes.size() + more);
    EXPECT_EQ(exchange.open(longer).error().code, Errc::corrupt_bundle) << more;
  }
}

TEST(BundleDamage, ABundleOverTheFileLimitIsRefusedBeforeItIsRead) {
  Exchange exchange;
  FileHandle file(::memfd_create("large", MFD_CLOEXEC));
  ASSERT_EQ(::ftruncate(file.fd(), 32 * 1024 * 1024 + 1), 0);
  EXPECT_EQ(BundleReader::open(std::move(file), exchange.lookup()).error().code,
            Errc::limit_exceeded);
}

TEST(BundleDamage, NotABundleAtAll) {
  Exchange exchange;
  for (const std::string_view text :
       {"", "x", "PK\x03\x04", "age-encryption.org/v1\n", "{\"_type\":\"skerry/bundle/v1\"}"}) {
    EXPECT_EQ(exchange.open(as_bytes(text)).error().code, Errc::corrupt_bundle) << text;
    const std::string block = std::string(text) + std::string(4096 - text.size(), '\0');
    EXPECT_EQ(exchange.open(as_bytes(block)).error().code, Errc::corrupt_bundle) << text;
  }
}

}  // namespace
}  // namespace skerry::sync
