// Where the configuration is found, and what lies over it.
#include <algorithm>
#include <fmt/format.h>
#include <system_error>

#include "crypto/file.hpp"
#include "daemon/config.hpp"

namespace skerry::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t config_bytes_max = 256 * 1024;

Result<void> read_file(const fs::path& file, std::string remedy, Config& config) {
  const auto bytes = crypto::read_small_file(file, config_bytes_max);
  if (bytes) return read_config(as_text(*bytes), file, config);
  const Error& error = bytes.error();
  if (error.code == Errc::bad_input) remedy = error.next;  // it is there, and no regular file
  return fail(Errc::bad_config,
              fmt::format("the configuration {} cannot be read: {}", file.string(), error.detail),
              std::move(remedy));
}

Result<std::vector<fs::path>> drop_ins_beside(const fs::path& file) {
  const fs::path folder = file.parent_path() / "conf.d";
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->path().extension() == ".toml") found.push_back(at->path());
  if (error && error != std::errc::no_such_file_or_directory)
    return fail(Errc::bad_config,
                fmt::format("the folder {} of the configuration cannot be read: {}",
                            folder.string(), error.message()),
                "let the daemon's user read it, or remove it");
  std::sort(found.begin(), found.end());
  return found;
}

Result<Config> read_config_files(const fs::path& file) {
  Config config;
  config.file = file;
  SKERRY_TRY_VOID(read_file(file, "name another with --config FILE", config));
  SKERRY_TRY(config.drop_ins, drop_ins_beside(file));
  for (const fs::path& drop_in : config.drop_ins)
    SKERRY_TRY_VOID(read_file(drop_in, "let the daemon's user read it, or remove it", config));
  return config;
}

std::optional<std::string> named_place(const ConfigPlaces& places,
                                       const std::optional<std::string>& option,
                                       const char* variable) {
  if (option) return option;
  auto value = places.environment ? places.environment(variable) : std::nullopt;
  return value && value->empty() ? std::nullopt : value;
}

void set_data_folder(Config& config, const std::optional<std::string>& data) {
  if (data) config.data_folder = fs::absolute(*data).lexically_normal();
  if (config.data_folder.size() > 1 && config.data_folder.ends_with('/'))
    config.data_folder.pop_back();
}

}  // namespace

Result<Config> parse_config(std::string_view text, const fs::path& file) {
  Config config;
  config.file = file;
  SKERRY_TRY_VOID(read_config(text, file, config));
  return config;
}

Result<Config> load_config(const ConfigPlaces& places) {
  const auto data = named_place(places, places.data, "SKERRY_DATA");
  const auto named = named_place(places, places.config, "SKERRY_CONFIG");

  Config config;
  if (named) {
    SKERRY_TRY(config, read_config_files(*named));
  } else {
    const auto beside = fs::path(data.value_or(config.data_folder)) / "skerry.toml";
    for (const auto& file : {beside, fs::path("/etc/skerry/skerry.toml")}) {
      std::error_code ignored;  // what cannot be looked at counts as absent; --config says more
      if (!fs::exists(file, ignored)) continue;
      SKERRY_TRY(config, read_config_files(file));
      break;
    }
  }
  set_data_folder(config, data);
  set_log_level(parse_level(config.log_level).value_or(Level::info));
  return config;
}

Config load_any_config(const ConfigPlaces& places) {
  Result<Config> loaded = load_config(places);
  if (loaded) return *std::move(loaded);
  Config config;
  set_data_folder(config, named_place(places, places.data, "SKERRY_DATA"));
  config.wrong = std::move(loaded).error();
  return config;
}

}  // namespace skerry::daemon
