// Appends JSON to a string: the hot path of log lines and responses, where a tree of values would
// only be built to be thrown away.
#pragma once

#include <string>
#include <string_view>

#include "core/strict_json.hpp"

namespace skerry {

// Quotes and escapes well-formed UTF-8.
void append_json_string(std::string& out, std::string_view text);
// Compact, members in the order the value has them.
void append_json(std::string& out, const json::value& value);
std::string to_json_text(const json::value& value);

}  // namespace skerry
