// What every list of the API reads from its query and says in its answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/context.hpp"
#include "api/http_types.hpp"

namespace skerry::api {

// `limit`: 1 to list_limit_max. Errc::bad_request names the bounds.
Result<int> read_limit(const Request& request, int fallback);

// Of the text of a search, `q`, at least one; Errc::bad_request for one of blanks and signs alone.
Result<std::vector<std::string>> words_in(std::string_view text);

// A whole number from 0 on. Errc::bad_request names the parameter.
Result<std::optional<std::int64_t>> read_number(const Request& request, std::string_view name);

// An RFC 3339 time. Errc::bad_request names the parameter.
Result<std::optional<UnixMillis>> read_time(const Request& request, std::string_view name);

// The position in `cursor`, if there is one; Errc::bad_cursor.
Result<std::optional<std::string>> read_cursor(const Context& context, const Request& request);

// {"items":[…],"next_cursor":…} and Link rel="next". `items` is the inside of the array;
// `position`: where the next page begins; `more`: further members, each with its comma before it.
Response list_answer(const Context& context, const Request& request, std::string items,
                     const std::optional<std::string>& position, std::string_view more = {});

}  // namespace skerry::api
