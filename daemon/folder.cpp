#include "daemon/folder.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <sys/stat.h>

#include "store/identity.hpp"
#include "sync/file_handle.hpp"

namespace skerry::daemon {

Result<void> DataFolder::must_be_initialised() const {
  std::error_code error;
  if (std::filesystem::exists(database(), error)) return {};
  if (error && error != std::errc::no_such_file_or_directory)
    return fail(Errc::bad_config,
                fmt::format("{} cannot be looked at: {}", database().string(), error.message()));
  return fail(Errc::bad_config, fmt::format("{} was never initialised", path.string()),
              fmt::format("skerry init --role site --name NAME --data {}", path.string()));
}

Result<void> make_private_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0) return {};
  const int why = errno;
  if (std::error_code error; why == EEXIST && std::filesystem::is_directory(folder, error))
    return {};
  return fail(sync::system_error(why, fmt::format("making the folder {}", folder.string())));
}

Result<sync::Keys> load_keys(const DataFolder& folder) {
  const auto missing = [](Error error) {
    if (error.code != Errc::not_found) return error;
    return Error(Errc::bad_config, std::move(error.detail),
                 "put back the keys folder that was kept with the backup");
  };
  SKERRY_TRY(auto sign, crypto::SigningKey::load(folder.signing_key()).map_error(missing));
  SKERRY_TRY(auto age, crypto::AgeIdentity::load(folder.age_key()).map_error(missing));
  return sync::Keys{std::move(sign), std::move(age)};
}

void remember_keys(store::Connection& connection, const sync::Keys& keys) {
  store::write_meta(connection, "sign_key", keys.sign.verify_key().to_text());
  store::write_meta(connection, "age_recipient", keys.age.recipient().to_text());
}

Result<void> must_be_own(const sync::Keys& keys, store::Connection& connection,
                         const DataFolder& folder) {
  const auto foreign = [](const std::filesystem::path& file) {
    return fail(
        Errc::bad_config,
        fmt::format("{} is the key of another machine than this data folder's", file.string()),
        "put back the keys folder that was kept with the backup");
  };
  if (store::read_meta(connection, "sign_key") != keys.sign.verify_key().to_text())
    return foreign(folder.signing_key());
  if (store::read_meta(connection, "age_recipient") != keys.age.recipient().to_text())
    return foreign(folder.age_key());
  return {};
}

}  // namespace skerry::daemon
