#include "daemon/carrying.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "api/limits.hpp"
#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "sync/bundle_limits.hpp"
#include "sync/bundle_name.hpp"
#include "sync/bundle_reader.hpp"
#include "sync/exchange.hpp"
#include "sync/part_file.hpp"

namespace skerry::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view medium_root = "SKERRY";
constexpr std::string_view bundle_extension = ".skb";
constexpr std::chrono::minutes turn_wait_max{10};
constexpr std::chrono::milliseconds turn_asked_every{100};

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    found.push_back(at->path());
  std::sort(found.begin(), found.end());
  return found;
}

bool is_named(const fs::path& file, std::string_view prefix) {
  const std::string name = ascii_lower(file.filename().string());
  return name.starts_with(prefix) && sync::is_bundle_name(name);
}

// The folder that holds SKERRY/, for a file in a medium's layout.
fs::path medium_of(const fs::path& file) {
  const fs::path root = fs::absolute(file).parent_path().parent_path().parent_path();
  return root.filename() == medium_root ? root.parent_path() : fs::path();
}

std::string in_outbox(const DueBundle& bundle) {
  return "/v1/outbox/" + percent_encoded(bundle.name);
}

}  // namespace

Result<sync::Party> parse_party(std::string_view text) {
  if (text == "central") return sync::Party::central();
  if (const auto id = parse_id<SiteId>(text)) return sync::Party::site(*id);
  return fail(Errc::internal, fmt::format("the daemon named a party '{}'", text));
}

std::string short_name(const sync::Party& party) {
  return party.role == Role::central ? "central" : "site " + to_string(party.id).substr(0, 8);
}

std::string next_readers(const sync::Party& self, const std::vector<sync::Party>& to,
                         const std::vector<std::string>& from) {
  if (self.role == Role::site) return "central";
  std::set<std::string> names;
  for (const sync::Party& party : to) names.insert(short_name(party));
  const bool is_one = std::all_of(from.begin(), from.end(), [&](const std::string& sender) {
    return !to.empty() && sender == sync::to_string(to.front());
  });
  if (names.empty() || (names.size() == 1 && is_one)) return "the site";
  return fmt::format("{}", fmt::join(names, " and "));
}

Result<DueBundle> due_bundle(const json::value& value) {
  try {
    const json::object& object = value.as_object();
    DueBundle bundle;
    bundle.name = object.at("name").as_string();
    SKERRY_TRY(bundle.from, parse_party(object.at("from").as_string()));
    SKERRY_TRY(bundle.to, parse_party(object.at("to").as_string()));
    bundle.size = object.at("size").to_number<std::uint64_t>();
    bundle.rows = object.at("lines").to_number<std::int64_t>();
    if (sync::is_bundle_name(bundle.name)) return bundle;
  } catch (const std::exception&) {  // a member is missing, or of another type
  }
  return fail(Errc::internal, "the daemon described a bundle in a way this program does not know",
              "use the same version of skerry for the daemon and the command line");
}

Result<std::vector<DueBundle>> due_bundles(const json::object& answer) {
  std::vector<DueBundle> bundles;
  const json::value* list = answer.if_contains("bundles");
  if (list == nullptr || !list->is_array()) return bundles;
  for (const json::value& one : list->get_array()) {
    SKERRY_TRY(bundles.emplace_back(), due_bundle(one));
  }
  return bundles;
}

std::size_t note_unpacked(Terminal& terminal, const json::object& answer) {
  const json::value* list = answer.if_contains("failed");
  if (list == nullptr || !list->is_array()) return 0;
  for (const json::value& one : list->get_array()) {
    const json::object* site = one.if_object();
    if (site == nullptr) continue;
    json::object event{{"event", "not_packed"}};
    for (const auto& [name, value] : *site) event[name] = value;
    terminal.document(event);
    terminal.line("not packed for {}: {} ({})", text_of(*site, "name"), text_of(*site, "detail"),
                  text_of(*site, "code"));
    terminal.line("          {}", text_of(*site, "next"));
  }
  return list->get_array().size();
}

Result<std::vector<FoundBundle>> find_invitations(const fs::path& place) {
  if (!is_folder(place)) return std::vector{FoundBundle{place, medium_of(place)}};
  std::vector<FoundBundle> found;
  for (const fs::path& site : entries(place / medium_root))
    for (const fs::path& file : entries(site / "central"))
      if (is_named(file, "invitation-")) found.push_back({file, place});
  if (!found.empty()) return found;
  return fail(Errc::bad_input,
              fmt::format("there is no invitation in {}", (place / medium_root).string()),
              "at central: skerry site invite NAME --out DIR");
}

