// backup create, list, verify, key, schedule.
#include "api/backup_desk.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "crypto/file.hpp"
#include "daemon/backup_access.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/stopped_machine.hpp"
#include "sync/backup/folder.hpp"
#include "sync/backup/make.hpp"
#include "sync/backup/scratch.hpp"

namespace skerry::daemon {
namespace {

namespace fs = std::filesystem;

std::uint64_t bytes_of(const json::object& object, std::string_view name) {
  return static_cast<std::uint64_t>(integer_of(object, name));
}

// While the daemon makes or checks one: asks it now and then how far it is.
class Watch {
 public:
  explicit Watch(Session& session)
      : session_(session), asking_(session.config, session.terminal, DaemonClient::Talk::none) {
    session_.daemon.while_waiting([this] { look(); });
  }
  ~Watch() { session_.daemon.while_waiting({}); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  void look() {
    const auto answer = asking_.get_object("/v1/backups");
    if (!answer) return;  // whatever is wrong, the command itself will say
    const json::object& running = object_of(*answer, "running");
    const std::string step = string_of(running, "step");
    if (step.empty()) return;
    if (!progress_ || step != step_) progress_.emplace(session_.terminal, step);
    step_ = step;
    progress_->at(bytes_of(running, "done"), bytes_of(running, "total"));
  }

  Session& session_;
  DaemonClient asking_;
  std::string step_;
  std::optional<Progress> progress_;
};

void show(Terminal& terminal, const json::object& backup) {
  const std::string failure = string_of(backup, "failure");
  const std::string size = bytes_of(backup, "bytes") > 0 ? sized(bytes_of(backup, "bytes")) : "-";
  const bool gone = backup.contains("present") && backup.at("present") == json::value(false);
  terminal.line("{}  {:>10}  {:<8} {}", string_of(backup, "created_at"), size,
                !failure.empty() ? "failed"
                : gone           ? "gone"
                                 : "verified",
                string_of(backup, "file"));
  if (!failure.empty()) terminal.line("    {}", failure);
}

std::string machine_text(const sync::BackupManifest& manifest) {
  const store::Identity& identity = manifest.facts.identity;
  return fmt::format("{} \"{}\"{}{}", to_text(identity.role), identity.name,
                     identity.id.is_zero() ? "" : " ",
                     identity.id.is_zero() ? "" : to_string(identity.id));
}

json::object to_json(const sync::BackupManifest& manifest) {
  json::object records;
  for (const auto& [kind, count] : manifest.facts.records) records[kind] = count;
  return {{"id", to_string(manifest.id)},
          {"created_at", format_timestamp(manifest.created_at)},
          {"role", to_text(manifest.facts.identity.role)},
          {"name", manifest.facts.identity.name},
          {"machine", to_string(manifest.facts.identity.id)},
          {"version", manifest.app},
          {"epoch", to_string(manifest.facts.epoch)},
          {"head", manifest.facts.head},
          {"hash", to_hex(manifest.facts.hash)},
          {"rows", manifest.facts.rows},
          {"sites", manifest.facts.sites.size()},
          {"records", std::move(records)},
          {"digest", to_hex(manifest.facts.digest)},
          {"key", manifest.key}};
}

void show(Terminal& terminal, const sync::BackupManifest& manifest) {
  terminal.line("{} as of {}", machine_text(manifest), format_timestamp(manifest.created_at));
  terminal.line("version     {}", manifest.app);
  terminal.line("log         {}, up to row {} of epoch {}", counted(manifest.facts.rows, "change"),
                manifest.facts.head, to_string(manifest.facts.epoch));
  std::string records;
  for (const auto& [kind, count] : manifest.facts.records)
    records += fmt::format("{}{}", records.empty() ? "" : ", ", counted(count, kind));
  terminal.line("records     {}", records);
}

std::string absolute_text(const std::string& path) {
  return fs::absolute(path).lexically_normal().string();
}

}  // namespace

sync::BackupProgress progress_on(Terminal& terminal, std::optional<Progress>& shown) {
  return [&terminal, &shown, last = std::string()](std::string_view step, std::uint64_t done,
                                                   std::uint64_t total) mutable -> Result<void> {
    if (!shown || last != step) shown.emplace(terminal, std::string(step));
    last = step;
    shown->at(done, total);
    return {};
  };
}

namespace {

// On any machine, with the recovery key and without a daemon.
Result<Exit> verify_here(const Config& config, Terminal& terminal, const BackupAccess& access) {
  SKERRY_TRY(const OpenedBackup backup, open_backup(config, access));
  SKERRY_TRY(const sync::ScratchFolder scratch, sync::ScratchFolder::temporary());
  std::optional<Progress> shown;
  const sync::BackupProgress progress = progress_on(terminal, shown);
  const fs::path database = scratch.path() / "restored.db";
  SKERRY_TRY_VOID(backup.reader.unpack(backup.identities, database, progress));
  SKERRY_TRY_VOID(sync::open_keys(backup.reader.manifest().keys, backup.identities));
  SKERRY_TRY_VOID(sync::check_database(database, backup.reader.manifest(), progress));
  shown.reset();
  json::object report = to_json(backup.reader.manifest());
  report["verified"] = true;
  report["vouched"] = backup.vouched;
  report["sign_key"] = backup.signer.to_text();
  terminal.document(report);
  show(terminal, backup.reader.manifest());
  terminal.line("whole: every page, the log's chains, the counts and the digest are as they were");
  if (backup.vouched) return Exit::ok;
  terminal.line("signed by   {}", backup.signer.to_text());
  terminal.next("ask whose key this is: nobody but the file vouches for it; then give it as --key");
  return Exit::attention;
}

// A place that nothing can be written to is wrong input to the API; a command's other files end it
// with Exit::io there.
Error as_place(Error error) {
  if (error.code == Errc::bad_input) error.code = Errc::io_failed;
  return error;
}

// Where no daemon runs.
Result<json::object> create_here(Session& session, const NewBackup& wanted) {
  const DataFolder folder{session.config.data()};
  const Config& config = session.config;
  SKERRY_TRY(const auto recovery,
             sync::recovery_recipient(wanted.recipient.empty() ? config.backup_recipient
                                                               : wanted.recipient));
  const bool dry_run = session.daemon.is_dry_run();
  SKERRY_TRY(const auto machine, StoppedMachine::open(folder, dry_run));
  const fs::path target = wanted.to.empty() ? config.backups() : fs::path(absolute_text(wanted.to));
  const sync::BackupPlan plan{target, folder.scratch(), recovery};
  if (dry_run) {
    SKERRY_TRY(const auto tried,
               sync::try_backup(machine->node(), plan, wanted.to.empty()).map_error(as_place));
    return api::to_json(tried);
  }
  if (wanted.to.empty()) SKERRY_TRY_VOID(sync::prepare_backup_folder(target));
  std::optional<Progress> shown;
  SKERRY_TRY(const auto made,
             sync::make_backup(machine->node(), plan, progress_on(session.terminal, shown))
                 .map_error(as_place));
  return api::to_json(made.backup);
}

Result<Exit> list_made(Terminal& terminal, DaemonClient& daemon) {
  SKERRY_TRY(const auto answer, daemon.get_object("/v1/backups"));
  terminal.document(answer);
  const auto items = objects_of(answer, "items");
  for (const json::object* item : items) show(terminal, *item);
  if (items.empty()) {
    terminal.line("no backup was made on this machine");
    terminal.next("skerry backup create");
  }
  return Exit::ok;
}

Result<Exit> list_folder(Terminal& terminal, const std::string& folder) {
  SKERRY_TRY(const auto found, sync::find_backups(folder).map_error([](Error error) {
    if (error.next.empty()) error.next = "name the folder that holds the backups";
    return as_input(std::move(error));
  }));
  bool readable = true;
  for (const sync::FoundBackup& one : found) {
    json::object item{{"file", one.name}, {"bytes", one.size}};
    if (!one.manifest) {
      readable = false;
      item["failure"] = one.manifest.error().detail;
      terminal.line("{:<24}  {:>10}  {}: {}", "-", sized(one.size), one.name,
                    one.manifest.error().detail);
    } else {
      for (auto& [name, value] : to_json(*one.manifest)) item[name] = value;
      terminal.line("{}  {:>10}  {}  {}", format_timestamp(one.manifest->created_at),
                    sized(one.size), one.name, machine_text(*one.manifest));
    }
    terminal.document(item);
  }
  if (found.empty()) terminal.line("{} holds no backup", folder);
  if (!found.empty())
    terminal.next(fmt::format("skerry backup verify {}",
                              shell_word((fs::path(folder) / found.front().name).string())));
  return readable ? Exit::ok : Exit::attention;
}

}  // namespace

Result<Exit> run_backup_create(Session& session, const NewBackup& wanted) {
  json::object body;
  if (!wanted.to.empty()) body["to"] = absolute_text(wanted.to);
  if (!wanted.recipient.empty()) body["recipient"] = wanted.recipient;
  Result<json::object> made = [&] {
    const Watch watch(session);
    return session.daemon.post("/v1/backups", body).map_error(as_place);
  }();
  // Whether none runs, only the lock of the folder can say.
  if (!made && made.error().code == Errc::unreachable) {
    auto here = create_here(session, wanted);
    if (here || here.error().code != Errc::locked) made = std::move(here);
  }
  SKERRY_TRY(const json::object answer, std::move(made));
  session.terminal.document(answer);
  if (session.daemon.is_dry_run()) {
    session.terminal.line("would be backed up to {}", string_of(answer, "file"));
    return Exit::ok;
  }
  session.terminal.line("backed up to {}", string_of(answer, "file"));
  session.terminal.line("{}, read back and verified; sha256 {}", sized(bytes_of(answer, "bytes")),
                        string_of(answer, "sha256"));
  session.terminal.next("keep it on another machine; the recovery key opens it");
  return Exit::ok;
}

Result<Exit> run_backup_list(const Config& config, Terminal& terminal, const std::string& folder) {
  if (!folder.empty()) return list_folder(terminal, folder);
  DaemonClient daemon(config, terminal);
  return list_made(terminal, daemon);
}

Result<Exit> run_backup_verify(const Config& config, Terminal& terminal,
                               const BackupAccess& access) {
  if (!access.identity.empty()) return verify_here(config, terminal, access);
  if (!access.keys.empty())
    return fail(Errc::usage, "--key says whose a backup is that --identity opens",
                "skerry backup verify FILE --identity FILE --key KEY");
  DaemonClient daemon(config, terminal);
  Session session{config, terminal, daemon};
  std::error_code ignored;
  const bool by_name = !fs::exists(access.file, ignored) && sync::is_backup_name(access.file);
  const std::string file = by_name ? access.file : absolute_text(access.file);
  const Watch watch(session);
  SKERRY_TRY(const auto answer,
             daemon.post("/v1/backups:verify", {{"file", file}}).map_error(as_input));
  terminal.document(answer);
  show(terminal, answer);
  terminal.line("opened with this machine's own key; --identity FILE tries the recovery key");
  return Exit::ok;
}

Result<Exit> run_backup_key(Terminal& terminal, const std::string& file, bool dry_run) {
  if (dry_run) {
    SKERRY_TRY_VOID(crypto::check_new_file(file));
    terminal.document({{"file", file}, {"recipient", nullptr}});
    terminal.line("a new recovery key would be written to {}", file);
    return Exit::ok;
  }
  SKERRY_TRY(const std::string recipient, make_recovery_key(file));
  terminal.document({{"file", file}, {"recipient", recipient}});
  terminal.line("{} opens every backup that is made for", file);
  terminal.line("{}", recipient);
  terminal.next(
      fmt::format("set backup.recipient = \"{}\" in the configuration of the machines "
                  "that it is for, and put the file into a safe, off them",
                  recipient));
  return Exit::ok;
}

Result<Exit> run_backup_schedule(Session& session) {
  SKERRY_TRY(const auto answer, session.daemon.get_object("/v1/backups"));
  session.terminal.document(answer);
  const std::int64_t interval = integer_of(answer, "interval_seconds");
  const bool has_key = !string_of(answer, "recovery_key").empty();
  session.terminal.line("folder      {}, the newest {} stay", string_of(answer, "folder"),
                        integer_of(answer, "keep"));
  if (interval == 0)
    session.terminal.line("interval    none: backup.interval_seconds is 0");
  else
    session.terminal.line("interval    {} s; the next {}", interval,
                          has_key ? string_of(answer, "next_at") : "never, without a recovery key");
  if (!has_key) session.terminal.next("skerry backup key FILE, and set backup.recipient");
  return Exit::ok;  // what is planned is told; whether that is enough says doctor
}

}  // namespace skerry::daemon
