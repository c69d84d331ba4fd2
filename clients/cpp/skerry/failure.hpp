// What goes wrong with a seat is thrown as a Failure.
#pragma once

#include <boost/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace skerry::client {

namespace json = boost::json;

enum class Trouble {
  unreachable,  // no answer of the machine came; the call stays pending, and the next one asks
  refused,      // the machine said no, and nothing changed: status, code() and problem say why
  bad_lease,    // the token is not one of this seat that the trusted key signed, or it has ended
  no_seat,      // the state file cannot be used, or there is no seat in it
};

class Failure : public std::runtime_error {
 public:
  Failure(Trouble what, const std::string& why) : std::runtime_error(why), trouble(what) {}
  Failure(long answered, json::object said)
      : std::runtime_error(text_of(said, "detail", "HTTP " + std::to_string(answered))),
        trouble(Trouble::refused),
        status(answered),
        problem(std::move(said)) {}
  std::string code() const { return text_of(problem, "code", ""); }
  Trouble trouble;
  long status = 0;
  json::object problem;  // with in_use, left, next_free_in_seconds where there are any

 private:
  static std::string text_of(const json::object& object, std::string_view member,
                             const std::string& otherwise) {
    const json::value* const found = object.if_contains(member);
    return found && found->is_string() ? json::value_to<std::string>(*found) : otherwise;
  }
};

}  // namespace skerry::client
