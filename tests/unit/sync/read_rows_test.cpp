#include "sync/read_rows.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>
#include <vector>

#include "crypto/sha256.hpp"

namespace skerry::sync {
namespace {

// A log of `rows` lines that are no changes: here it matters only what stands where.
struct RowsOfLog {
  std::vector<std::string> lines;
  ChangesBody body;

  explicit RowsOfLog(std::int64_t rows) {
    body.first = 5;
    body.last = body.first + rows - 1;
    body.last_hash = body.prev_hash;
    for (std::int64_t i = 0; i < rows; ++i) {
      lines.push_back(fmt::format("row {}", i));
      body.last_hash = crypto::chain_hash(body.last_hash, lines.back());
    }
  }

  LineSource source() const {
    return [this](const LineCallback& on_line) -> Result<void> {
      for (std::size_t i = 0; i < lines.size(); ++i) SKERRY_TRY_VOID(on_line(lines[i], i + 1));
      return {};
    };
  }
};

// About one batch, and many.
class ReadRows : public testing::TestWithParam<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(, ReadRows, testing::Values(0, 1, 511, 512, 513, 5'000));

TEST_P(ReadRows, InOrderOnTheCallersThread) {
  const RowsOfLog log(GetParam());
  std::int64_t seq = log.body.first;
  Hash hash = log.body.prev_hash;
  const auto caller = std::this_thread::get_id();
  const auto read = read_rows(log.body, log.source(), [&](SiteRow& row) -> Result<void> {
    const std::string& line = log.lines[static_cast<std::size_t>(seq - log.body.first)];
    hash = crypto::chain_hash(hash, line);
    EXPECT_EQ(std::this_thread::get_id(), caller);
    EXPECT_EQ(row.seq, seq++);
    EXPECT_EQ(row.line, line);
    EXPECT_EQ(row.hash, hash);
    EXPECT_FALSE(row.change);
    const SiteRow kept = std::move(row);
    return {};
  });
  EXPECT_TRUE(read);
  EXPECT_EQ(seq, log.body.last + 1);
}

TEST_P(ReadRows, RowsOtherThanAnnouncedAreNamed) {
  const auto nothing = [](SiteRow&) -> Result<void> { return {}; };
  RowsOfLog longer(GetParam());
  longer.lines.emplace_back("one more");
  RowsOfLog other(GetParam());
  other.body.last_hash[0] ^= 1;
  for (const RowsOfLog* log : {&longer, &other}) {
    const auto read = read_rows(log->body, log->source(), nothing);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Errc::corrupt_bundle);
  }
}

TEST_P(ReadRows, EndsWithTheSourcesError) {
  const RowsOfLog log(GetParam());
  const auto source = [&](const LineCallback& on_line) -> Result<void> {
    SKERRY_TRY_VOID(log.source()(on_line));
    return fail(Errc::io_failed, "the disk");
  };
  std::int64_t seen = 0;
  const auto read = read_rows(log.body, source, [&](SiteRow&) -> Result<void> {
    ++seen;
    return {};
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::io_failed);
  EXPECT_LE(seen, GetParam());
}

TEST_P(ReadRows, EndsWithTheCallersErrorWhereverItComes) {
  const RowsOfLog log(GetParam());
  for (std::int64_t at : {0L, GetParam() / 2, GetParam() - 1}) {
    if (at < 0 || at >= GetParam()) continue;
    std::int64_t seen = 0;
    const auto read = read_rows(log.body, log.source(), [&](SiteRow&) -> Result<void> {
      if (seen++ == at) return fail(Errc::bad_input, "enough");
      return {};
    });
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Errc::bad_input);
    EXPECT_EQ(seen, at + 1);
  }
}

TEST_P(ReadRows, WhatIsThrownOnEitherSideReachesTheCaller) {
  const RowsOfLog log(GetParam());
  const auto source = [&](const LineCallback& on_line) -> Result<void> {
    SKERRY_TRY_VOID(log.source()(on_line));
    throw std::runtime_error("there");
  };
  const auto nothing = [](SiteRow&) -> Result<void> { return {}; };
  EXPECT_THROW((void)read_rows(log.body, source, nothing), std::runtime_error);
  if (GetParam() == 0) return;
  const auto here = [](SiteRow&) -> Result<void> { throw std::runtime_error("here"); };
  EXPECT_THROW((void)read_rows(log.body, log.source(), here), std::runtime_error);
}

TEST(SiteRowTest, KeepsOneComplaintOfThousands) {
  std::string roles = "1";
  for (int i = 0; i < 1'000; ++i) roles += ",1";
  const SiteRow row(1, Hash{},
                    fmt::format(R"({{"k":"chg","t":"customer","op":"set",)"
                                R"("id":"0199c0de-0000-7000-8000-000000000001",)"
                                R"("f":{{"roles":{{"o":null,"n":[{}]}}}},)"
                                R"("hlc":"0199c0de1234-0003","by":"x","src":"api",)"
                                R"("sv":1}})",
                                roles));
  ASSERT_FALSE(row.change);
  EXPECT_EQ(row.change.error().code, Errc::validation_failed) << row.change.error().detail;
  EXPECT_TRUE(row.change.error().errors.empty());
}

}  // namespace
}  // namespace skerry::sync
