// bundle export, import through the daemon; inspect, verify without one.
#include <limits>

#include "core/json_text.hpp"
#include "core/text.hpp"
#include "crypto/file.hpp"
#include "daemon/backup_access.hpp"
#include "daemon/carrying.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/folder.hpp"
#include "sync/bundle_reader.hpp"
#include "sync/medium.hpp"
#include "sync/trust.hpp"

namespace skerry::daemon {
namespace {

json::object to_json(const sync::BundleInspection& seen) {
  json::array keys;
  for (const crypto::KeyId& key : seen.signature_keys) keys.emplace_back(key);
  json::object object{{"bytes", seen.file_size}, {"signatures", std::move(keys)}};
  if (auto manifest = parse_json(seen.manifest_text)) object["manifest"] = std::move(*manifest);
  return object;
}

std::string party_text(const sync::Party& party) { return sync::to_string(party); }

void show(Terminal& terminal, const sync::BundleInspection& seen) {
  const sync::Manifest& manifest = seen.manifest;
  terminal.line("{} from {} to {}", sync::to_string(manifest.kind), party_text(manifest.from.party),
                party_text(manifest.to));
  if (manifest.payload)
    terminal.line("{}, {} in {} when unpacked", sized(seen.file_size),
                  counted(static_cast<std::int64_t>(manifest.payload->lines), "line"),
                  sized(manifest.payload->plain_size));
  for (const crypto::KeyId& key : seen.signature_keys) terminal.line("signed by {}", key);
}

// Names the file in an error about it.
Error about(const std::string& file, Error error) {
  error = about_file(file, std::move(error));
  if (error.next.empty()) error.next = sync::bundle_remedy(error.code);
  return error;
}

// Where carry_out() would write it, and would not refuse to.
Result<std::filesystem::path> place_of(const DueBundle& bundle, const std::filesystem::path& out) {
  SKERRY_TRY_VOID(check_place(out));
  if (std::filesystem::is_directory(out)) {
    SKERRY_TRY_VOID(check_room(out));
    SKERRY_TRY(const auto medium, sync::Medium::open(out));
    return medium.path_of(bundle.to, party_text(bundle.from), bundle.name);
  }
  SKERRY_TRY_VOID(out.filename() == bundle.name ? crypto::check_file_place(out)
                                                : crypto::check_new_file(out));
  return out;
}

// This machine's own, and at a site those that it trusts as central's. A database that cannot be
// read keeps nobody from looking at a bundle.
Result<std::vector<crypto::VerifyKey>> keys_held(const DataFolder& folder) {
  SKERRY_TRY(auto keys, load_public_keys({folder.public_key().string()}));
  try {
    const auto connection =
        store::Connection::open(folder.database(), store::Connection::Mode::read_only);
    if (auto trust = sync::load_trust(*connection))
      keys.insert(keys.end(), trust->signing_keys.begin(), trust->signing_keys.end());
  } catch (const store::StorageError&) {
    return keys;
  }
  return keys;
}

}  // namespace

Result<Exit> run_bundle_export(Session& session, const ExportOptions& options) {
  constexpr std::int64_t too_many = std::numeric_limits<std::int64_t>::max();  // or more
  if (options.from && (*options.from < 1 || *options.from == too_many))
    return fail(Errc::usage,
                fmt::format("--from {}: the rows of a log are counted from 1 up to its last",
                            *options.from),
                "leave --from out for what the other side has not confirmed");
  json::object body{{"always", true}};
  if (!options.site.empty()) body["site"] = options.site;
  if (options.from) body["from"] = *options.from;
  // Without --out the working folder is the medium, which its name tells and a dot does not.
  std::error_code ignored;  // of a folder that is gone: refused below
  const auto out = options.out.empty() ? std::filesystem::current_path(ignored)
                                       : std::filesystem::path(options.out);
  const auto turns = take_turns(session.terminal, {session.config.socket().parent_path(), out});
  SKERRY_TRY(const auto answer, session.daemon.post("/v1/bundles:export", body));
  SKERRY_TRY(const auto bundles, due_bundles(answer));
  const bool all = note_unpacked(session.terminal, answer) == 0;
  if (bundles.size() > 1 && !std::filesystem::is_directory(out))
    return fail(Errc::usage,
                fmt::format("{} bundles are due, {} is one file", bundles.size(), out.string()),
                "name a folder: --out DIR");
  const bool dry_run = session.daemon.is_dry_run();
  for (const DueBundle& bundle : bundles) {
    SKERRY_TRY(const auto path,
               dry_run ? place_of(bundle, out) : carry_out(session.daemon, bundle, out));
    session.terminal.document(
        {{"file", path.string()}, {"to", party_text(bundle.to)}, {"bytes", bundle.size}});
    session.terminal.line("{} {} for {} ({})", dry_run ? "would write" : "wrote", path.string(),
                          party_text(bundle.to), sized(bundle.size));
  }
  if (bundles.empty() && all) session.terminal.line("nothing to send");
  if (!bundles.empty() && !dry_run)
    session.terminal.next(
        fmt::format("carry it to {}, and there: skerry {} {}",
                    bundles.front().to.role == Role::central ? "central" : "the site",
                    std::filesystem::is_directory(out) ? "exchange" : "bundle import",
                    shell_word(out.string())));
  return all ? Exit::ok : Exit::partly;
}

Result<Exit> run_bundle_import(Session& session, const std::string& file) {
  SKERRY_TRY(const auto opened, open_input(file));
  const std::string name = std::filesystem::path(file).filename().string();
  auto answer = hand_in(session.daemon, opened, name, "importing " + name);
  if (!answer) return fail(about(file, std::move(answer).error()));
  session.terminal.document(*answer);
  const std::string detail = string_of(*answer, "detail");
  session.terminal.line("{}{}: {} from {}{}{}", session.daemon.is_dry_run() ? "would be " : "",
                        string_of(*answer, "outcome"), string_of(*answer, "kind"),
                        string_of(*answer, "from"), detail.empty() ? "" : ": ", detail);
  const std::int64_t conflicts = integer_of(*answer, "conflicts_open");
  if (conflicts == 0) return Exit::ok;
  session.terminal.next(fmt::format("skerry conflict list ({} to decide)", conflicts));
  return Exit::conflicts;
}

Result<Exit> run_bundle_inspect(Terminal& terminal, const std::string& file) {
  SKERRY_TRY(const auto opened, open_input(file));
  auto seen = sync::inspect_bundle(opened.file.fd());
  if (!seen) return fail(about(file, std::move(seen).error()));
  terminal.document(to_json(*seen));
  show(terminal, *seen);
  terminal.line("{}", seen->manifest_text);
  terminal.line("nothing of this is verified: skerry bundle verify {} --key KEY", shell_word(file));
  return Exit::ok;
}

Result<Exit> run_bundle_verify(const Config& config, Terminal& terminal, const std::string& file,
                               const std::vector<std::string>& keys) {
  SKERRY_TRY(const auto opened, open_input(file));
  SKERRY_TRY(const auto known,
             keys.empty() ? keys_held(DataFolder{config.data()}) : load_public_keys(keys));
  auto seen = sync::verify_bundle(opened.file.fd(), known);
  if (!seen && seen.error().code == Errc::unknown_signer && keys.empty())
    seen.error().next = "name the public key of its sender: --key FILE.pem";
  if (!seen) return fail(about(file, std::move(seen).error()));
  json::object report = to_json(*seen);
  report["verified"] = true;
  terminal.document(report);
  show(terminal, *seen);
  terminal.line("the signatures fit, and the payload is what they sign");
  return Exit::ok;
}

}  // namespace skerry::daemon
