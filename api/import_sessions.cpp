#include "api/import_sessions.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "api/context.hpp"
#include "api/problem.hpp"
#include "core/json_text.hpp"
#include "core/log.hpp"
#include "core/timestamp.hpp"
#include "store/import_sessions.hpp"

namespace skerry::api {
namespace {

constexpr std::array<std::string_view, 6> state_names{"waiting", "checking", "writing",
                                                      "done",    "failed",   "cancelled"};

std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// "row 7, column Name", as far as it is known; of a column without a name "row 7, column 2".
std::string place_of(const store::TableError& error) {
  if (error.row == 0) return "file";
  if (error.column.empty()) return fmt::format("row {}", error.row);
  const bool numbered = error.column.starts_with("column ");
  return fmt::format("row {}, {}{}", error.row, numbered ? "" : "column ", error.column);
}

json::object error_json(const Error& error) {
  return {{"code", info(error.code).slug}, {"detail", error.detail}, {"next", error.next}};
}

}  // namespace

std::string_view to_text(ImportState state) { return state_names[static_cast<std::size_t>(state)]; }

json::object import_report_json(const store::ImportReport& report) {
  json::array errors;
  for (const store::TableError& error : report.errors) {
    json::object item;
    item["row"] = error.row;
    item["column"] = error.column;
    item["code"] = error.code;
    item["detail"] = error.detail;
    errors.push_back(std::move(item));
  }
  json::object body;
  body["rows"] = report.rows;
  body["created"] = report.created;
  body["updated"] = report.updated;
  body["unchanged"] = report.unchanged;
  body["rejected"] = report.rejected;
  body["parents_created"] = report.parents_created;
  body["dry_run"] = report.dry_run;
  body["errors"] = std::move(errors);
  body["errors_left_out"] = report.errors_left_out;
  body["ignored_columns"] =
      json::array(report.ignored_columns.begin(), report.ignored_columns.end());
  return body;
}

Error import_refusal(const store::ImportReport& report) {
  const auto count = static_cast<std::int64_t>(report.errors.size()) + report.errors_left_out;
  std::string detail = fmt::format("the file has {} {}; nothing was written", count,
                                   count == 1 ? "error" : "errors");
  if (report.errors_left_out > 0)
    detail += fmt::format("; the first {} are listed", report.errors.size());
  std::vector<FieldError> errors;
  for (const store::TableError& error : report.errors)
    errors.push_back({place_of(error), error.code, error.detail});
  return Error(Errc::bad_input, std::move(detail), "correct the file and import it again",
               std::move(errors));
}

void ImportSession::begin() { began_ms_.store(steady_ms(), std::memory_order_relaxed); }

void ImportSession::end(ImportState state, store::ImportReport report, std::optional<Error> error,
                        UnixMillis now) {
  const MutexLock lock(mutex_);
  ended_ms_.store(steady_ms(), std::memory_order_relaxed);
  ended_ = state;
  report_ = std::move(report);
  error_ = std::move(error);
  ended_at_ = now;
}

ImportState ImportSession::state() const {
  {
    const MutexLock lock(mutex_);
    if (ended_) return *ended_;
  }
  switch (watch.phase.load(std::memory_order_relaxed)) {
    case store::ImportPhase::waiting:
      return ImportState::waiting;
    case store::ImportPhase::checking:
      return ImportState::checking;
    case store::ImportPhase::writing:
      break;
  }
  return ImportState::writing;
}

json::object ImportSession::head(ImportState state) const {
  json::object out;
  out["id"] = to_string(id);
  out["kind"] = kind->plural;
  out["state"] = to_text(state);
  out["mode"] = store::to_text(options.mode);
  out["actor"] = author.actor;
  out["created_at"] = format_timestamp(created_at);
  out["finished_at"] = nullptr;
  return out;
}

void ImportSession::add_progress(json::object& out) const {
  const auto read = [](const auto& counter) { return counter.load(std::memory_order_relaxed); };
  const std::int64_t total = read(watch.rows_total);
  const std::int64_t began = read(began_ms_);
  const std::int64_t rows = read(watch.rows);
  const std::int64_t ended = read(ended_ms_);
  const std::int64_t until = ended == 0 ? steady_ms() : ended;
  const std::int64_t elapsed = std::max<std::int64_t>(1, until - began);
  out["rows_done"] = rows;
  out["rows_total"] = total < 0 ? json::value() : json::value(total);
  out["bytes_done"] = read(watch.bytes);
  out["bytes_total"] = file.size;
  out["rows_per_second"] = began == 0 ? 0 : rows * 1000 / elapsed;
}

json::object ImportSession::describe() const {
  const ImportState now = state();
  json::object out = head(now);
  add_progress(out);
  store::ImportReport report;
  std::optional<Error> error;
  bool ended = false;
  {
    const MutexLock lock(mutex_);
    ended = ended_.has_value();
    if (ended) {
      report = report_;
      error = error_;
      out["finished_at"] = format_timestamp(ended_at_);
    }
  }
  if (!ended) {
    report.dry_run = options.dry_run;
    report.rows = watch.rows.load(std::memory_order_relaxed);
    report.created = watch.created.load(std::memory_order_relaxed);
    report.updated = watch.updated.load(std::memory_order_relaxed);
    report.unchanged = watch.unchanged.load(std::memory_order_relaxed);
    report.rejected = watch.rejected.load(std::memory_order_relaxed);
  }
  for (auto& [name, value] : import_report_json(report)) out[name] = std::move(value);
  out["error"] = error ? json::value(error_json(*error)) : json::value();
  const bool rejects_there = ended && report.rejected > 0;
  out["rejects"] = rejects_there
                       ? json::value(fmt::format("/v1/import-sessions/{}/rejects", to_string(id)))
                       : json::value();
  return out;
}

json::object ImportSession::describe(ImportState state, const store::ImportReport& report) const {
  json::object out = head(state);
  add_progress(out);
  out["rows_done"] = report.rows;  // more have been read, and are not written
  for (auto& [name, value] : import_report_json(report)) out[name] = std::move(value);
  out["error"] = nullptr;
  out["rejects"] = nullptr;
  return out;
}

Result<void> ImportSessions::add(std::shared_ptr<ImportSession> session) {
  const MutexLock lock(mutex_);
  if (stopping()) return fail(Errc::stopping, "the daemon is stopping");
  std::size_t unfinished = 0;
  for (const auto& each : sessions_) unfinished += !each->has_ended();
  if (unfinished >= unfinished_max) {
    Error error(Errc::busy, fmt::format("{} imports are waiting for their turn", unfinished),
                "wait for one of them, or cancel it");
    error.quota = Quota{"waiting-imports", unfinished_max};
    return fail(std::move(error));
  }
  sessions_.push_back(std::move(session));
  std::size_t ended = sessions_.size() - unfinished - 1;
  for (auto each = sessions_.begin(); ended > ended_max;) {
    if (!(*each)->has_ended()) {
      ++each;
      continue;
    }
    each = sessions_.erase(each);
    --ended;
  }
  return {};
}

void ImportSessions::remove(const RecordId& id) {
  const MutexLock lock(mutex_);
  std::erase_if(sessions_, [&](const auto& session) { return session->id == id; });
}

std::shared_ptr<ImportSession> ImportSessions::find(const RecordId& id) const {
  const MutexLock lock(mutex_);
  for (const auto& session : sessions_)
    if (session->id == id) return session;
  return nullptr;
}

void ImportSessions::stop() {
  const MutexLock lock(mutex_);
  stopping_.store(true, std::memory_order_relaxed);
  for (const auto& session : sessions_)
    session->watch.cancel.store(true, std::memory_order_relaxed);
  for (store::ImportWatch* watch : watches_) watch->cancel.store(true, std::memory_order_relaxed);
}

ImportSessions::Guard::Guard(ImportSessions& sessions, store::ImportWatch& watch)
    : sessions_(sessions), watch_(&watch) {
  const MutexLock lock(sessions_.mutex_);
  sessions_.watches_.push_back(watch_);
  if (sessions_.stopping()) watch.cancel.store(true, std::memory_order_relaxed);
}

ImportSessions::Guard::~Guard() {
  const MutexLock lock(sessions_.mutex_);
  std::erase(sessions_.watches_, watch_);
}

namespace {

// What the session says of itself, kept with the rows it brings.
void keep_state(store::Connection& connection, const ImportSession& session,
                const store::ImportReport& report, UnixMillis now) {
  const bool whole = session.options.mode == store::ImportMode::all_or_nothing;
  const ImportState state = whole ? ImportState::done : ImportState::writing;
  json::object described = session.describe(state, report);
  if (whole) described["finished_at"] = format_timestamp(now);
  store::update_import(connection, session.id, to_text(state), to_json_text(described));
}

json::object cut_off(const store::KeptImport& kept, UnixMillis now) {
  json::object out = json::parse(kept.summary).as_object();
  const std::int64_t written = out["created"].as_int64() + out["updated"].as_int64();
  out["state"] = to_text(ImportState::failed);
  out["finished_at"] = format_timestamp(now);
  out["error"] = json::object{
      {"code", info(Errc::stopping).slug},
      {"detail", fmt::format("the daemon ended while the import ran; {} of its rows had been "
                             "written",
                             written)},
      {"next", "import the file again: what is there already is not changed"}};
  return out;
}

void end_session(Context& context, ImportSession& session, Result<store::ImportReport> outcome) {
  const UnixMillis now = context.node.clock.wall_ms();
  const bool whole = session.options.mode == store::ImportMode::all_or_nothing;
  if (!outcome) {
    store::ImportReport counts;  // of what was committed before
    counts.dry_run = session.options.dry_run;
    if (!whole && !counts.dry_run) {
      counts.created = session.watch.created.load();
      counts.updated = session.watch.updated.load();
      counts.unchanged = session.watch.unchanged.load();
      counts.rejected = session.watch.rejected.load();
      counts.rows = counts.created + counts.updated + counts.unchanged + counts.rejected;
    }
    return session.end(ImportState::failed, std::move(counts), std::move(outcome).error(), now);
  }
  store::ImportReport report = std::move(*outcome);
  if (report.cancelled && context.imports->stopping()) {
    Error error(Errc::stopping, "the daemon was stopped while the import ran",
                "import the file again: what is there already is not changed");
    return session.end(ImportState::failed, std::move(report), std::move(error), now);
  }
  if (report.cancelled)
    return session.end(ImportState::cancelled, std::move(report), std::nullopt, now);
  // With good-rows-only only what spoils the whole file keeps everything out.
  const bool refused = report.has_errors() && !report.dry_run && (whole || report.rejected == 0);
  if (refused) {
    Error error = import_refusal(report);
    return session.end(ImportState::failed, std::move(report), std::move(error), now);
  }
  session.end(ImportState::done, std::move(report), std::nullopt, now);
}

Result<store::ImportReport> import_file(Context& context, ImportSession& session) {
  const sync::Node& node = context.node;
  const store::ImportPlace place{node.database, node.log, context.role, node.random};
  try {
    return store::import_records(place, *session.kind, session.file.file.get(), session.options,
                                 session.author);
  } catch (const store::StorageError& error) {
    return fail(error.as_error());
  } catch (const std::exception& error) {
    log(Level::error, "request {}: import {}: {}", session.author.request, to_string(session.id),
        error.what());
    return fail(Errc::internal, "the import ended by a defect; see the log");
  }
}

}  // namespace

Result<void> end_cut_imports(Context& context) {
  const UnixMillis now = context.node.clock.wall_ms();
  auto end = [&](store::Connection& connection) -> Result<void> {
    for (const store::KeptImport& kept : store::list_imports(connection))
      if (kept.state == to_text(ImportState::waiting) ||
          kept.state == to_text(ImportState::checking) ||
          kept.state == to_text(ImportState::writing))
        store::update_import(connection, kept.id, to_text(ImportState::failed),
                             to_json_text(cut_off(kept, now)));
    return {};
  };
  return context.node.database.write(end);
}

void run_import_session(Context& context, ImportSession& session) {
  session.begin();
  session.options.watch = &session.watch;
  session.options.rejects = session.rejects.get();
  session.options.in_transaction = [&](store::Connection& connection,
                                       const store::ImportReport& report) {
    keep_state(connection, session, report, context.node.clock.wall_ms());
  };
  end_session(context, session, import_file(context, session));
  session.file.file = Descriptor();  // gives the disk back
  auto keep = [&](store::Connection& connection) -> Result<void> {
    store::update_import(connection, session.id, to_text(session.state()),
                         to_json_text(session.describe()));
    return {};
  };
  if (const auto kept = context.node.database.write(keep); !kept)
    log(Level::warning, "request {}: import {}: its outcome was not kept: {}",
        session.author.request, to_string(session.id), kept.error().detail);
}

}  // namespace skerry::api
