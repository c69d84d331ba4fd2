// Imports that run on their own: sent, watched, cancelled, asked about later (ADR 0020).
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

// A session: {"id","kind","state","mode","actor","created_at","finished_at","rows_done",
// "rows_total","bytes_done","bytes_total","rows_per_second", what POST /v1/imports answers,
// "error":{"code","detail","next"}|null,"rejects":address|null}. The state is waiting, checking,
// writing, done, failed or cancelled. rows_total is null until the file has been read once.

// POST /v1/import-sessions?kind=plural&…, the body a CSV file, the query as in import_request.hpp.
// 202 with the session and its Location.
Task<Result<Response>> start_import(Context& context, Request& request);
// GET /v1/import-sessions: the newest first.
Result<Response> list_imports(Context& context, Request& request);
// GET /v1/import-sessions/{id}. One that a restart cut off has failed.
Result<Response> get_import(Context& context, Request& request);
// GET /v1/import-sessions/{id}/rejects: the rejected rows as CSV with a column of reasons, while
// the daemon that ran the session lives.
Result<Response> get_rejects(Context& context, Request& request);
// POST /v1/import-sessions/{id}:cancel: 202 with the session. Cancelling what has ended changes
// nothing.
Task<Result<Response>> cancel_import(Context& context, Request& request);

}  // namespace skerry::api
