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
#include "core/text.hpp"
#include "sync/bundle_limits.hpp"
#include "sync/bundle_name.hpp"
#include "sync/part_file.hpp"
#include "sync/spool.hpp"

namespace skerry::sync {
namespace {

constexpr const char* tree_name = "SKERRY";
constexpr std::string_view part_suffix = ".part";
constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

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

// How many names may still be looked at, and where that ended.
struct Budget {
  std::size_t left = medium_names_max;
  std::optional<std::filesystem::path> ended_in;
};

Result<std::vector<std::string>> names_in(const FileHandle& folder,
                                          const std::filesystem::path& path, Budget& budget) {
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
    if (budget.left == 0) {
      if (!budget.ended_in) budget.ended_in = path;
      break;
    }
    --budget.left;
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
                         const std::filesystem::path& path, Budget& budget,
                         MediumListing& listing) {
  SKERRY_TRY(const std::vector<std::string> names, names_in(folder, path, budget));
  for (const std::string& name : names) {
    const std::string plain = ascii_lower(name);  // some systems write all names in capitals
    if (!plain.ends_with(bundle_suffix)) continue;
    struct stat status;
    std::string reason;
    if (::fstatat(folder.fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      reason = medium_error(errno, "looking at", path / name).detail;
    else if (reason = why_no_file(status.st_mode); reason.empty() && !is_bundle_name(plain))
      reason = "is not named as bundles are (a-z, 0-9, -): import it by itself if it is one";
    if (reason.empty())
      listing.bundles.push_back({from, name, static_cast<std::uint64_t>(status.st_size)});
    else if (!name.starts_with("._"))  // macOS writes one beside each file on a foreign file system
      listing.passed_over.push_back({path / name, reason});
  }
  return {};
}

// What was left by writers that were killed, or whose medium was pulled out: nobody goes on with
// it, and it takes room.
void clear_parts(const FileHandle& folder, const std::filesystem::path& path) {
  Budget budget;
  const auto names = names_in(folder, path, budget);
  if (!names) return;
  for (const std::string& name : *names)
    if (name.ends_with(part_suffix) &&
        is_bundle_name(name.substr(0, name.size() - part_suffix.size())))
      remove_left_part(folder, name);
}

// What is there of the text, at most so many bytes; empty when there is none to read.
std::string read_text(const FileHandle& folder, const char* name, std::size_t bytes_max) {
  const auto file = open_foreign_file(folder.fd(), name);
  const Result<std::uint64_t> size = file ? file_size(file->fd()) : fail(file.error());
  if (!size) return {};
  Bytes bytes(std::min<std::uint64_t>(*size, bytes_max));
  if (!read_at(file->fd(), 0, bytes)) return {};
  return std::string(as_text(bytes));
}

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
  Budget budget;
  SKERRY_TRY(const std::vector<std::string> senders, names_in(mine, path, budget));
  for (const std::string& name : senders) {
    const std::string from = ascii_lower(name);  // its file system does not tell the two apart
    if (!is_party_name(from)) continue;
    const FileHandle folder(::openat(mine.fd(), from.c_str(), folder_flags));
    if (folder.is_open())
      SKERRY_TRY_VOID(add_bundles(folder, from, path / from, budget, listing));
    else
      listing.passed_over.push_back({path / from, why_no_folder(errno)});
  }
  if (budget.ended_in)
    listing.passed_over.push_back(
        {*budget.ended_in, fmt::format("the medium has more than {} names for this machine: the "
                                       "others were not looked at; move away what is no bundle",
                                       medium_names_max)});
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
  clear_parts(folder, path.parent_path());
  PartFile part(folder, name, name + std::string(part_suffix), path);
  SKERRY_TRY_VOID(part.copy(source, size));
  SKERRY_TRY_VOID(part.compare(size, sha256));
  SKERRY_TRY_VOID(part.publish(Existing::replace));
  return path;
}

Result<void> Medium::write_receipt(const Party& to, const std::string& from,
                                   std::string_view text) const {
  SKERRY_TRY(const FileHandle folder, open_folder(to, from));
  SKERRY_TRY(const FileHandle source, make_private_file(std::filesystem::temp_directory_path()));
  SKERRY_TRY_VOID(write_all(source.fd(), as_bytes(text), "writing a temporary file"));
  PartFile part(folder, receipt_name, std::string(receipt_name) + ".part",
                path_of(to, from, receipt_name));
  SKERRY_TRY_VOID(part.copy(source.fd(), text.size()));
  SKERRY_TRY_VOID(part.compare(text.size(), crypto::sha256(as_bytes(text))));
  return part.publish(Existing::replace);
}

std::vector<FoundReceipt> Medium::receipts_about(const Party& from) const {
  std::vector<FoundReceipt> found;
  const FileHandle tree(::openat(root_.fd(), tree_name, folder_flags));
  Budget budget;
  const auto recipients = tree.is_open() ? names_in(tree, folder_ / tree_name, budget)
                                         : Result<std::vector<std::string>>();
  if (!recipients) return found;
  for (const std::string& name : *recipients) {
    const std::string recipient = ascii_lower(name);
    if (!is_party_name(recipient)) continue;
    const FileHandle theirs(::openat(tree.fd(), recipient.c_str(), folder_flags));
    const FileHandle ours(::openat(theirs.fd(), to_string(from).c_str(), folder_flags));
    if (!ours.is_open()) continue;
    const std::string text = read_text(ours, receipt_name, receipt_bytes_max);
    auto lines = parse_receipt(text);
    if (!lines.empty()) found.push_back({recipient, std::move(lines), parse_receipt_time(text)});
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.recipient < b.recipient; });
  return found;
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
