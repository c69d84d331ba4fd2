#include "sync/outbox.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>

#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "crypto/file.hpp"
#include "sync/bundle_limits.hpp"
#include "sync/bundle_name.hpp"
#include "sync/spool.hpp"

namespace skerry::sync {
namespace {

namespace fs = std::filesystem;

constexpr const char* packing_file = "packing.json";
constexpr std::size_t packing_bytes_max = 64 * mebibyte;  // our own file: a check, no limit

Result<void> make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    return fail(Errc::io_failed, fmt::format("creating {}: {}", folder.string(), error.message()));
  fs::permissions(folder, fs::perms::owner_all, error);
  return {};
}

tl::unexpected<Error> not_here(const std::string& name) {
  return fail(Errc::not_found, fmt::format("the outbox holds no bundle {}", name),
              "pack it again: skerry bundle export");
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

void Outbox::begin_packing() const {
  std::error_code ignored;  // what stays names files that are gone or new: both are due
  fs::remove(folder_ / packing_file, ignored);
}

Result<void> Outbox::end_packing(const json::array& described) const {
  return crypto::write_file_atomically(folder_ / packing_file, as_bytes(to_json_text(described)),
                                       0600);
}

Outbox::LastPacking Outbox::last_packing() const {
  LastPacking packing;
  const auto bytes = crypto::read_small_file(folder_ / packing_file, packing_bytes_max);
  const auto parsed = bytes ? parse_json(as_text(*bytes)) : fail(bytes.error());
  if (!parsed || !parsed->is_array()) return packing;  // as good as none
  for (const json::value& bundle : parsed->get_array()) {
    const json::object* object = bundle.if_object();
    if (object && !find(std::string(text_of(*object, "name"))).empty())
      packing.left.push_back(bundle);
    else
      ++packing.carried;
  }
  return packing;
}

Result<void> Outbox::carried(const std::string& name) const {
  const fs::path path = find(name);
  if (path.empty()) return not_here(name);
  std::error_code error;
  fs::remove(path, error);
  if (error)
    return fail(Errc::io_failed, fmt::format("removing {}: {}", path.string(), error.message()));
  return {};
}

Result<FileHandle> Outbox::open_bundle(const std::string& name) const {
  const fs::path path = find(name);
  if (path.empty()) return not_here(name);
  return open_foreign_file(AT_FDCWD, path.string());
}

fs::path Outbox::find(const std::string& name) const {
  if (!is_bundle_name(name)) return {};
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error))
    if (fs::path path = entry.path() / name; fs::exists(path, error)) return path;
  return {};
}

}  // namespace skerry::sync
