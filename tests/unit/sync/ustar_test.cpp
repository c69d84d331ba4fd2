#include "sync/ustar.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

using test::RawMember;

Result<std::vector<UstarMember>> read_archive(ByteView archive, std::size_t members_max = 10) {
  const FileHandle file = test::file_of(archive);
  return read_ustar(file.fd(), archive.size(), members_max);
}

// Writes `text` into the first header and makes the checksum right again.
Bytes with_field(Bytes archive, std::size_t offset, std::string_view text) {
  std::copy(text.begin(), text.end(), archive.begin() + static_cast<std::ptrdiff_t>(offset));
  std::fill_n(archive.begin() + 148, 8, ' ');
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += archive[i];
  std::array<char, 8> digits{};
  std::snprintf(digits.data(), digits.size(), "%06o", sum);
  std::copy_n(digits.begin(), 7, archive.begin() + 148);
  return archive;
}

const Bytes archive_of_two = test::raw_archive({{"one.json", Bytes(513, 'x')}, {"two", Bytes()}});

TEST(Ustar, MembersComeBackWithTheirPlaces) {
  const auto members = read_archive(archive_of_two);
  ASSERT_TRUE(members) << members.error().detail;
  EXPECT_EQ(*members, (std::vector<UstarMember>{{"one.json", 512, 513}, {"two", 2048, 0}}));
}

TEST(Ustar, AnEmptyArchiveHasNoMembers) {
  EXPECT_TRUE(read_archive(test::raw_archive({}))->empty());
}

TEST(Ustar, PaddingFillsTheBlock) {
  EXPECT_EQ(ustar_padding(0), 0U);
  EXPECT_EQ(ustar_padding(1), 511U);
  EXPECT_EQ(ustar_padding(512), 0U);
  EXPECT_EQ(ustar_padding(513), 511U);
}

TEST(Ustar, MoreMembersThanAllowed) {
  EXPECT_EQ(read_archive(archive_of_two, 1).error().code, Errc::limit_exceeded);
}

struct Change {
  const char* what;
  std::size_t offset;
  std::string_view text;
};

// Each with a right checksum: what other tar programs write, and what attackers do.
TEST(Ustar, EveryOtherSpellingIsRefused) {
  using namespace std::string_view_literals;
  const Change changes[] = {
      {"upper case", 0, "ONE.json"},
      {"a path", 0, "../x.son"},
      {"a name without end", 0, "/etc"},
      {"bytes after the name", 50, "x"},
      {"mode", 100, "0000755\0"sv},
      {"set-uid", 100, "0004644\0"sv},
      {"mode with a blank", 100, "000644 \0"sv},
      {"owner", 108, "0001750\0"sv},
      {"group", 116, "0001750\0"sv},
      {"size in base 256", 124, "\x80\0\0\0\0\0\0\0\0\0\x02\x01"sv},
      {"size with blanks", 124, "       1001\0"sv},
      {"size without a terminator", 124, "000000001001"},
      {"time", 136, "14742632000\0"sv},
      {"old regular file", 156, "\0"sv},
      {"hard link", 156, "1"},
      {"symbolic link", 156, "2"},
      {"device", 156, "3"},
      {"folder", 156, "5"},
      {"pipe", 156, "6"},
      {"contiguous", 156, "7"},
      {"PAX global header", 156, "g"},
      {"PAX header", 156, "x"},
      {"GNU long name", 156, "L"},
      {"GNU long link", 156, "K"},
      {"GNU sparse", 156, "S"},
      {"GNU multi-volume", 156, "M"},
      {"link name", 157, "/etc/passwd"},
      {"GNU magic", 257, "ustar  \0"sv},
      {"no magic", 257, "\0\0\0\0\0\0\0\0"sv},
      {"version", 263, "01"},
      {"user name", 265, "root"},
      {"group name", 297, "root"},
      {"device major", 329, "0000001\0"sv},
      {"device minor", 337, "0000001\0"sv},
      {"empty device field", 329, "\0\0\0\0\0\0\0\0"sv},
      {"prefix", 345, "folder"},
      {"bytes after the header", 511, "x"},
  };
  for (const Change& change : changes) {
    const auto members = read_archive(with_field(archive_of_two, change.offset, change.text));
    ASSERT_FALSE(members) << change.what;
    EXPECT_EQ(members.error().code, Errc::corrupt_bundle) << change.what;
  }
}

TEST(Ustar, TheChangedFieldIsNamed) {
  EXPECT_NE(read_archive(with_field(archive_of_two, 156, "2")).error().detail.find("typeflag"),
            std::string::npos);
  EXPECT_NE(read_archive(with_field(archive_of_two, 345, "a")).error().detail.find("prefix"),
            std::string::npos);
}

TEST(Ustar, AWrongChecksumIsRefused) {
  Bytes archive = archive_of_two;
  archive[150] ^= 1;
  const auto members = read_archive(archive);
  ASSERT_FALSE(members);
  EXPECT_NE(members.error().detail.find("checksum"), std::string::npos);
}

TEST(Ustar, SizesThatPointBeyondTheFile) {
  for (const std::uint64_t size : {1025ULL, 2049ULL, 4096ULL, 1ULL << 32, (1ULL << 33) - 1}) {
    Bytes archive = archive_of_two;
    const UstarHeader header = make_ustar_header("one.json", size);
    std::copy(header.begin(), header.end(), archive.begin());
    EXPECT_FALSE(read_archive(archive)) << size;
  }
}

TEST(Ustar, PaddingMustBeZero) {
  Bytes archive = archive_of_two;
  archive[512 + 513] = 1;
  EXPECT_EQ(read_archive(archive).error().code, Errc::corrupt_bundle);
  archive = archive_of_two;
  archive[2047] = 1;
  EXPECT_EQ(read_archive(archive).error().code, Errc::corrupt_bundle);
}

TEST(Ustar, TheEndIsTwoBlocksOfZeros) {
  Bytes one = archive_of_two;
  one.resize(one.size() - 512);
  EXPECT_FALSE(read_archive(one));
  Bytes none = archive_of_two;
  none.resize(none.size() - 1024);
  EXPECT_FALSE(read_archive(none));
  Bytes factor = archive_of_two;  // what GNU tar makes of it
  factor.resize(10240);
  EXPECT_FALSE(read_archive(factor));
  Bytes last = archive_of_two;
  last.back() = 1;
  EXPECT_FALSE(read_archive(last));
}

}  // namespace
}  // namespace skerry::sync
