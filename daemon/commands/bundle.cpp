// bundle export, import through the daemon; inspect, verify without one.
#include <limits>

#include "core/json_text.hpp"
#include "core/text.hpp"
#include "daemon/backup_access.hpp"
#include "daemon/carrying.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/folder.hpp"
#include "sync/bundle_reader.hpp"

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
  error.detail = fmt::format("{}: {}", file, error.detail);
  if (error.next.empty()) error.next = sync::bundle_remedy(error.code);
  return error;
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
  const auto turns = take_turns(session.terminal, {session.config.socket().parent_path()});
  SKERRY_TRY(const auto answer, session.daemon.post("/v1/bundles:export", body));
  SKERRY_TRY(const auto bundles, due_bundles(answer));
  if (bundles.size() > 1 && !std::filesystem::is_directory(options.out))
    return fail(Errc::usage,
                fmt::format("{} bundles are due, {} is one file", bundles.size(), options.out),
                "name a folder: --out DIR");
  for (const DueBundle& bundle : bundles) {
    SKERRY_TRY(const auto path, carry_out(session.daemon, bundle, options.out));
    session.terminal.document(
        {{"file", path.string()}, {"to", party_text(bundle.to)}, {"bytes", bundle.size}});
    session.terminal.line("wrote {} for {} ({})", path.string(), party_text(bundle.to),
                          sized(bundle.size));
  }
  if (bundles.empty()) session.terminal.line("nothing to send");
  return Exit::ok;
}

Result<Exit> run_bundle_import(Session& session, const std::string& file) {
  SKERRY_TRY(const auto opened, open_input(file));
  const std::string name = std::filesystem::path(file).filename().string();
  auto answer = session.daemon.upload("/v1/bundles" + Query().add("name", name).text(), opened,
                                      "application/vnd.skerry.bundle", "importing " + name);
  if (!answer) return fail(about(file, std::move(answer).error()));
  session.terminal.document(*answer);
  const std::string detail = text_of(*answer, "detail");
  session.terminal.line("{}{}: {} from {}{}{}", session.daemon.is_dry_run() ? "would be " : "",
                        text_of(*answer, "outcome"), text_of(*answer, "kind"),
                        text_of(*answer, "from"), detail.empty() ? "" : ": ", detail);
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
  const auto own = DataFolder{config.data()}.public_key().string();
  SKERRY_TRY(const auto known, load_public_keys(keys.empty() ? std::vector{own} : keys));
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
