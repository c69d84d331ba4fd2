// Signing in and out, and choosing a password. The answer to a sign-in sets the session's cookie.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

// POST /v1/session
Task<Result<Response>> sign_in(Context& context, Request& request);
// GET /v1/session: who the caller is, and what he may do.
Result<Response> get_session(Context& context, Request& request);
// DELETE /v1/session
Task<Result<Response>> sign_out(Context& context, Request& request);
// GET /v1/sessions: the caller's own, an administrator's list everybody's.
Result<Response> list_sessions(Context& context, Request& request);
// DELETE /v1/sessions/{id}: of those that he sees.
Task<Result<Response>> end_session(Context& context, Request& request);
// POST /v1/session:claim: by a one-time code, which is used up, the first password or a new one.
Task<Result<Response>> claim_account(Context& context, Request& request);
// The same of a code and a password that are read already: what calls it keeps them until it ends.
Task<Result<Response>> claim_by_code(Context& context, Request& request, std::string_view code,
                                     std::string_view password);
// POST /v1/session:password: of the caller himself; his other sessions end.
Task<Result<Response>> change_password(Context& context, Request& request);

}  // namespace skerry::api