Result<std::vector<FoundBundle>> find_answers(const fs::path& place) {
  if (!is_folder(place)) return std::vector{FoundBundle{place, medium_of(place)}};
  std::vector<FoundBundle> found;
  for (const fs::path& site : entries(place / medium_root / "central"))
    for (const fs::path& file : entries(site))
      if (is_named(file, "enrol-") && !is_named(file, "enrol-ack-")) found.push_back({file, place});
  if (!found.empty()) return found;
  return fail(Errc::bad_input,
              fmt::format("there is no answer of a site in {}", (place / medium_root).string()),
              "at the site: skerry enrol DIR");
}

Result<OpenFile> open_bundle(const fs::path& file) {
  SKERRY_TRY(OpenFile opened, open_input(file));
  const std::uint64_t bytes_max = sync::BundleLimits{}.file_bytes_max;
  if (opened.size <= bytes_max) return opened;
  return fail(Errc::limit_exceeded,
              fmt::format("{} has {} bytes; a bundle has at most {}", file.string(), opened.size,
                          bytes_max),
              sync::bundle_remedy(Errc::limit_exceeded));
}

Error about_file(const fs::path& file, Error error) {
  const Exit exit = info(error.code).exit;
  if (exit == Exit::bad_input || exit == Exit::trust)
    error.detail = fmt::format("{}: {}", file.string(), error.detail);
  return error;
}

Result<json::object> hand_in(DaemonClient& daemon, const OpenFile& file, std::string_view name,
                             std::string_view what) {
  Query query;
  query.add("name", Terminal::name(name));  // for people, and perhaps no UTF-8
  const auto send = [&](const OpenFile& sent) {
    return daemon.upload("/v1/bundles" + query.text(), sent, sync::bundle_media_type, what);
  };
  if (file.size <= api::Limits{}.upload_bytes_max) return send(file);
  query.add("bytes", std::to_string(file.size));
  OpenFile beginning;
  beginning.file = sync::FileHandle(::fcntl(file.file.fd(), F_DUPFD_CLOEXEC, 0));
  if (!beginning.file.is_open())
    return fail(sync::system_error(errno, fmt::format("opening {} again", name)));
  beginning.size = sync::BundleLimits{}.file_bytes_max;
  return send(beginning);
}

Result<std::set<Hash>> kept_evidence(DaemonClient& daemon, std::int64_t last) {
  SKERRY_TRY(const auto entries, daemon.list("/v1/inbox", last));
  std::set<Hash> kept;
  for (const json::value& each : entries) {
    const json::object& entry = each.as_object();
    if (member_of(entry, "kept") != json::value(true)) continue;
    if (find_errc(text_of(entry, "outcome")) == nullptr) continue;
    if (const auto sha256 = hash_from_hex(text_of(entry, "sha256"))) kept.insert(*sha256);
  }
  return kept;
}

bool is_one_of(const std::set<Hash>& kept, int fd) {
  const auto size = sync::file_size(fd);
  if (!size || *size > sync::BundleLimits{}.file_bytes_max) return false;
  sync::HashSink sink;
  return sync::pump(fd, 0, *size, sink) && kept.contains(sink.hash());
}

Result<OpenFile> fetch_bundle(DaemonClient& daemon, const DueBundle& bundle) {
  return daemon.fetch(in_outbox(bundle));
}

Result<void> drop_bundle(DaemonClient& daemon, const DueBundle& bundle) {
  return daemon.remove(in_outbox(bundle));
}

Result<fs::path> carry_to_medium(DaemonClient& daemon, const DueBundle& bundle,
                                 const fs::path& folder) {
  SKERRY_TRY(const auto medium, sync::Medium::open(folder));
  SKERRY_TRY(const auto fetched, fetch_bundle(daemon, bundle));
  SKERRY_TRY(auto path, medium.write(fetched.file.fd(), fetched.size, fetched.sha256, bundle.to,
                                     bundle.from, bundle.name));
  SKERRY_TRY_VOID(drop_bundle(daemon, bundle));
  return path;
}

Result<fs::path> carry_to_file(DaemonClient& daemon, const DueBundle& bundle,
                               const fs::path& file) {
  SKERRY_TRY(const auto fetched, fetch_bundle(daemon, bundle));
  const bool same_name = file.filename() == bundle.name;  // an earlier packing of the same
  SKERRY_TRY_VOID(sync::place_file(fetched.file.fd(), fetched.size, fetched.sha256, file,
                                   same_name ? sync::Existing::replace : sync::Existing::refuse));
  SKERRY_TRY_VOID(drop_bundle(daemon, bundle));
  return file;
}

