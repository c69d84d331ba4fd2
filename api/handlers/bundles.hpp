// Bundles: import, export, the inbox, and the online exchange.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

// Writes down what the seats were used for, and exchanges with central: on the context's line.
Result<sync::OnlineReport> go_online(const Context& context);

Task<Result<Response>> import_bundle(Context& context, Request& request);
Task<Result<Response>> export_bundles(Context& context, Request& request);
Result<Response> get_outbox_file(Context& context, Request& request);
Result<Response> drop_outbox_file(Context& context, Request& request);
Result<Response> list_inbox(Context& context, Request& request);
Task<Result<Response>> exchange_bundle(Context& context, Request& request);
Task<Result<Response>> exchange_online(Context& context, Request& request);

}  // namespace skerry::api
