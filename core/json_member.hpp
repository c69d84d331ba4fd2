// The members of JSON that may lack them or have others: for what is read leniently, or where a
// missing member is complained of elsewhere.
#pragma once

#include <string_view>

#include "core/strict_json.hpp"

namespace skerry {

// Null when there is none of the name, or no object to have it. A view into what is given.
inline const json::value& member_of(const json::object& object, std::string_view name) {
  static const json::value nothing;
  const json::value* member = object.if_contains(name);
  return member ? *member : nothing;
}
inline const json::value& member_of(const json::value& value, std::string_view name) {
  static const json::object nobody;
  const json::object* object = value.if_object();
  return member_of(object ? *object : nobody, name);
}

// Empty when the member is missing or no string. A view into `object`.
inline std::string_view text_of(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  return member && member->is_string() ? std::string_view(member->get_string())
                                       : std::string_view();
}

// nullptr when the member is missing or no object.
inline const json::object* object_of(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  return member ? member->if_object() : nullptr;
}

}  // namespace skerry
