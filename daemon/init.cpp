#include "daemon/init.hpp"

#include <fmt/format.h>

#include "core/text.hpp"
#include "crypto/file.hpp"
#include "daemon/config.hpp"
#include "daemon/folder.hpp"
#include "store/anchor.hpp"
#include "store/change_log.hpp"
#include "store/identity.hpp"
#include "store/sqlite/folder_lock.hpp"

namespace skerry::daemon {
namespace {

constexpr std::size_t name_characters_max = 255;

Result<void> check_name(const std::string& name) {
  if (!is_utf8(name) || is_blank(name) || has_control_characters(name) ||
      name.find_first_of("\t\r\n") != std::string::npos ||
      count_characters(name) > name_characters_max)
    return fail(Errc::usage,
                fmt::format("--name: a name has 1 to {} printable characters", name_characters_max),
                "give the machine another name");
  return {};
}

Result<void> must_be_new(const DataFolder& folder) {
  if (folder.lost_database()) return fail(folder.database_is_lost());
  for (const auto& file : {folder.database(), folder.keys(), folder.config()}) {
    std::error_code error;
    if (std::filesystem::exists(std::filesystem::symlink_status(file, error)))
      return fail(
          Errc::already_exists,
          fmt::format("{} is initialised: {} is there", folder.path.string(), file.string()),
          fmt::format("skerry serve --data {}, or choose another folder",
                      shell_word(folder.path.string())));
  }
  return {};
}

Result<void> make_database(const DataFolder& folder, const InitOptions& options,
                           const sync::Keys& keys, Random& random, store::AnchorFile& anchor) {
  const SystemClock clock;
  store::ChangeLog log(clock);
  SKERRY_TRY(auto database, store::Database::open(folder.path));
  database->set_participant(&log);
  auto work = [&](store::Connection& connection) -> Result<void> {
    log.load(connection);
    store::write_identity(connection, {options.role, SiteId{}, options.name});
    Hash cursor_key;
    random.fill(cursor_key);
    store::write_meta(connection, "cursor_key", to_hex(cursor_key));
    if (options.sandbox) store::write_meta(connection, "sandbox", "1");
    sync::remember_keys(connection, keys);
    const std::int64_t ord = options.role == Role::central ? clock.wall_ms() / 1000 : 0;
    log.start_own(connection, {new_id<EpochId>(random), ord});
    return {};
  };
  auto written = database->write(work);
  // One of a machine that was here before says nothing of this one.
  if (written) written = anchor.write({SiteId{}, log.own().epoch, log.own().ord, 0, Hash{}, {}});
  database.reset();  // before the log, its participant
  return written;
}

}  // namespace

Result<void> check_init(const InitOptions& options) {
  SKERRY_TRY_VOID(check_name(options.name));
  SKERRY_TRY_VOID(must_be_new({options.data}));
  SKERRY_TRY_VOID(check_private_folder(options.data));
  SKERRY_TRY_VOID(store::check_folder(options.data));
  // The anchor may lie in the data folder itself, which is there by then.
  const bool inside = options.anchor.parent_path() == options.data;
  return inside ? Result<void>() : check_private_folder(options.anchor);
}

Result<void> initialise(const InitOptions& options) {
  SKERRY_TRY_VOID(check_init(options));  // or keys would be left behind
  const DataFolder folder{options.data};
  SKERRY_TRY_VOID(make_private_folder(folder.path));
  SKERRY_TRY(store::AnchorFile anchor, store::AnchorFile::open(options.anchor));

  crypto::SystemRandom random;
  const sync::Keys keys{crypto::SigningKey::generate(), crypto::AgeIdentity::generate(random)};
  SKERRY_TRY_VOID(save_keys(folder.keys(), keys));
  SKERRY_TRY_VOID(make_database(folder, options, keys, random, anchor));
  if (!options.with_config) return {};
  return crypto::create_file_atomically(folder.config(), as_bytes(config_template()), 0640);
}

}  // namespace skerry::daemon
