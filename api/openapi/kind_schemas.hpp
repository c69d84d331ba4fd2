// What the document says of records: all of it follows from the kinds' descriptions (core/kinds),
// so that a new field or kind needs no line here. Only prettier examples are written by hand.
#pragma once

#include <string>

#include "core/kinds/kinds.hpp"
#include "core/strict_json.hpp"

namespace skerry::api::openapi {

// A record as it is answered, a new one as it is sent, a merge patch.
enum class Form : std::uint8_t { record, create, patch };

// Whether clients send that: what no write makes has no form of a new one, but for what an
// invitation makes of the same fields.
bool has_form(const Kind& kind, Form form);

std::string kind_word(const Kind& kind);               // "CustomField"
std::string kind_words(const Kind& kind);              // "CustomFields"
std::string schema_name(const Kind& kind, Form form);  // "CustomFieldCreate"

// A record may gain members in a later version, so its schema is open; a request's is closed.
json::object kind_schema(const Kind& kind, Form form);
// {items, next_cursor}
json::object page_schema(const Kind& kind);
// The query parameters of its list that follow from its fields: the order, and what is in it.
json::object sort_parameter(const Kind& kind);
json::array filter_parameters(const Kind& kind);

// Fits kind_schema(kind, form).
json::object kind_example(const Kind& kind, Form form);

}  // namespace skerry::api::openapi
