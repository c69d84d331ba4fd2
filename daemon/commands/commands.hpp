// What each command does, once the command line is read (daemon/cli.cpp). One file per noun; each
// returns the exit code, or the error that becomes one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/errc.hpp"
#include "core/result.hpp"
#include "daemon/backup_access.hpp"
#include "daemon/config.hpp"
#include "daemon/daemon_client.hpp"
#include "daemon/terminal.hpp"

namespace skerry::daemon {

// What a command works with.
struct Session {
  const Config& config;
  Terminal& terminal;
  DaemonClient& daemon;
};

// "name" of an object as text; empty when it is missing, null or not a text.
std::string string_of(const json::object& object, std::string_view name);
// 0 when it is missing or not a whole number.
std::int64_t integer_of(const json::object& object, std::string_view name);
// The member as an object, an empty one when it is missing or something else.
const json::object& object_of(const json::object& object, std::string_view name);
// The elements that are objects.
std::vector<const json::object*> objects_of(const json::object& object, std::string_view name);
// The texts of an array as "a, b"; empty without one.
std::string listed(const json::object& object, std::string_view name);

// user.cpp: the first line of a private file, without its end, or of stdin for "-".
Result<std::string> read_secret_line(const std::string& file, std::size_t bytes_max);

// machine.cpp
Result<Exit> run_status(Session& session);
Result<Exit> run_doctor(Session& session);
Result<Exit> run_digest(Session& session, const std::string& site);

// backup.cpp
struct NewBackup {
  std::string to;         // a new file, or a folder; empty: as configured
  std::string recipient;  // "age1…"; empty: as configured
};
// By the daemon, and where none runs, here.
Result<Exit> run_backup_create(Session& session, const NewBackup& wanted);
// What the daemon made; of a folder, what lies in it, unverified and without a daemon.
Result<Exit> run_backup_list(const Config& config, Terminal& terminal, const std::string& folder);
// By the daemon, which notes what became of it; with an identity here, without one.
Result<Exit> run_backup_verify(const Config& config, Terminal& terminal,
                               const BackupAccess& access);
Result<Exit> run_backup_key(Terminal& terminal, const std::string& file, bool dry_run);
Result<Exit> run_backup_schedule(Session& session);
// Says a long work's progress; `shown` is what is on the terminal.
sync::BackupProgress progress_on(Terminal& terminal, std::optional<Progress>& shown);

// restore.cpp: without a daemon
struct RestoreOptions {
  BackupAccess access;
  bool yes = false;      // without a question
  bool dry_run = false;  // only show the cost
};
Result<Exit> run_backup_restore(const Config& config, Terminal& terminal,
                                const RestoreOptions& options);
Result<Exit> run_backup_reapply(const Config& config, Terminal& terminal, const std::string& file,
                                bool dry_run);

// local.cpp: without a daemon
Result<Exit> run_config_show(const Config& config, Terminal& terminal);
// A line that is wrong by itself never gets here: loading the file has said why.
Result<Exit> run_config_check(const Config& config, Terminal& terminal);
Result<Exit> run_version(Terminal& terminal);
Result<Exit> run_explain(Terminal& terminal, const std::string& code);
Result<Exit> run_init(const Config& config, Terminal& terminal, const std::string& role,
                      const std::string& name, bool dry_run);

// offline.cpp: without a daemon
struct OfflineWish {
  std::string seat;                // the file that keeps it
  std::string file;                // the request that is made, or the answer that is read
  std::vector<std::string> parts;  // the other files of an answer that is in several
  std::string code;                // a file
  std::string key;  // a file: the public key that tokens are held to; empty: what was named before
  std::string product, seat_id;
  std::vector<std::string> amounts;  // "feature=number"
  bool dry_run = false;
};
Result<Exit> run_offline_request(Terminal& terminal, const OfflineWish& wish);
// Errc::bad_input for the answer to another request, missing_key for one to somebody else,
// bad_signature for a token that the trusted key does not vouch for.
Result<Exit> run_offline_answer(Terminal& terminal, const OfflineWish& wish);
// Both: Errc::bad_input while the answer to the first request is not there.
Result<Exit> run_offline_refresh(Terminal& terminal, const OfflineWish& wish);
Result<Exit> run_offline_return(Terminal& terminal, const OfflineWish& wish);

// usage.cpp
struct UsageWish {
  std::string customer;  // account reference, name or id; empty: all
  std::string since, until, by;
  std::string format;  // empty: csv, or what --json asks for
  std::string out;     // a file that is made; empty: stdout
};
Result<Exit> run_usage_report(Session& session, const UsageWish& wish);
// What leaves with the next bundle, as it is signed.
Result<Exit> run_usage_outgoing(Session& session, const UsageWish& wish);
// relay.cpp
struct RelayFile {
  std::string file;        // a licence file of Keygen
  std::string key_file;    // with its licence key; "-": stdin
  std::string public_key;  // the account's
  std::string pool;
  std::int64_t seats = 1;
};
Result<Exit> run_relay_add(Session& session, const RelayFile& file);
Result<Exit> run_relay_list(Session& session, const std::string& pool);
Result<Exit> run_relay_remove(Session& session, const std::string& licence);

// token.cpp
struct NewToken {
  std::string name;
  std::vector<std::string> access{"read"};
  std::vector<std::string> customers{};  // ids; none: everybody's
  std::string expires_at;
};
Result<Exit> run_token_create(Session& session, const NewToken& token);
Result<Exit> run_token_list(Session& session);
Result<Exit> run_token_revoke(Session& session, const std::string& id);

// certificate.cpp
// `qr`: and the fingerprint that clients compare, as a code that a camera reads.
Result<Exit> run_cert_show(Session& session, bool qr);
// The authority's certificate into this system's, or into a file.
Result<Exit> run_cert_install(Session& session, const std::string& out);
Result<Exit> run_cert_renew(Session& session, bool new_authority);

// import.cpp
struct ImportOptions {
  std::string kind;  // plural
  std::string file;
  std::vector<std::string> map;     // "field=Header"
  std::vector<std::string> set;     // "field=value"
  std::vector<std::string> ignore;  // headers
  bool ignore_unknown = false;
  std::string mapping;       // a saved one
  std::string save_mapping;  // its name
  std::string mode = "all-or-nothing";
  std::string rejects;  // file that is made for the rejected rows
  bool create_parents = false;
  bool dry_run = false;
};
Result<Exit> run_import(Session& session, const ImportOptions& options);
Result<Exit> run_mapping_list(Session& session);
Result<Exit> run_mapping_show(Session& session, const std::string& name);
Result<Exit> run_mapping_delete(Session& session, const std::string& name);

// export.cpp
struct RecordExportOptions {
  std::string kind;    // plural
  std::string format;  // empty: csv, or what --json asks for
  std::string out;     // a file that is made; empty: stdout
  bool all = false;    // archived and scrapped ones, too
  std::string archived, words, sort;
  std::vector<std::string> filters;  // "field=value"
};
Result<Exit> run_export(Session& session, const RecordExportOptions& options);
// The format of a file: the one wanted; by itself csv, and with --json to stdout one object a line.
std::string file_format(const Session& session, const std::string& wanted, const std::string& out);
// Errc::usage with the kinds there are.
Result<void> check_kind(const std::string& plural);
// What the daemon has at `target`, to stdout or, with a name, into a new file.
Result<Exit> deliver(Session& session, const std::string& target, const std::string& out);
// Errc::already_exists when there is something of this name.
Result<void> must_be_new(const std::string& name);
Result<sync::FileHandle> make_new_file(const std::string& name, unsigned mode);
// Copies what was fetched into a new file. Errc::already_exists.
Result<void> save_file(const OpenFile& from, const std::string& name);
// A file that is made before the work whose result goes in, so that no work is done for a place
// that cannot be written. Gone with this object unless something was saved in it.
class ReservedFile {
 public:
  static Result<ReservedFile> make(const std::string& name);
  ReservedFile(ReservedFile&&) noexcept = default;
  ReservedFile& operator=(ReservedFile&&) = delete;
  ~ReservedFile();
  Result<void> save(const OpenFile& from);

