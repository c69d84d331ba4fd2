// A customer with what belongs to it, as one page of the console shows it.
#pragma once

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

// {"customer":{…},"counts":{"locations":n,…},"locations":{"items":[…],"more":false,"all":"/v1/…"},
// "assets_on_location":…,"assets_owned":…,"contacts":…,"notes":…,"audit":…}: of each list the first
// `limit` (default 10), and where the whole of it is. One state of the database. A count that would
// have to look at more than store::list_count_max rows is null.
Result<Response> get_customer_summary(Context& context, Request& request);

}  // namespace skerry::api
