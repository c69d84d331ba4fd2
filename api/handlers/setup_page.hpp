// The page behind a one-time link: a form without script, by which its holder chooses a password.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

// GET /setup?code=: uses nothing up, and says nothing of the code.
Result<Response> get_setup_page(Context& context, Request& request);
// POST /setup: as POST /v1/session:claim, of what the form sends. The code in it is what no other
// site can add.
Task<Result<Response>> post_setup_page(Context& context, Request& request);
// A refusal of either, for whom Accept says that it is a browser: what is wrong and what to do, and
// the form again while its code is good for anything. Status and headers stay.
void show_setup_refusal(Context& context, const Request& request, Response& response);

}  // namespace skerry::api