Result<void> check_medium(const fs::path& folder) {
  std::error_code ignored;
  if (fs::is_regular_file(folder, ignored))
    return fail(Errc::bad_input,
                fmt::format("{} is a file; an exchange is with a medium's folder", folder.string()),
                fmt::format("skerry exchange DIR; or, of a single bundle, skerry bundle import {}",
                            shell_word(folder.string())));
  const fs::path place = fs::canonical(folder, ignored);
  if (place.filename() != medium_root) return {};
  const auto found = entries(place);  // a medium may be called so: whose folders has it?
  if (std::none_of(found.begin(), found.end(),
                   [](const fs::path& entry) { return parse_party(entry.filename().string()); }))
    return {};
  return fail(Errc::bad_input,
              fmt::format("{} holds the bundles of a medium; the folder above it is the medium",
                          folder.string()),
              fmt::format("name {}", shell_word(place.parent_path().string())));
}

Result<void> check_place(const fs::path& place) {
  if (is_folder(place)) return check_medium(place);
  if (place.extension() != bundle_extension)
    return fail(Errc::io_failed, fmt::format("there is no folder {}", place.string()),
                fmt::format("mount the medium or make the folder; to write one file, name it "
                            "NAME{}",
                            bundle_extension));
  if (const fs::path parent = fs::absolute(place).parent_path(); !is_folder(parent))
    return fail(Errc::io_failed, fmt::format("there is no folder {}", parent.string()),
                "make it, or name another place with --out");
  return {};
}

Result<void> check_room(const fs::path& place) {
  constexpr std::size_t room_bytes = 16 * 1024;  // an invitation has less
  fs::path folder = is_folder(place) ? place : fs::absolute(place).parent_path();
  if (is_folder(place) && is_folder(place / medium_root)) folder /= medium_root;
  const fs::path probe = folder / fmt::format(".skerry-{}.part", ::getpid());
  const sync::FileHandle file(
      ::open(probe.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return fail(sync::medium_error(errno, "writing to", folder));
  const std::vector<std::uint8_t> zeros(room_bytes);
  const ssize_t written = ::write(file.fd(), zeros.data(), zeros.size());
  const int why = written < 0 ? errno : ENOSPC;
  ::unlink(probe.c_str());
  if (written != ssize_t{room_bytes}) return fail(sync::medium_error(why, "writing to", folder));
  return {};
}

void note_own_disk(Terminal& terminal, const fs::path& data, const fs::path& folder) {
  struct stat medium {};
  struct stat own {};
  if (::stat(folder.c_str(), &medium) == 0 && ::stat(data.c_str(), &own) == 0 &&
      medium.st_dev == own.st_dev)
    terminal.talk("{} is on this machine's own disk: is the medium mounted?", folder.string());
}

void note_misplaced(Terminal& terminal, const fs::path& medium, const sync::Party& self) {
  const std::string name = to_string(self);
  const std::string prefix =
      self.role == Role::central ? "u-" : fmt::format("d-{}-", name.substr(0, 8));
  const fs::path root = medium / medium_root;
  for (const fs::path& folder : {medium, root, root / name}) {
    for (const fs::path& file : entries(folder)) {
      if (!is_named(file, prefix)) continue;
      const std::string next = "skerry bundle import " + shell_word(file.string());
      terminal.document({{"event", "misplaced"}, {"file", file.string()}, {"next", next}});
      return terminal.line("beside its place: {}; to take it in: {}", file.string(), next);
    }
  }
}

std::vector<sync::FileHandle> take_turns(Terminal& terminal, const std::vector<fs::path>& folders) {
  std::vector<sync::FileHandle> turns;
  std::vector<fs::path> taken;
  for (const fs::path& folder : folders) {
    std::error_code ignored;
    const fs::path place = fs::canonical(folder, ignored);
    if (std::find(taken.begin(), taken.end(), place) != taken.end()) continue;  // not our own
    taken.push_back(place);
    sync::FileHandle turn(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!turn.is_open()) continue;
    const auto until = std::chrono::steady_clock::now() + turn_wait_max;
    for (bool told = false; ::flock(turn.fd(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;) {
      if (!std::exchange(told, true))
        terminal.talk("waiting for another exchange or export in {}", folder.string());
      if (std::chrono::steady_clock::now() > until) {
        // Whoever may read the folder can hold the lock: either is safe without, too.
        terminal.talk("it has not ended: going on beside it");
        break;
      }
      std::this_thread::sleep_for(turn_asked_every);
    }
    turns.push_back(std::move(turn));
  }
  return turns;
}

Result<fs::path> carry_out(DaemonClient& daemon, const DueBundle& bundle, const fs::path& place) {
  SKERRY_TRY_VOID(check_place(place));
  return is_folder(place) ? carry_to_medium(daemon, bundle, place)
                          : carry_to_file(daemon, bundle, place);
}

}  // namespace skerry::daemon
