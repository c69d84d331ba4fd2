// Reads the members of one JSON object by name and collects every complaint with its JSON pointer,
// so that a person sees all that is wrong at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"
#include "core/clock.hpp"
#include "core/ids.hpp"
#include "core/strict_json.hpp"

namespace skerry::sync {

// A view: the object and the list of complaints outlive it. Reading a member that is missing or
// wrong adds a complaint and gives a value nobody may use.
class JsonFields {
 public:
  JsonFields(const json::object& object, std::string pointer, std::vector<FieldError>& errors)
      : object_(object), pointer_(std::move(pointer)), errors_(errors) {}

  bool has(std::string_view name) const { return object_.contains(name); }
  std::string text(std::string_view name, std::size_t bytes_max);
  std::int64_t integer(std::string_view name, std::int64_t min, std::int64_t max);
  bool flag(std::string_view name);        // false when it is absent
  Hash hash(std::string_view name);        // 64 hexadecimal digits, lower case
  UnixMillis time(std::string_view name);  // "2026-03-02T10:11:12.345Z", milliseconds always
  const json::array* array(std::string_view name, std::size_t count_max);
  // The members of an object inside; nullopt after a complaint.
  std::optional<JsonFields> object(std::string_view name);

  // A UUID in its one spelling, lower case.
  template <class IdType>
  IdType id(std::string_view name) {
    const std::string value = text(name, 36);
    const std::optional<IdType> parsed = parse_id<IdType>(value);
    if (parsed && to_string(*parsed) == value) return *parsed;
    if (!value.empty()) refuse(name, "bad_id", "a UUID in lower case is expected");
    return {};
  }

  // Members that were not read since construction are complaints.
  void refuse_unread();
  // The members that were not read, in their order.
  json::object unread() const;
  void refuse(std::string_view name, std::string_view code, std::string detail);

 private:
  const json::value* find(std::string_view name, json::kind kind, std::string_view expected);

  const json::object& object_;
  std::string pointer_;
  std::vector<FieldError>& errors_;
  std::vector<std::string> read_;
};

// The member "_type" is `expected`, "skerry/bundle/v1". Errc::unsupported_version for another
// version of the same format, naming it; Errc::corrupt_bundle for anything else.
Result<void> check_type(const json::object& object, std::string_view expected);

// Errc::corrupt_bundle with all complaints when there are any; `what` is what was read.
Result<void> refuse_if_any(std::vector<FieldError> errors, std::string_view what);

}  // namespace skerry::sync
