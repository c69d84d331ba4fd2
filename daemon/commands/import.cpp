// import KIND FILE; mapping list, show, delete.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>

#include "core/text.hpp"
#include "daemon/commands/commands.hpp"

namespace skerry::daemon {
namespace {

volatile std::sig_atomic_t interrupted = 0;

// While it lives the first Ctrl-C is a wish to cancel, the second one ends the program.
class InterruptWish {
 public:
  InterruptWish() {
    interrupted = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = 1; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(SIGINT, &action, &before_);
  }
  ~InterruptWish() { ::sigaction(SIGINT, &before_, nullptr); }
  InterruptWish(const InterruptWish&) = delete;
  InterruptWish& operator=(const InterruptWish&) = delete;

 private:
  struct sigaction before_ {};
};

Result<void> check_pairs(std::string_view option, const std::vector<std::string>& pairs,
                         std::string_view form, std::string_view example) {
  for (const std::string& one : pairs) {
    const std::size_t equals = one.find('=');
    if (equals != std::string::npos && equals > 0 && equals + 1 < one.size()) continue;
    return fail(Errc::usage, fmt::format("{}: '{}' is not {}", option, one, form),
                fmt::format("for example {} {}", option, example));
  }
  return {};
}

Query query_of(const ImportOptions& options) {
  Query query;
  query.add("kind", options.kind);
  for (const std::string& one : options.map) query.add("map", one);
  for (const std::string& one : options.set) query.add("set", one);
  for (const std::string& one : options.ignore) query.add("ignore", one);
  if (options.ignore_unknown) query.add("ignore_unknown", "true");
  query.add_if("mapping", options.mapping).add_if("save_mapping", options.save_mapping);
  query.add_if("mode", options.mode);
  if (options.create_parents) query.add("create_parents", "true");
  if (options.dry_run) query.add("dry_run", "true");
  return query;
}

bool is_over(std::string_view state) {
  return state == "done" || state == "failed" || state == "cancelled";
}

std::uint64_t count_of(const json::object& object, std::string_view name) {
  return static_cast<std::uint64_t>(integer_of(object, name));
}

// Asks until the session is over, shows how far it is, and cancels it on Ctrl-C.
Result<json::object> watch(Session& session, const std::string& id, const std::string& file) {
  const std::string target = "/v1/import-sessions/" + id;
  const InterruptWish wish;
  std::optional<Progress> progress;
  std::string phase;
  bool cancelled = false;
  for (auto pause = std::chrono::milliseconds(10);;
       pause = std::min(pause * 2, std::chrono::milliseconds(250))) {
    SKERRY_TRY(json::object state, session.daemon.get_object(target));
    const std::string now = string_of(state, "state");
    if (is_over(now)) return state;
    if (now != phase) progress.emplace(session.terminal, fmt::format("{} {}", now, file));
    phase = now;
    progress->at(count_of(state, "bytes_done"), count_of(state, "bytes_total"));
    if (interrupted != 0 && !cancelled) {
      session.terminal.talk("cancelling the import");
      SKERRY_TRY_VOID(session.daemon.post_empty(target + ":cancel"));
      cancelled = true;
    }
    std::this_thread::sleep_for(pause);
  }
}

// "row 7, column Name", as the API words it.
std::string place_of(const json::object& error) {
  const std::int64_t row = integer_of(error, "row");
  const std::string column = string_of(error, "column");
  if (row == 0) return "file";
  if (column.empty()) return fmt::format("row {}", row);
  return fmt::format("row {}, {}{}", row, column.starts_with("column ") ? "" : "column ", column);
}

// Why a session failed, with every place of the file.
Error failure_of(const json::object& state, const std::string& file) {
  const json::object& why = object_of(state, "error");
  const ErrcInfo* entry = find_errc(string_of(why, "code"));
  Error error(entry ? entry->code : Errc::internal, string_of(why, "detail"),
              string_of(why, "next"));
  for (const json::object* one : objects_of(state, "errors"))
    error.errors.push_back({place_of(*one), string_of(*one, "code"), string_of(*one, "detail")});
  if (!error.errors.empty()) error.detail = fmt::format("{}: {}", file, error.detail);
  return error;
}

// The daemon went away meanwhile: whether the file was taken is not known here.
Error lost_sight(Session& session, const Error& why, const std::string& file) {
  if (why.code != Errc::unreachable && why.code != Errc::stopping) return why;
  return Error(Errc::unreachable,
               fmt::format("the daemon stopped while it imported {}: {}", file, why.detail),
               fmt::format("start it (skerry serve --data {}) and run the same command again: rows "
                           "that were written are found again, and not written twice",
                           shell_word(session.config.data().string())));
}

void show_counts(Session& session, const json::object& report, const ImportOptions& options) {
  const auto errors = objects_of(report, "errors");
  for (const json::object* one : errors)
    session.terminal.line("{}: {}", place_of(*one), string_of(*one, "detail"));
  if (const auto unlisted = integer_of(report, "errors_left_out"); unlisted > 0)
    session.terminal.line("{} more: --rejects FILE gives each row with all of its own",
                          counted(unlisted, "error"));
  std::string more;
  if (const auto rejected = integer_of(report, "rejected"); rejected > 0)
    more += fmt::format(", {} rejected", rejected);
  if (const auto parents = integer_of(report, "parents_created"); parents > 0)
    more += fmt::format(", {} made for them", counted(parents, "record"));
  session.terminal.line("{}: {} new, {} changed, {} the same{}{}",
                        counted(integer_of(report, "rows"), "row"), integer_of(report, "created"),
                        integer_of(report, "updated"), integer_of(report, "unchanged"), more,
                        options.dry_run ? "; nothing was written" : "");
  if (const std::string ignored = listed(report, "ignored_columns"); !ignored.empty())
    session.terminal.line("columns not taken: {}", ignored);
}

Result<Exit> report_on(Session& session, const json::object& state, const ImportOptions& options) {
  session.terminal.document(state);
  show_counts(session, state, options);
  const bool rejected = integer_of(state, "rejected") > 0;
  if (string_of(state, "state") == "cancelled") {
    session.terminal.next("the same command again; nothing is half-written");
    return Exit::partly;
  }
  if (rejected && (options.dry_run || options.mode != "good-rows-only")) {
    session.terminal.next(options.mode == "good-rows-only"
                              ? "correct these rows, or leave them out with --rejects FILE"
                              : "correct these rows; an import writes all rows or none");
    return Exit::bad_input;
  }
  if (!objects_of(state, "errors").empty() && !rejected) {
    session.terminal.next("correct the file and import it again");
    return Exit::bad_input;
  }
  if (rejected) {
    session.terminal.next(options.rejects.empty()
                              ? "again with --rejects FILE gives the rows that were left out"
                              : fmt::format("correct {} and import it", options.rejects));
    return Exit::partly;
  }
  if (options.dry_run) session.terminal.next("the same command without --dry-run");
  return Exit::ok;
}

std::string listed(const json::object& mapping, std::string_view name, std::string_view value) {
  std::string text;
  for (const json::object* one : objects_of(mapping, name))
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", string_of(*one, "field"),
                        string_of(*one, value));
  return text;
}

}  // namespace

