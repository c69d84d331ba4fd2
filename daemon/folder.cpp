#include "daemon/folder.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.hpp"
#include "crypto/file.hpp"
#include "store/identity.hpp"
#include "store/sqlite/backup.hpp"
#include "sync/file_handle.hpp"

namespace skerry::daemon {

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::symlink_status(path, ignored));
}

Result<void> DataFolder::must_be_owned() const {
  struct stat status {};
  const auto is_anothers = [&](const std::filesystem::path& each) {
    return ::stat(each.c_str(), &status) == 0 && status.st_uid != 0;
  };
  if (::geteuid() != 0 || !is_anothers(path)) return {};
  // Where root itself is the daemon's user, as in a container, the database is root's.
  if (is_there(database()) && !is_anothers(database())) return {};
  return fail(Errc::forbidden,
              fmt::format("{} belongs to another user (uid {}), whose daemon could not read what "
                          "root makes in it",
                          path.string(), status.st_uid),
              fmt::format("the same as that user: runuser -u \"$(stat -c %U {})\" -- skerry …",
                          shell_word(path.string())));
}

Result<void> DataFolder::must_be_initialised() const {
  std::error_code error;
  if (std::filesystem::exists(database(), error)) return {};
  if (error && error != std::errc::no_such_file_or_directory)
    return fail(Errc::bad_config,
                fmt::format("{} cannot be looked at: {}", database().string(), error.message()),
                "run this as root, or as the daemon's user");
  if (lost_database()) return fail(database_is_lost());
  return fail(
      Errc::bad_config, fmt::format("{} was never initialised", path.string()),
      fmt::format("skerry init --role site --name NAME --data {}", shell_word(path.string())));
}

bool DataFolder::lost_database() const {
  std::error_code ignored;
  return !std::filesystem::exists(database(), ignored) &&
         std::filesystem::exists(signing_key(), ignored);
}

Error DataFolder::database_is_lost() const {
  return Error(
      Errc::bad_config,
      fmt::format("{} is missing, and the keys of its machine are there", database().string()),
      fmt::format("skerry backup restore FILE --data {0}; with no backup of it, move {0} away "
                  "and initialise a new machine",
                  shell_word(path.string())));
}

namespace {

namespace fs = std::filesystem;

constexpr const char* sign_file = "sign.pem";
constexpr const char* public_file = "sign.pub.pem";
constexpr const char* age_file = "age.key";

tl::unexpected<Error> no_folder(const fs::path& folder, int why, std::string_view doing) {
  Error error = sync::system_error(why, fmt::format("{} the folder {}", doing, folder.string()));
  if (why == ENOENT) error.next = "make the folder above it first, or name another";
  if (why == EEXIST || why == ENOTDIR) error.next = "what is there is no folder: name another";
  if (error.next.empty()) error.next = "let the daemon's user write there, or name another";
  return fail(std::move(error));
}

}  // namespace

Result<void> make_private_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0) return {};
  const int why = errno;
  if (std::error_code error; why == EEXIST && fs::is_directory(folder, error)) return {};
  return no_folder(folder, why, "making");
}

Result<void> check_private_folder(const fs::path& folder) {
  std::error_code ignored;
  const bool is_folder = fs::is_directory(folder, ignored);
  if (!is_folder && is_there(folder)) return no_folder(folder, EEXIST, "making");
  const fs::path written = is_folder ? folder : fs::absolute(folder / "..").lexically_normal();
  if (::access(written.c_str(), W_OK | X_OK) != 0)
    return no_folder(folder, errno, is_folder ? "writing to" : "making");
  return {};
}

