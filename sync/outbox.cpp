#include "sync/outbox.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>

#include "sync/bundle_limits.hpp"
#include "sync/bundle_name.hpp"
#include "sync/spool.hpp"

namespace skerry::sync {
namespace {

namespace fs = std::filesystem;

Result<void> make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    return fail(Errc::io_failed, fmt::format("creating {}: {}", folder.string(), error.message()));
  fs::permissions(folder, fs::perms::owner_all, error);
  return {};
}

}  // namespace

Result<Outbox> Outbox::open(fs::path folder) {
  SKERRY_TRY_VOID(make_folder(folder));
  return Outbox(std::move(folder));
}

void Outbox::clear_for(const Party& to) const {
  std::error_code ignored;  // what stays is replaced, or fetched once more to no harm
  fs::remove_all(folder_ / to_string(to), ignored);
}

Result<void> Outbox::put(const PackedBundle& packed) const {
  const fs::path folder = folder_ / to_string(packed.to);
  SKERRY_TRY_VOID(make_folder(folder));
  const fs::path part = folder / (packed.name + ".part");
  const fs::path place = folder / packed.name;
  const FileHandle out(
      ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!out.is_open()) return fail(system_error(errno, "creating " + part.string()));
  FileSink sink(out.fd(), packed.bundle.size);
  SKERRY_TRY_VOID(pump(packed.bundle.file.fd(), 0, packed.bundle.size, sink));
  std::error_code error;
  fs::rename(part, place, error);
  if (error)
    return fail(Errc::io_failed, fmt::format("renaming {}: {}", part.string(), error.message()));
  return {};
}

Result<FileHandle> Outbox::open_bundle(const std::string& name) const {
  if (is_bundle_name(name)) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
      const fs::path path = entry.path() / name;
      if (fs::exists(path, error)) return open_foreign_file(AT_FDCWD, path.string());
    }
  }
  return fail(Errc::not_found, fmt::format("the outbox holds no bundle {}", name),
              "pack it again: skerry bundle export");
}

}  // namespace skerry::sync
