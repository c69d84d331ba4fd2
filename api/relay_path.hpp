// Paths as Go's net/url and gorilla/mux handle them: what Relay's protocol is exact to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skerry::api {

// nullopt where a '%' is not followed by two hexadecimal digits.
std::optional<std::string> decoded_path(std::string_view path);
// Without empty, "." and ".." segments; a slash at its end stays.
std::string clean_path(std::string_view path);
std::string encoded_path(std::string_view path);

}  // namespace skerry::api
