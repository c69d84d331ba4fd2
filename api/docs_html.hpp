// Pieces of the page of docs_page.hpp.
#pragma once

#include <string>
#include <string_view>

#include "core/strict_json.hpp"

namespace skerry::api::docs {

std::string escape(std::string_view text);
// Escaped, and `code` between grave accents made <code>.
std::string prose(std::string_view text);
// Indented JSON, escaped, in <pre>.
std::string example(const json::value& value);

// The name behind the last slash of a $ref; empty when there is none.
std::string_view referenced(const json::object& object);

// "string, one of …", or a link to the schema.
std::string type_text(const json::object& schema);
// A schema with its properties as a table, or its type in one line.
std::string schema_html(const json::object& schema);

}  // namespace skerry::api::docs
