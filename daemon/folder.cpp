#include "daemon/folder.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <sys/stat.h>

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

}  // namespace skerry::daemon