Result<Exit> run_import(Session& session, const ImportOptions& options) {
  SKERRY_TRY_VOID(check_kind(options.kind));
  SKERRY_TRY_VOID(check_pairs("--map", options.map, "field=Header", "name=Company"));
  SKERRY_TRY_VOID(check_pairs("--set", options.set, "field=value", "status=active"));
  SKERRY_TRY(const auto file, open_input(options.file));
  if (file.size == 0)
    return fail(Error(Errc::bad_input,
                      fmt::format("{}: the file has 1 error; nothing was written", options.file),
                      "correct the file and import it again",
                      {{"file", "empty_file", "the file holds no header and no rows"}}));
  std::optional<ReservedFile> rejects;
  if (!options.rejects.empty()) {
    SKERRY_TRY(ReservedFile made, ReservedFile::make(options.rejects));
    rejects.emplace(std::move(made));
  }
  SKERRY_TRY(const auto begun,
             session.daemon.upload("/v1/import-sessions" + query_of(options).text(), file,
                                   "text/csv", "sending " + options.file));
  const std::string id = string_of(begun, "id");
  const auto state_found = watch(session, id, options.file);
  if (!state_found) return fail(lost_sight(session, state_found.error(), options.file));
  const json::object& state = *state_found;
  if (rejects && integer_of(state, "rejected") > 0) {
    SKERRY_TRY(const auto rows,
               session.daemon.fetch(fmt::format("/v1/import-sessions/{}/rejects", id)));
    SKERRY_TRY_VOID(rejects->save(rows));
    session.terminal.talk("{} rejected: {}", counted(integer_of(state, "rejected"), "row"),
                          options.rejects);
  }
  if (string_of(state, "state") == "failed") return fail(failure_of(state, options.file));
  return report_on(session, state, options);
}

Result<Exit> run_mapping_list(Session& session) {
  SKERRY_TRY(const auto answer, session.daemon.get_object("/v1/mappings"));
  const auto items = objects_of(answer, "items");
  for (const json::object* one : items) {
    session.terminal.document(*one);
    session.terminal.line("{}  {}  {}", string_of(*one, "name"), string_of(*one, "kind"),
                          listed(*one, "map", "header"));
  }
  if (items.empty()) session.terminal.line("no mapping was saved");
  return Exit::ok;
}

Result<Exit> run_mapping_show(Session& session, const std::string& name) {
  SKERRY_TRY(const auto one, session.daemon.get_object("/v1/mappings/" + percent_encoded(name)));
  session.terminal.document(one);
  session.terminal.line("{}, for {}", string_of(one, "name"), string_of(one, "kind"));
  session.terminal.line("columns: {}", listed(one, "map", "header"));
  if (const std::string fixed = listed(one, "set", "value"); !fixed.empty())
    session.terminal.line("in every row: {}", fixed);
  if (const json::value* ignored = one.if_contains("ignore");
      ignored && ignored->is_array() && !ignored->get_array().empty())
    session.terminal.line("set aside: {}", json::serialize(*ignored));
  session.terminal.line("saved {} by {}", string_of(one, "saved_at"), string_of(one, "saved_by"));
  return Exit::ok;
}

Result<Exit> run_mapping_delete(Session& session, const std::string& name) {
  SKERRY_TRY_VOID(session.daemon.remove("/v1/mappings/" + percent_encoded(name)));
  const bool dry_run = session.daemon.is_dry_run();
  session.terminal.document({{"deleted", dry_run ? json::value() : json::value(name)}});
  session.terminal.line("{} {} forgotten", name, dry_run ? "would be" : "is");
  return Exit::ok;
}

}  // namespace skerry::daemon
