#include "sync/medium.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "core/check.hpp"
#include "sync/bundle_limits.hpp"
#include "sync/bundle_name.hpp"
#include "sync/spool.hpp"

namespace skerry::sync {
namespace {

constexpr const char* tree_name = "SKERRY";
constexpr std::size_t entries_max = 100'000;  // names of one folder that are looked at
constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// A medium's errors tell what to do with the medium.
Error medium_error(int error_number, std::string_view doing, const std::filesystem::path& path) {
  Error error = system_error(error_number, fmt::format("{} {}", doing, path.string()));
  if (error.code == Errc::storage_full) {
    error.next = "free space on the medium or use another one, then run the export again";
  } else if (error_number == EROFS || error_number == EACCES || error_number == EPERM) {
    error.next = "remove the write protection or use another medium, then run it again";
  } else if (error_number == ENOTDIR || error_number == ELOOP) {
    error.next =
        fmt::format("there must be a folder at {}: move away what is there", path.string());
  } else {
    error.next = "check that the medium is in place and sound, then run it again";
  }
  return error;
}

// An empty handle when there is no such folder.
Result<FileHandle> open_if_there(int parent, const std::string& name,
                                 const std::filesystem::path& path) {
  FileHandle folder(::openat(parent, name.c_str(), folder_flags));
  if (folder.is_open() || errno == ENOENT) return folder;
  return fail(medium_error(errno, "opening", path));
}

Result<FileHandle> open_or_make(int parent, const std::string& name,
                                const std::filesystem::path& path) {
  if (::mkdirat(parent, name.c_str(), 0755) == 0) {
    ::fsync(parent);  // the file's own fsync decides; some file systems refuse this one
  } else if (errno != EEXIST) {
    return fail(medium_error(errno, "creating", path));
  }
  SKERRY_TRY(FileHandle folder, open_if_there(parent, name, path));
  if (!folder.is_open()) return fail(medium_error(ENOENT, "opening", path));
  return folder;
}

using DirectoryStream = std::unique_ptr<DIR, int (*)(DIR*)>;

Result<std::vector<std::string>> names_in(const FileHandle& folder,
                                          const std::filesystem::path& path) {
  // A stream takes its descriptor over, so it gets one of its own.
  FileHandle own(::openat(folder.fd(), ".", folder_flags));
  if (!own.is_open()) return fail(medium_error(errno, "reading", path));
  const DirectoryStream stream(::fdopendir(own.fd()), &::closedir);
  if (!stream) return fail(medium_error(errno, "reading", path));
  own.release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    if (names.size() == entries_max)
      return fail(Errc::limit_exceeded,
                  fmt::format("{} has more than {} files", path.string(), entries_max),
                  "move most of them away");
    names.emplace_back(entry->d_name);
  }
  if (errno != 0) return fail(medium_error(errno, "reading", path));
  return names;
}

bool is_party_name(const std::string& name) {
  if (name == "central") return true;
  const std::optional<SiteId> site = parse_id<SiteId>(name);
  return site && to_string(*site) == name;
}

// Why a sender's folder was not entered.
std::string why_no_folder(int error_number) {
  if (error_number == ENOTDIR || error_number == ELOOP)
    return "is a link or a file; a sender's bundles lie in a folder";
  return system_error(error_number, "cannot be opened").detail;
}

// Why what stands under the name of a bundle is none; empty for a regular file.
std::string why_no_file(mode_t mode) {
  if (S_ISREG(mode)) return {};
  if (S_ISLNK(mode)) return "is a link, which is not followed: put the file itself there";
  if (S_ISDIR(mode)) return "is a folder; a bundle is a file";
  if (S_ISFIFO(mode)) return "is a pipe; a bundle is a file";
  return "is a device or a socket; a bundle is a file";
}

Result<void> add_bundles(const FileHandle& folder, const std::string& from,
                         const std::filesystem::path& path, MediumListing& listing) {
  SKERRY_TRY(const std::vector<std::string> names, names_in(folder, path));
  for (const std::string& name : names) {
    if (!name.ends_with(bundle_suffix)) continue;
    struct stat status;
    std::string reason;
    if (::fstatat(folder.fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      reason = medium_error(errno, "looking at", path / name).detail;
    else if (reason = why_no_file(status.st_mode); reason.empty() && !is_bundle_name(name))
      reason = "is not named as bundles are (a-z, 0-9, -): import it by itself if it is one";
    if (reason.empty())
      listing.bundles.push_back({from, name, static_cast<std::uint64_t>(status.st_size)});
    else if (!name.starts_with("._"))  // macOS writes one beside each file on a foreign file system
      listing.passed_over.push_back({path / name, reason});
  }
  return {};
}

// One file on its way to its place; what is unfinished is removed.
class PartFile {
 public:
  PartFile(const FileHandle& folder, std::string name, std::filesystem::path path)
      : folder_(folder), name_(std::move(name)), part_(name_ + ".part"), path_(std::move(path)) {}
  ~PartFile() {
    if (made_) ::unlinkat(folder_.fd(), part_.c_str(), 0);
  }
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  Result<void> copy(int source, std::uint64_t size) {
    SKERRY_TRY_VOID(create());
    std::vector<std::uint8_t> chunk(128 * kibibyte);
    for (std::uint64_t offset = 0; offset < size;) {
      const std::span<std::uint8_t> part =
          std::span(chunk).first(std::min<std::uint64_t>(size - offset, chunk.size()));
      SKERRY_TRY_VOID(read_at(source, offset, part));
      SKERRY_TRY_VOID(put(part));
      offset += part.size();
    }
    if (::fsync(file_.fd()) != 0) return fail(medium_error(errno, "writing", path_));
    return {};
  }

  Result<void> publish() {
    if (::renameat(folder_.fd(), part_.c_str(), folder_.fd(), name_.c_str()) != 0)
      return fail(medium_error(errno, "renaming to", path_));
    made_ = false;
    // FUSE drivers of exFAT and NTFS have no fsync for folders.
    if (::fsync(folder_.fd()) != 0 && errno != EINVAL && errno != ENOTSUP && errno != ENOSYS)
      return fail(medium_error(errno, "writing", path_));
    ::posix_fadvise(file_.fd(), 0, 0, POSIX_FADV_DONTNEED);  // advice: some file systems keep it
    file_.close();
    return {};
  }

  // Through a new descriptor, so that the medium is asked rather than a buffer.
  Result<void> compare(std::uint64_t size, const Hash& sha256) const {
    SKERRY_TRY(const FileHandle file, open_foreign_file(folder_.fd(), name_));
    SKERRY_TRY(const std::uint64_t read_size, file_size(file.fd()));
    HashSink hash;
    Result<void> read = pump(file.fd(), 0, read_size, hash);
    if (read && read_size == size && hash.hash() == sha256) return {};
    ::unlinkat(folder_.fd(), name_.c_str(), 0);
    const std::string why = read ? "what was read back differs" : read.error().detail;
    return fail(Errc::io_failed, fmt::format("{}: {}", path_.string(), why),
                "the medium is not reliable: use another one and run the export again");
  }

 private:
  Result<void> create() {
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    file_ = FileHandle(::openat(folder_.fd(), part_.c_str(), flags, 0644));
    if (!file_.is_open() && errno == EEXIST) {  // left by an export whose medium was pulled out
      ::unlinkat(folder_.fd(), part_.c_str(), 0);
      file_ = FileHandle(::openat(folder_.fd(), part_.c_str(), flags, 0644));
    }
    if (!file_.is_open()) return fail(medium_error(errno, "creating", path_));
    made_ = true;
    return {};
  }

  Result<void> put(ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(file_.fd(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail(medium_error(errno, "writing", path_));
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
  }

  const FileHandle& folder_;
  std::string name_;
  std::string part_;
  std::filesystem::path path_;
  FileHandle file_;
  bool made_ = false;
};

}  // namespace

Result<Medium> Medium::open(std::filesystem::path folder) {
  FileHandle root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.is_open()) return fail(medium_error(errno, "opening", folder));
  return Medium(std::move(folder), std::move(root));
}

Result<MediumListing> Medium::list_for(const Party& to) const {
  MediumListing listing;
  const std::filesystem::path path = folder_ / tree_name / to_string(to);
  SKERRY_TRY(const FileHandle tree, open_if_there(root_.fd(), tree_name, folder_ / tree_name));
  if (!tree.is_open()) return listing;
  SKERRY_TRY(const FileHandle mine, open_if_there(tree.fd(), to_string(to), path));
  if (!mine.is_open()) return listing;
  SKERRY_TRY(const std::vector<std::string> senders, names_in(mine, path));
  for (const std::string& from : senders) {
    if (!is_party_name(from)) continue;
    const FileHandle folder(::openat(mine.fd(), from.c_str(), folder_flags));
    if (folder.is_open())
      SKERRY_TRY_VOID(add_bundles(folder, from, path / from, listing));
    else
      listing.passed_over.push_back({path / from, why_no_folder(errno)});
  }
  std::sort(listing.bundles.begin(), listing.bundles.end(), [](const auto& a, const auto& b) {
    return a.from != b.from ? a.from < b.from : bundle_name_less(a.name, b.name);
  });
  std::sort(listing.passed_over.begin(), listing.passed_over.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return listing;
}

Result<FileHandle> Medium::open_entry(const Party& to, const MediumEntry& entry) const {
  SKERRY_TRY(const FileHandle folder, open_folder(to, entry.from));
  return open_foreign_file(folder.fd(), entry.name);
}

Result<std::filesystem::path> Medium::write(int source, std::uint64_t size, const Hash& sha256,
                                            const Party& to, const Party& from,
                                            const std::string& name) const {
  SKERRY_CHECK(is_bundle_name(name));
  SKERRY_TRY(const FileHandle folder, make_folder(to, from));
  std::filesystem::path path = path_of(to, to_string(from), name);
  PartFile part(folder, name, path);
  SKERRY_TRY_VOID(part.copy(source, size));
  SKERRY_TRY_VOID(part.publish());
  SKERRY_TRY_VOID(part.compare(size, sha256));
  return path;
}

Result<void> Medium::remove(const Party& to, const MediumEntry& entry) const {
  SKERRY_TRY(const FileHandle folder, open_folder(to, entry.from));
  if (::unlinkat(folder.fd(), entry.name.c_str(), 0) != 0 && errno != ENOENT)
    return fail(medium_error(errno, "removing", path_of(to, entry.from, entry.name)));
  return {};
}

std::filesystem::path Medium::path_of(const Party& to, std::string_view from,
                                      std::string_view name) const {
  return folder_ / tree_name / to_string(to) / from / name;
}

Result<FileHandle> Medium::open_folder(const Party& to, const std::string& from) const {
  SKERRY_CHECK(is_party_name(from));
  FileHandle folder(::openat(root_.fd(), tree_name, folder_flags));
  if (folder.is_open())
    folder = FileHandle(::openat(folder.fd(), to_string(to).c_str(), folder_flags));
  if (folder.is_open()) folder = FileHandle(::openat(folder.fd(), from.c_str(), folder_flags));
  if (!folder.is_open()) return fail(medium_error(errno, "opening", path_of(to, from, "")));
  return folder;
}

Result<FileHandle> Medium::make_folder(const Party& to, const Party& from) const {
  std::filesystem::path path = folder_ / tree_name;
  SKERRY_TRY(const FileHandle tree, open_or_make(root_.fd(), tree_name, path));
  path /= to_string(to);
  SKERRY_TRY(const FileHandle recipient, open_or_make(tree.fd(), to_string(to), path));
  path /= to_string(from);
  return open_or_make(recipient.fd(), to_string(from), path);
}

}  // namespace skerry::sync
