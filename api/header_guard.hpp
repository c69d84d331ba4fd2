// What must hold of a request's header before anybody believes it. Beast's parser of Boost 1.81 is
// lenient where two readers could see two different messages (request smuggling); this is not.
#pragma once

#include <boost/beast/http/fields.hpp>
#include <string_view>

#include "core/result.hpp"

namespace skerry::api {

// `raw`: from the request line to the empty line, "\r\n\r\n" included. Errc::bad_request for a bare
// CR or LF, folded lines (RFC 9112 section 5.2), control bytes, and bytes above 0x7F in the request
// line.
Result<void> check_raw_header(std::string_view raw);

// Framing and identity headers stand once; Host is there in HTTP/1.1 and looks like one;
// Transfer-Encoding is "chunked" alone, in HTTP/1.1, without Content-Length. `version`: 10 or 11.
// Errc::bad_request.
Result<void> check_fields(const boost::beast::http::fields& fields, unsigned version);

}  // namespace skerry::api
