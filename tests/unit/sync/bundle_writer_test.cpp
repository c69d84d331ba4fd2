#include "sync/bundle_writer.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

using test::Exchange;

// Writes `line_of(n)` until the writer has no room; reads it back under the same limits.
struct Filled {
  BundleFile file;
  std::uint64_t lines;
};

template <class LineOf>
Filled fill(Exchange& exchange, const BundleOptions& options, LineOf line_of) {
  const auto recipients = exchange.recipients();
  BundleWriter writer = BundleWriter::create(exchange.folder.path(), exchange.random, recipients,
                                             exchange.route(), options)
                            .value();
  for (std::uint64_t n = 0;; ++n) {
    const std::string line = line_of(n);
    if (!writer.has_room(line.size())) {
      EXPECT_EQ(writer.add_line(line).error().code, Errc::limit_exceeded);
      break;
    }
    EXPECT_TRUE(writer.add_line(line));
  }
  const std::uint64_t lines = writer.lines();
  return {writer.finish(exchange.manifest, exchange.keys()).value(), lines};
}

std::uint64_t count_lines(const Exchange& exchange, BundleFile file, const BundleLimits& limits) {
  BundleReader reader = BundleReader::open(std::move(file.file), exchange.lookup(), limits).value();
  const Result<void> staged = reader.stage(exchange.central, exchange.folder.path());
  EXPECT_TRUE(staged) << staged.error().detail;
  std::uint64_t count = 0;
  EXPECT_TRUE(reader.for_each_line([&](std::string_view, std::uint64_t) -> Result<void> {
    ++count;
    return {};
  }));
  return count;
}

TEST(BundleWriter, IncompressibleLinesStopBeforeTheFileLimit) {
  Exchange exchange;
  BundleOptions options;
  options.limits.file_bytes_max = 4 * mebibyte;
  options.payload_stop_bytes = 2 * mebibyte;
  Bytes noise(40'000);
  Filled filled = fill(exchange, options, [&](std::uint64_t) {
    exchange.random.fill(noise);
    return to_base64url(noise);
  });
  EXPECT_GE(filled.file.size, 2 * mebibyte);
  EXPECT_LE(filled.file.size, 3 * mebibyte);
  EXPECT_EQ(count_lines(exchange, std::move(filled.file), options.limits), filled.lines);
}

TEST(BundleWriter, ALongNoteEditedAgainAndAgainGoesThrough) {
  Exchange exchange;
  const std::string note(60'000, 'n');  // compresses more than a thousandfold
  Filled filled = fill(exchange, {}, [&](std::uint64_t n) { return note + std::to_string(n); });
  EXPECT_GE(filled.lines, 250U);  // the allowance: every bundle makes progress
  EXPECT_EQ(count_lines(exchange, std::move(filled.file), {}), filled.lines);
}

TEST(BundleWriter, TheNumberOfLinesIsLimited) {
  Exchange exchange;
  Filled filled = fill(exchange, {}, [](std::uint64_t n) { return std::to_string(n); });
  EXPECT_EQ(filled.lines, 99'999U);
  EXPECT_EQ(filled.file.manifest.payload->lines, 100'000U);
  EXPECT_EQ(count_lines(exchange, std::move(filled.file), {}), filled.lines);
}

TEST(BundleWriter, ThePlainSizeIsLimited) {
  Exchange exchange;
  BundleOptions options;
  options.limits.plain_bytes_max = mebibyte;
  Filled filled = fill(exchange, options, [](std::uint64_t) { return std::string(50'000, 'x'); });
  EXPECT_LE(filled.file.manifest.payload->plain_size, mebibyte);
  EXPECT_EQ(filled.lines, 20U);
}

TEST(BundleWriter, LinesThatAreNotLinesAreRefused) {
  Exchange exchange;
  BundleWriter writer =
      BundleWriter::create(exchange.folder.path(), exchange.random, {}, exchange.route()).value();
  EXPECT_FALSE(writer.has_room(64 * 1024 + 1));
  EXPECT_EQ(writer.add_line(std::string(64 * 1024 + 1, 'x')).error().code, Errc::limit_exceeded);
  EXPECT_EQ(writer.add_line("a\nb").error().code, Errc::internal);
  EXPECT_EQ(writer.add_line("").error().code, Errc::internal);
  EXPECT_TRUE(writer.add_line(std::string(64 * 1024, 'x')));
}

TEST(BundleWriter, LeavesNoFilesAndSharesNone) {
  Exchange exchange;
  const auto recipients = exchange.recipients();
  {
    BundleWriter abandoned =
        BundleWriter::create(exchange.folder.path(), exchange.random, recipients, exchange.route())
            .value();
    ASSERT_TRUE(abandoned.add_line("{}"));
  }
  BundleWriter writer =
      BundleWriter::create(exchange.folder.path(), exchange.random, recipients, exchange.route())
          .value();
  const BundleFile file = writer.finish(exchange.manifest, exchange.keys()).value();
  EXPECT_TRUE(std::filesystem::is_empty(exchange.folder.path()));
  struct stat status;
  ASSERT_EQ(::fstat(file.file.fd(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST(BundleWriter, AMissingFolderIsAnError) {
  Exchange exchange;
  EXPECT_EQ(BundleWriter::create(exchange.folder / "none", exchange.random, {}, exchange.route())
                .error()
                .code,
            Errc::io_failed);
}

TEST(BundleWriter, TwoBundlesOfTheSameLinesHaveNothingInCommon) {
  Exchange exchange;
  const auto payload = [](ByteView bytes) {
    return inspect_bundle(test::file_of(bytes).fd())->manifest.payload.value();
  };
  const PayloadInfo first = payload(exchange.plain_bundle({"{}"}));
  const PayloadInfo second = payload(exchange.plain_bundle({"{}"}));
  EXPECT_NE(first.plain_sha256, second.plain_sha256);  // the salt
}

}  // namespace
}  // namespace skerry::sync
