// audit list, export, verify; changes.
#include <algorithm>
#include <cerrno>
#include <limits>
#include <unistd.h>

#include "core/json_text.hpp"
#include "core/text.hpp"
#include "crypto/file.hpp"
#include "crypto/fingerprint.hpp"
#include "crypto/sha256.hpp"
#include "daemon/backup_access.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/folder.hpp"
#include "store/audit_verify.hpp"

namespace skerry::daemon {
namespace {

std::string in_brackets(std::string_view what, const std::string& text) {
  return text.empty() ? std::string() : fmt::format(" ({}{})", what, text);
}

// "api", or "sync, site Dock 3" of what came from a site.
std::string where_from(const json::object& change) {
  const std::string site = string_of(change, "site");
  const bool named = !site.empty() && site != "central";
  return string_of(change, "source") + (named ? ", site " + site : std::string());
}

// What central did not do as it was asked, or has not done yet, and why.
std::string fate(const json::object& change) {
  const std::string disposition = string_of(change, "disposition");
  if (disposition == "applied") return {};
  const bool is_event = string_of(change, "op") == "event";  // whose detail says what it is
  const std::string detail = is_event ? std::string() : string_of(change, "detail");
  return in_brackets("", disposition + (detail.empty() ? "" : ": " + detail));
}

void show_change(Terminal& terminal, const json::object& change) {
  terminal.document(change);
  if (terminal.json_output()) return;
  std::string fields;
  for (const auto& [name, value] : object_of(change, "fields")) {
    const json::object* sides = value.if_object();
    const json::value* now = sides != nullptr ? sides->if_contains("new") : &value;
    fields +=
        fmt::format(" {}={}", std::string_view(name), now == nullptr ? "null" : to_json_text(*now));
  }
  const std::string op = string_of(change, "op");
  terminal.line("{:>6} {} {} {} {}{} by {} ({}){}{}{}{}", integer_of(change, "n"),
                string_of(change, "recorded_at"), op,
                string_of(change, op == "event" ? "detail" : "kind"), string_of(change, "record"),
                in_brackets("", string_of(change, "label")), string_of(change, "actor"),
                where_from(change), fields, fate(change),
                in_brackets("decides conflict ", string_of(change, "resolves")),
                in_brackets("why: ", string_of(change, "reason")));
}

Query query_of(const AuditFilter& filter) {
  Query query;
  query.add_if("kind", filter.kind).add_if("record", filter.record).add_if("actor", filter.actor);
  query.add_if("source", filter.source).add_if("op", filter.op).add_if("site", filter.site);
  query.add_if("since", filter.since).add_if("until", filter.until).add_if("q", filter.text);
  return query;
}

// Gives whole lines to the verifier.
class LineSink final : public ByteSink {
 public:
  explicit LineSink(store::ExportVerifier& verifier) : verifier_(verifier) {}

  Result<void> write(ByteView bytes) override {
    rest_ += as_text(bytes);
    std::size_t from = 0;
    for (std::size_t end = 0; (end = rest_.find('\n', from)) != std::string::npos; from = end + 1)
      SKERRY_TRY_VOID(verifier_.take(std::string_view(rest_).substr(from, end - from)));
    rest_.erase(0, from);
    if (rest_.size() > store::export_line_bytes_max)
      return fail(Errc::bad_input, "a line is too long for an export of the log");
    return {};
  }
  Result<void> finish() override {
    if (rest_.empty()) return {};
    SKERRY_TRY_VOID(verifier_.take(rest_));
    return fail(Errc::bad_signature, "the last line has no line break: the export is cut off",
                "copy it again, or export the log again");
  }

