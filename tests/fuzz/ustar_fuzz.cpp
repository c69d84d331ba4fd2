// The archive reader and the layout of a bundle on any bytes. Property: what is accepted is the one
// spelling of what it holds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "core/check.hpp"
#include "sync/bundle_layout.hpp"
#include "sync/file_handle.hpp"
#include "sync/ustar.hpp"

namespace skerry::sync {
namespace {

// One file for the whole run: making one for each input costs more than reading it.
int file_with(ByteView bytes) {
  static const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
  SKERRY_CHECK(::ftruncate(fd, 0) == 0);
  SKERRY_CHECK(::pwrite(fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return fd;
}

Bytes rebuilt(ByteView bytes, const std::vector<UstarMember>& members) {
  Bytes archive;
  for (const UstarMember& member : members) {
    const UstarHeader header = make_ustar_header(member.name, member.size);
    archive.insert(archive.end(), header.begin(), header.end());
    const ByteView content = bytes.subspan(member.offset, member.size);
    archive.insert(archive.end(), content.begin(), content.end());
    archive.resize(archive.size() + ustar_padding(member.size));
  }
  archive.resize(archive.size() + ustar_end_bytes);
  return archive;
}

void run(ByteView bytes) {
  const int fd = file_with(bytes);
  const auto members = read_ustar(fd, bytes.size(), 10);
  if (members) {
    const Bytes again = rebuilt(bytes, *members);
    SKERRY_CHECK(std::equal(bytes.begin(), bytes.end(), again.begin(), again.end()));
  }
  if (read_layout(fd, {})) SKERRY_CHECK(members.has_value());
}

}  // namespace
}  // namespace skerry::sync

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skerry::sync::run({data, size});
  return 0;
}
