#include "daemon/movable_clock.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include "sync/file_handle.hpp"

namespace skerry::daemon {

Result<ClockLever> ClockLever::open(const std::filesystem::path& file, bool create) {
  static_assert(std::atomic<std::int64_t>::is_always_lock_free, "two processes share it");
  const auto broken = [&](int why) {
    return fail(sync::system_error(why, fmt::format("opening {}", file.string())));
  };
  const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0);
  const sync::FileHandle opened(::open(file.c_str(), flags, 0600));
  if (!opened.is_open() && errno == ENOENT)
    return fail(Errc::not_found, fmt::format("there is no {}", file.string()));
  if (!opened.is_open()) return broken(errno);
  if (::ftruncate(opened.fd(), sizeof(Moved)) != 0) return broken(errno);  // new: zeros
  void* at = ::mmap(nullptr, sizeof(Moved), PROT_READ | PROT_WRITE, MAP_SHARED, opened.fd(), 0);
  if (at == MAP_FAILED) return broken(errno);
  return ClockLever(static_cast<Moved*>(at));
}

ClockLever::ClockLever(ClockLever&& other) noexcept
    : moved_(std::exchange(other.moved_, nullptr)) {}

ClockLever::~ClockLever() {
  if (moved_ != nullptr) ::munmap(moved_, sizeof(Moved));
}

}  // namespace skerry::daemon
