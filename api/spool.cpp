#include "api/spool.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>

namespace skerry::api {
namespace {

tl::unexpected<Error> spool_failure(std::string_view doing) {
  const int number = errno;
  const bool full = number == ENOSPC || number == EDQUOT;
  return fail(full ? Errc::storage_full : Errc::io_failed,
              fmt::format("{} the spool: {}", doing, std::generic_category().message(number)));
}

}  // namespace

Result<Descriptor> open_spool(const std::filesystem::path& folder) {
  Descriptor file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file) return file;
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOTSUP) return spool_failure("opening");
  // A file system without unnamed files: the name lives for two system calls.
  std::string name = (folder / "upload-XXXXXX").string();
  file = Descriptor(::mkostemp(name.data(), O_CLOEXEC));
  if (!file) return spool_failure("opening");
  if (::unlink(name.c_str()) != 0) return spool_failure("opening");
  return file;
}

Result<void> append_spool(SpooledBody& upload, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(upload.file.get(), bytes.data(), bytes.size(), static_cast<off_t>(upload.size));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return spool_failure("writing to");
    upload.size += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace skerry::api