 private:
  ReservedFile(std::string name, sync::FileHandle file)
      : name_(std::move(name)), file_(std::move(file)) {}
  std::string name_;
  sync::FileHandle file_;  // open until something is saved
};

// site.cpp
struct Invitation {
  std::string name;
  std::string customer;
  std::string scope = "all";  // or customers, with commas between them
  std::string id;             // of a site that was one before central was put back
  std::string out;
};
struct Admission {
  std::string place;
  std::string fingerprint;
  bool yes = false;
};
Result<Exit> run_site_invite(Session& session, const Invitation& invitation);
Result<Exit> run_site_admit(Session& session, const Admission& admission);
Result<Exit> run_site_revoke(Session& session, const std::string& site);
Result<Exit> run_enrol(Session& session, const std::string& place);

// site_record.cpp
struct SiteChange {
  std::string site;  // name, id, or the beginning of one
  std::string name;
  std::string customer;                // "none": no customer any more
  std::string scope;                   // "all", or customers with commas between them
  std::vector<std::string> scope_add;  // customers
  std::vector<std::string> scope_remove;
};
Result<Exit> run_site_list(Session& session, bool all);
Result<Exit> run_site_show(Session& session, const std::string& name);
Result<Exit> run_site_set(Session& session, const SiteChange& change);
// The id of the customer that a person names by account reference, name or id. Errc::not_found,
// Errc::usage when several have the name.
Result<std::string> find_customer(Session& session, const std::string& reference);
// "all", or the ids of the customers in "C-1042,Lighthouse Bakery".
Result<json::value> read_scope(Session& session, const std::string& text);

// copy.cpp. `epoch`: the beginning of the id of the one the copy writes; empty: by itself.
Result<Exit> run_site_copies(Session& session, const std::string& site);
Result<Exit> run_site_reauthorise(Session& session, const std::string& site,
                                  const std::string& epoch);
Result<Exit> run_site_adopt(Session& session, const std::string& site, const std::string& epoch);
Result<Exit> run_site_discard(Session& session, const std::string& site, const std::string& epoch);

// exchange.cpp
struct ExchangeOptions {
  std::string folder;
  bool remove = false;  // takes files that were taken in off the medium
  bool dry_run = false;
};
Result<Exit> run_exchange(Session& session, const ExchangeOptions& options);
// `relay`: this process speaks to central, for a daemon without a network.
Result<Exit> run_exchange_online(Session& session, bool relay);

// bundle.cpp
struct ExportOptions {
  std::string site;
  std::optional<std::int64_t> from;
  std::string out;  // empty: the working folder
};
Result<Exit> run_bundle_export(Session& session, const ExportOptions& options);
Result<Exit> run_bundle_import(Session& session, const std::string& file);
Result<Exit> run_bundle_inspect(Terminal& terminal, const std::string& file);
Result<Exit> run_bundle_verify(const Config& config, Terminal& terminal, const std::string& file,
                               const std::vector<std::string>& keys);

// conflict.cpp
struct Resolution {
  std::string id;
  std::string choose;
  std::string value;  // JSON
  bool always = false;
};
struct RuleWish {
  std::string kind, field, side;
};
Result<Exit> run_conflict_list(Session& session, bool all, std::int64_t limit);
Result<Exit> run_conflict_show(Session& session, const std::string& id);
Result<Exit> run_conflict_resolve(Session& session, const Resolution& resolution);
Result<Exit> run_conflict_undo(Session& session, const Resolution& taken_back);
Result<Exit> run_rule_list(Session& session);
Result<Exit> run_rule_add(Session& session, const RuleWish& rule);
Result<Exit> run_rule_remove(Session& session, const RuleWish& rule);
Result<Exit> run_lost_list(Session& session);
Result<Exit> run_lost_acknowledge(Session& session);

// audit.cpp
struct AuditFilter {
  std::string kind, record, actor, source, op, site, since, until, text;
  std::int64_t limit = 50;  // of audit list
};
struct AuditOutput {
  std::string format = "ndjson";  // or csv
  std::string file;               // empty: stdout
};
Result<Exit> run_audit_list(Session& session, const AuditFilter& filter);
Result<Exit> run_audit_export(Session& session, const AuditFilter& filter,
                              const AuditOutput& output);
// Without a file: the database of the running daemon. With one: an export, without a daemon;
// Exit::attention when it fits and nobody but the file vouches for its key.
Result<Exit> run_audit_verify(const Config& config, Terminal& terminal, const std::string& file,
                              const std::vector<std::string>& keys);

struct FeedOptions {
  std::int64_t after = 0;
  std::int64_t limit = 100;
  bool follow = false;
  std::vector<std::string> kinds;
  std::string customer;
};
Result<Exit> run_changes(Session& session, const FeedOptions& options);

}  // namespace skerry::daemon
