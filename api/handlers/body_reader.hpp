// Reads the members of a JSON body that is no record, and keeps every complaint.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/strict_json.hpp"

namespace skerry::api {

inline constexpr std::size_t customers_max = 100;  // that one access can be limited to

// Complaints about members it does not know come first. `body` outlives the reader.
class BodyReader {
 public:
  static constexpr std::int64_t count_max = (std::int64_t{1} << 53) - 1;

  BodyReader(const json::object& body, std::initializer_list<std::string_view> known);

  // A name: not blank, no control characters, at most `characters_max`. Empty when it is absent and
  // not required, or complained of.
  std::string name(std::string_view member, bool required, std::size_t characters_max = 255);
  std::string_view text(std::string_view member);  // without control characters, required
  // Whatever text, but none, of at most `bytes_max` bytes, required.
  std::string content(std::string_view member, std::size_t bytes_max);
  std::int64_t count(std::string_view member, std::int64_t most = count_max);  // from 1, required
  UnixMillis instant(std::string_view member);                                 // required
  // A time behind `now`; nullopt when it is null or absent.
  std::optional<UnixMillis> end(std::string_view member, UnixMillis now);
  // Ids of customers; none when it is null or absent.
  std::vector<RecordId> customers(std::string_view member);

  bool has(std::string_view member) const { return body_.contains(member); }
  // nullptr, and a complaint, when it is absent.
  const json::value* required(std::string_view member);
  void refuse(std::string_view member, std::string code, std::string detail);
  // Errc::validation_failed with every complaint, `what` being "the claim".
  Result<void> done(std::string_view what);

 private:
  const json::object& body_;
  std::vector<FieldError> errors_;
};

}  // namespace skerry::api