namespace {

Result<void> move_file(const fs::path& from, const fs::path& to) {
  if (!is_there(from)) return {};  // before the machine was cut off
  std::error_code error;
  fs::rename(from, to, error);
  if (error)
    return fail(sync::system_error(error.value(), fmt::format("putting {} in place", to.string())));
  return {};
}

constexpr std::string_view put_keys_back = "put back the keys folder that was kept with the backup";

Result<void> must_be_own(const sync::Keys& keys, store::Connection& connection,
                         const DataFolder& folder) {
  const auto foreign = [](const fs::path& file) {
    return fail(
        Errc::bad_config,
        fmt::format("{} is the key of another machine than this data folder's", file.string()),
        std::string(put_keys_back));
  };
  if (store::read_meta(connection, "sign_key") != keys.sign.verify_key().to_text())
    return foreign(folder.signing_key());
  if (store::read_meta(connection, "age_recipient") != keys.age.recipient().to_text())
    return foreign(folder.age_key());
  return {};
}

// A key of this machine that is gone, damaged or of another type is replaced by the same key alone.
// Who may read its file is another matter (Errc::bad_config), whose remedy is named already.
Error put_back(Error error) {
  const bool is_gone = error.code == Errc::not_found;
  if (is_gone || error.code == Errc::bad_input) error.next = put_keys_back;
  if (is_gone) error.code = Errc::bad_config;
  return error;
}

// Named after what it opens: the first digits of its recipient, behind "age1".
fs::path earlier_file(const DataFolder& folder, const crypto::AgeIdentity& identity) {
  return folder.earlier_keys() / (identity.recipient().to_text().substr(4, 16) + ".key");
}

Result<void> keep_age_key(const DataFolder& folder, store::Connection& connection) {
  SKERRY_TRY(const auto age, crypto::AgeIdentity::load(folder.age_key()));
  if (store::read_meta(connection, "age_recipient") == age.recipient().to_text()) return {};
  SKERRY_TRY_VOID(make_private_folder(folder.earlier_keys()));
  const auto kept = age.save_new(earlier_file(folder, age));
  if (!kept && kept.error().code != Errc::already_exists) return fail(kept.error());
  return store::sync_path(folder.earlier_keys());
}

}  // namespace

Result<sync::Keys> load_keys(const DataFolder& folder) {
  SKERRY_TRY(auto sign, crypto::SigningKey::load(folder.signing_key()).map_error(put_back));
  SKERRY_TRY(auto age, crypto::AgeIdentity::load(folder.age_key()).map_error(put_back));
  sync::Keys keys{std::move(sign), std::move(age)};
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder.earlier_keys(), none)) {
    if (entry.path().extension() != ".key") continue;
    SKERRY_TRY(auto earlier, crypto::AgeIdentity::load(entry.path()).map_error(put_back));
    keys.earlier.push_back(std::move(earlier));
  }
  return keys;
}

Result<sync::Keys> load_own_keys(const DataFolder& folder, store::Connection& connection) {
  SKERRY_TRY_VOID(put_next_keys_in_place(folder, connection));
  SKERRY_TRY(sync::Keys keys, load_keys(folder));
  SKERRY_TRY_VOID(must_be_own(keys, connection, folder));
  return keys;
}

Result<void> save_keys(const fs::path& keys, const sync::Keys& made) {
  SKERRY_TRY_VOID(make_private_folder(keys));
  SKERRY_TRY_VOID(made.age.save_new(keys / age_file));
  SKERRY_TRY_VOID(crypto::create_file_atomically(keys / public_file,
                                                 as_bytes(made.sign.verify_key().to_pem()), 0644));
  return made.sign.save_new(keys / sign_file);
}

Result<std::optional<sync::Keys>> find_next_keys(const DataFolder& folder) {
  // The signing key is the last to be written, and the last to be moved.
  if (!is_there(folder.next_keys() / sign_file)) return std::nullopt;
  SKERRY_TRY(auto sign, crypto::SigningKey::load(folder.next_keys() / sign_file));
  SKERRY_TRY(auto age, crypto::AgeIdentity::load(folder.next_keys() / age_file));
  return sync::Keys{std::move(sign), std::move(age)};
}

Result<sync::Keys> prepare_next_keys(const DataFolder& folder, Random& random) {
  SKERRY_TRY(auto prepared, find_next_keys(folder));
  if (prepared) return std::move(*prepared);
  std::error_code error;
  fs::remove_all(folder.next_keys(), error);  // half of them
  sync::Keys keys{crypto::SigningKey::generate(), crypto::AgeIdentity::generate(random)};
  SKERRY_TRY_VOID(save_keys(folder.next_keys(), keys));
  return keys;
}

Result<void> put_next_keys_in_place(const DataFolder& folder, store::Connection& connection) {
  const fs::path next = folder.next_keys();
  if (!is_there(next / sign_file)) return {};
  SKERRY_TRY(const auto sign, crypto::SigningKey::load(next / sign_file));
  if (store::read_meta(connection, "sign_key") != sign.verify_key().to_text()) return {};
  SKERRY_TRY_VOID(keep_age_key(folder, connection));
  SKERRY_TRY_VOID(move_file(next / age_file, folder.age_key()));
  SKERRY_TRY_VOID(move_file(next / public_file, folder.public_key()));
  SKERRY_TRY_VOID(move_file(next / sign_file, folder.signing_key()));
  SKERRY_TRY_VOID(store::sync_path(folder.keys()));
  std::error_code ignored;  // an empty folder means nothing
  fs::remove(next, ignored);
  return {};
}

}  // namespace skerry::daemon
