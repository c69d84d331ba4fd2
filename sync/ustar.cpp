#include "sync/ustar.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <span>

#include "core/check.hpp"
#include "sync/file_handle.hpp"

namespace skerry::sync {
namespace {

struct Field {
  std::size_t offset;
  std::size_t size;
  std::string_view name;
};

// The header's layout, in order; together they cover the block.
constexpr std::array fields{
    Field{0, 100, "name"},
    Field{100, 8, "mode"},
    Field{108, 8, "uid"},
    Field{116, 8, "gid"},
    Field{124, 12, "size"},
    Field{136, 12, "mtime"},
    Field{148, 8, "checksum"},
    Field{156, 1, "typeflag"},
    Field{157, 100, "linkname"},
    Field{257, 6, "magic"},
    Field{263, 2, "version"},
    Field{265, 32, "uname"},
    Field{297, 32, "gname"},
    Field{329, 8, "devmajor"},
    Field{337, 8, "devminor"},
    Field{345, 155, "prefix"},
    Field{500, 12, "trailing zeros"},
};
constexpr const Field& name_field = fields[0];
constexpr const Field& size_field = fields[4];
constexpr const Field& checksum_field = fields[6];

using Block = std::array<std::uint8_t, ustar_block_bytes>;

bool is_name_character(std::uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
}

void put(UstarHeader& header, std::size_t offset, std::string_view text) {
  std::copy(text.begin(), text.end(), header.begin() + static_cast<std::ptrdiff_t>(offset));
}

bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

std::optional<std::string> read_name(const Block& block) {
  std::size_t length = 0;
  while (length < name_field.size && is_name_character(block[length])) ++length;
  if (length == 0 || length == name_field.size) return std::nullopt;
  return std::string(as_text(ByteView(block).first(length)));
}

std::optional<std::uint64_t> read_size(const Block& block) {
  std::uint64_t size = 0;
  for (std::size_t i = 0; i + 1 < size_field.size; ++i) {
    const std::uint8_t c = block[size_field.offset + i];
    if (c < '0' || c > '7') return std::nullopt;
    size = size * 8 + (c - std::uint64_t{'0'});
  }
  return size;
}

tl::unexpected<Error> refuse(std::uint64_t offset, std::string_view what) {
  return fail(Errc::corrupt_bundle, fmt::format("member header at byte {}: {}", offset, what));
}

Result<UstarMember> parse_header(const Block& block, std::uint64_t offset) {
  const std::optional<std::string> name = read_name(block);
  if (!name) return refuse(offset, "the name is not one of ours");
  const std::optional<std::uint64_t> size = read_size(block);
  if (!size) return refuse(offset, "the size is not eleven octal digits");
  const UstarHeader canonical = make_ustar_header(*name, *size);
  // The checksum differs whenever something else does: name that first.
  const Field* different = nullptr;
  for (const Field& field : fields) {
    const auto at = static_cast<std::ptrdiff_t>(field.offset);
    const auto end = at + static_cast<std::ptrdiff_t>(field.size);
    if (std::equal(block.begin() + at, block.begin() + end, canonical.begin() + at)) continue;
    if (different == nullptr || different == &checksum_field) different = &field;
  }
  if (different != nullptr)
    return refuse(offset, fmt::format("field {} is not as a bundle has it", different->name));
  return UstarMember{*name, offset + ustar_block_bytes, *size};
}

Result<void> check_padding(int fd, const UstarMember& member) {
  Block block;
  const std::span<std::uint8_t> padding(block.data(), ustar_padding(member.size));
  SKERRY_TRY_VOID(read_at(fd, member.offset + member.size, padding));
  if (!all_zero(padding))
    return fail(Errc::corrupt_bundle, fmt::format("bytes after member {}", member.name));
  return {};
}

Result<void> check_end(int fd, std::uint64_t offset, std::uint64_t file_size) {
  if (file_size != offset + ustar_end_bytes)
    return fail(Errc::corrupt_bundle, "the archive does not end after two blocks of zeros");
  Block block;
  SKERRY_TRY_VOID(read_at(fd, offset + ustar_block_bytes, block));
  if (!all_zero(block)) return fail(Errc::corrupt_bundle, "bytes in the archive's last block");
  return {};
}

}  // namespace

UstarHeader make_ustar_header(std::string_view name, std::uint64_t size) {
  SKERRY_CHECK(!name.empty() && name.size() <= ustar_name_bytes_max);
  SKERRY_CHECK(std::all_of(name.begin(), name.end(),
                           [](char c) { return is_name_character(static_cast<std::uint8_t>(c)); }));
  SKERRY_CHECK(size <= ustar_size_max);
  UstarHeader header{};
  put(header, 0, name);
  put(header, 100, "0000644");
  put(header, 108, "0000000");
  put(header, 116, "0000000");
  put(header, 124, fmt::format("{:011o}", size));
  put(header, 136, "00000000000");
  put(header, 148, "        ");
  put(header, 156, "0");
  put(header, 257, "ustar");
  put(header, 263, "00");
  put(header, 329, "0000000");
  put(header, 337, "0000000");
  unsigned sum = 0;
  for (const std::uint8_t byte : header) sum += byte;
  put(header, 148, fmt::format("{:06o}", sum));
  header[154] = 0;
  return header;
}

std::uint64_t ustar_padding(std::uint64_t size) {
  return (ustar_block_bytes - size % ustar_block_bytes) % ustar_block_bytes;
}

Result<std::vector<UstarMember>> read_ustar(int fd, std::uint64_t file_size,
                                            std::size_t members_max) {
  std::vector<UstarMember> members;
  std::uint64_t offset = 0;
  for (;;) {
    Block block;
    SKERRY_TRY_VOID(read_at(fd, offset, block));
    if (all_zero(block)) break;
    if (members.size() == members_max)
      return fail(Errc::limit_exceeded, fmt::format("more than {} members", members_max));
    SKERRY_TRY(UstarMember member, parse_header(block, offset));
    // Sizes have 33 bits: the sum cannot overflow.
    const std::uint64_t next = member.offset + member.size + ustar_padding(member.size);
    if (next > file_size) return fail(Errc::corrupt_bundle, "the file ends too early");
    SKERRY_TRY_VOID(check_padding(fd, member));
    members.push_back(std::move(member));
    offset = next;
  }
  SKERRY_TRY_VOID(check_end(fd, offset, file_size));
  return members;
}

}  // namespace skerry::sync
