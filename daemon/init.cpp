#include "daemon/init.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

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

// A configuration that somebody put there beforehand is the machine's.
Result<void> must_be_new(const DataFolder& folder, bool with_config) {
  if (folder.lost_database()) return fail(folder.database_is_lost());
  for (const auto& file : {folder.database(), folder.keys(), folder.config()}) {
    if (file == folder.config() && !with_config) continue;
    if (is_there(file))
      return fail(
          Errc::already_exists,
          fmt::format("{} is initialised: {} is there", folder.path.string(), file.string()),
          fmt::format("skerry serve --data {}, or choose another folder",
                      shell_word(folder.path.string())));
  }
  return {};
}

// The one that is there tells its machine what was put back, and a restore what is lost: that of a
// machine that runs is not written over, and nothing tells one from that of a lost data folder.
Result<void> must_have_no_anchor(const InitOptions& options) {
  const std::filesystem::path file = options.anchor / "anchor";
  if (!is_there(file)) return {};
  SKERRY_TRY(const store::AnchorFile there, store::AnchorFile::open(options.anchor));
  if (!there.read()) return {};  // nothing was ever written, or it is damaged
  return fail(
      Errc::already_exists, fmt::format("{} is the anchor of another machine", file.string()),
      fmt::format("give this one a folder of its own in skerry.toml: [anchor] folder; or, was it "
                  "of this data folder, which is lost: skerry backup restore FILE --data {}; or, "
                  "when its machine is gone for good: rm {}",
                  shell_word(options.data.string()), shell_word(file.string())));
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
  const store::LogHead& own = log.own();
  if (written) written = anchor.write({SiteId{}, own.epoch, own.ord, 0, Hash{}, {}, 0, own.epoch});
  database.reset();  // before the log, its participant
  return written;
}

// Of a machine that could not be made whole nothing stays, or the next `init` would find it there.
class Unmade {
 public:
  explicit Unmade(const InitOptions& options)
      : folder_{options.data},
        anchor_(options.anchor),
        made_folder_(make(folder_.path)),
        made_anchor_(make(anchor_)),
        made_keys_(make(folder_.keys())) {}
  Unmade(const Unmade&) = delete;
  Unmade& operator=(const Unmade&) = delete;
  ~Unmade() {
    if (!is_on_) return;
    std::error_code ignored;
    if (made_keys_) {  // else what lies there is of another `init`, at the same time
      std::filesystem::remove(anchor_ / "anchor", ignored);
      std::filesystem::remove_all(made_folder_ ? folder_.path : folder_.keys(), ignored);
      for (const char* const end : {"", "-wal", "-shm"})
        std::filesystem::remove(folder_.database().string() + end, ignored);
    }
    // Nothing that anything lies in.
    if (made_anchor_) std::filesystem::remove(anchor_, ignored);
    if (made_folder_) std::filesystem::remove(folder_.path, ignored);
  }
  void off() { is_on_ = false; }

 private:
  // What cannot be made, make_machine() says.
  static bool make(const std::filesystem::path& folder) {
    return ::mkdir(folder.c_str(), 0700) == 0;
  }

  DataFolder folder_;
  std::filesystem::path anchor_;
  bool made_folder_, made_anchor_, made_keys_;
  bool is_on_ = true;
};

Result<void> make_machine(const InitOptions& options) {
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

}  // namespace

Result<void> check_init(const InitOptions& options) {
  SKERRY_TRY_VOID(check_name(options.name));
  SKERRY_TRY_VOID(DataFolder{options.data}.must_be_owned());
  SKERRY_TRY_VOID(must_be_new({options.data}, options.with_config));
  SKERRY_TRY_VOID(check_private_folder(options.data));
  SKERRY_TRY_VOID(store::check_folder(options.data));
  // The anchor may lie in the data folder itself, which is there by then.
  const bool inside = options.anchor.parent_path() == options.data;
  if (!inside) SKERRY_TRY_VOID(check_private_folder(options.anchor));
  return must_have_no_anchor(options);
}

Result<void> initialise(const InitOptions& options) {
  SKERRY_TRY_VOID(check_init(options));
  Unmade unmade(options);
  Result<void> made = make_machine(options);
  // What was there all of a sudden is of another `init`, at the same time.
  if (made || made.error().code == Errc::already_exists || made.error().code == Errc::locked)
    unmade.off();
  return made;
}

}  // namespace skerry::daemon