 private:
  store::ExportVerifier& verifier_;
  std::string rest_;
};

Result<store::ExportReport> verify_file(const std::string& file) {
  SKERRY_TRY(const auto opened, open_input(file));
  store::ExportVerifier verifier;
  LineSink lines(verifier);
  const auto read = [&]() -> Result<store::ExportReport> {
    SKERRY_TRY_VOID(sync::pump(opened.file.fd(), 0, opened.size, lines));
    SKERRY_TRY_VOID(lines.finish());
    return verifier.finish();
  };
  auto report = read();
  if (!report) report.error().detail = fmt::format("{}: {}", file, report.error().detail);
  return report;
}

// Whether somebody but the file itself vouches for the key. Errc::unknown_signer when keys were
// named and it is none of them.
Result<bool> is_vouched_for(const Config& config, const crypto::VerifyKey& signer,
                            const std::vector<std::string>& given) {
  SKERRY_TRY(const auto known, load_public_keys(given));
  if (std::find(known.begin(), known.end(), signer) != known.end()) return true;
  if (!given.empty())
    return fail(Errc::unknown_signer,
                fmt::format("the export is signed by {}, none of the keys given", signer.key_id()),
                "ask who wrote it; do not rely on it");
  const auto own = load_public_keys({DataFolder{config.data()}.public_key().string()});
  return own && own->front() == signer;
}

json::object to_json(const store::ExportReport& report, bool vouched_for) {
  json::array gaps;
  for (const auto& gap : report.gaps)
    gaps.push_back({{"log", gap.log}, {"first", gap.first}, {"last", gap.last}});
  return {{"verified", true},
          {"rows", report.rows},
          {"logs", report.logs},
          {"whole", report.whole},
          {"pruned", report.pruned},
          {"filter", report.filter},
          {"gaps", std::move(gaps)},
          {"gaps_count", report.gaps_count},
          {"role", report.role},
          {"name", report.name},
          {"exported_at", report.exported_at},
          {"key_id", report.key->key_id()},
          {"fingerprint", crypto::fingerprint_words(crypto::sha256(report.key->raw()))},
          {"key_known", vouched_for}};
}

void show_report(Terminal& terminal, const store::ExportReport& report) {
  terminal.line("{} \"{}\", exported at {}", report.role, report.name, report.exported_at);
  terminal.line("every hash fits: {} in {}", counted(report.rows, "row"),
                counted(report.logs, "log"));
  if (report.whole && report.pruned > 0)
    terminal.line("whole from row {} on: the machine had pruned what was before",
                  report.pruned + 1);
  else if (report.whole)
    terminal.line("whole: no row is missing up to the end");
  else
    terminal.line("filtered by {}: {} between these rows, each proven alone",
                  json::serialize(report.filter), counted(report.gaps_count, "gap"));
  for (const auto& gap : report.gaps)
    terminal.line("  log {}: positions {} to {} are not in this file", gap.log, gap.first,
                  gap.last);
  terminal.line("signed by {}: {}", report.key->key_id(),
                crypto::fingerprint_words(crypto::sha256(report.key->raw())));
}

void show_pruned(Terminal& terminal, std::int64_t rows) {
  if (rows > 0)
    terminal.line("rows 1 to {} are not here any more: central has them, in a verified backup",
                  rows);
}

Result<Exit> verify_database(Session& session) {
  SKERRY_TRY(const auto answer, session.daemon.post_empty("/v1/audit:verify"));
  session.terminal.document(answer);
  session.terminal.line("every hash fits: {} in {}", counted(integer_of(answer, "rows"), "row"),
                        counted(integer_of(answer, "logs"), "log"));
  show_pruned(session.terminal, integer_of(answer, "pruned"));
  return Exit::ok;
}

// A new file; nothing of it stays when the export fails.
Result<std::uint64_t> export_to_file(DaemonClient& daemon, const std::string& target,
                                     const std::string& path) {
  SKERRY_TRY(const sync::FileHandle file, make_new_file(path, 0600));
  sync::FileSink sink(file.fd(), std::numeric_limits<std::uint64_t>::max());
  auto fetched = daemon.fetch_into(target, sink);
  if (fetched && ::fsync(file.fd()) != 0)
    fetched = fail(sync::system_error(errno, fmt::format("writing {}", path)));
  if (fetched) return sink.bytes();
  ::unlink(path.c_str());
  return fail(std::move(fetched).error());
}

}  // namespace

Result<Exit> run_audit_list(Session& session, const AuditFilter& filter) {
  const std::string target = "/v1/audit" + query_of(filter).text();
  SKERRY_TRY(const auto items, session.daemon.list(target, filter.limit));
  for (const json::value& item : items)
    if (const json::object* change = item.if_object()) show_change(session.terminal, *change);
  if (static_cast<std::int64_t>(items.size()) < filter.limit) {
    SKERRY_TRY(const auto page, session.daemon.get_object("/v1/audit?limit=1"));
    show_pruned(session.terminal, integer_of(page, "pruned"));
  }
  return Exit::ok;
}

Result<Exit> run_audit_export(Session& session, const AuditFilter& filter,
                              const AuditOutput& output) {
  const std::string target =
      "/v1/audit:export" + query_of(filter).add("format", output.format).text();
  if (output.file.empty()) {
    sync::FileSink sink(STDOUT_FILENO, std::numeric_limits<std::uint64_t>::max());
    SKERRY_TRY_VOID(session.daemon.fetch_into(target, sink));
    return Exit::ok;
  }
  SKERRY_TRY(const std::uint64_t bytes, export_to_file(session.daemon, target, output.file));
  session.terminal.document({{"file", output.file}, {"bytes", bytes}, {"format", output.format}});
  session.terminal.line("wrote {} ({})", output.file, sized(bytes));
  if (output.format == "ndjson")
    session.terminal.next(fmt::format("skerry audit verify {}", shell_word(output.file)));
  return Exit::ok;
}

Result<Exit> run_audit_verify(const Config& config, Terminal& terminal, const std::string& file,
                              const std::vector<std::string>& keys) {
  if (file.empty()) {
    if (!keys.empty())
      return fail(Errc::usage, "--key belongs to an export", "skerry audit verify FILE --key KEY");
    DaemonClient daemon(config, terminal);
    Session session{config, terminal, daemon};
    return verify_database(session);
  }
  SKERRY_TRY(const auto report, verify_file(file));
  SKERRY_TRY(const bool vouched_for, is_vouched_for(config, *report.key, keys));
  terminal.document(to_json(report, vouched_for));
  show_report(terminal, report);
  if (vouched_for) return Exit::ok;
  terminal.line("the key came with the file: nobody else has said yet whose it is");
  terminal.next(fmt::format("skerry audit verify {} --key FILE.pem", shell_word(file)));
  return Exit::attention;
}

Result<Exit> run_changes(Session& session, const FeedOptions& options) {
  Query query;
  query.add("after", std::to_string(options.after));
  for (const std::string& kind : options.kinds) query.add("kind", kind);
  query.add_if("customer", options.customer);
  if (!options.follow) {
    query.add("limit", std::to_string(options.limit));
    SKERRY_TRY(const auto answer, session.daemon.get_object("/v1/changes" + query.text()));
    for (const json::object* change : objects_of(answer, "items"))
      show_change(session.terminal, *change);
    return Exit::ok;
  }
  const auto on_data = [&](std::string_view data, std::uint64_t) -> Result<void> {
    SKERRY_TRY(const auto change, parse_json_object(data, {.fractions = true}));
    show_change(session.terminal, change);
    return {};
  };
  SKERRY_TRY_VOID(session.daemon.events("/v1/changes" + query.text(), on_data));
  return Exit::ok;
}

}  // namespace skerry::daemon
