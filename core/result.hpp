// Expected outcomes as values: Result<T> and the Error it carries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "core/errc.hpp"

namespace skerry {

// One complaint about one place of an input; the members of problem+json's `errors[]` (RFC 9457).
struct FieldError {
  std::string pointer;  // RFC 6901 JSON pointer, or "row 7, column Name" for a table
  std::string code;     // stable slug, e.g. "too_long"
  std::string detail;   // a sentence for a person
};

// What is read may be anybody's: of one list of names or values no more complaints are kept.
inline constexpr std::size_t complaints_max = 100;

// How much may be asked for, and what is left of it.
struct Quota {
  std::string_view name;  // static storage; a slug, e.g. "queued-writes"
  std::uint64_t requests = 0;
  std::uint64_t remaining = 0;
  std::uint32_t window_seconds = 0;  // 0: counts what is there at the same time
  std::uint32_t reset_seconds = 0;   // until there is more; 0: a whole window
};

// Why an operation did not happen. Nothing was changed when one is returned.
struct Error {
  Errc code;
  std::string detail;              // a sentence that names the place
  std::string next;                // the remedy: a command or an address; may be empty
  std::vector<FieldError> errors;  // every complaint, for validation errors
  std::optional<Quota> quota{};    // that was used, or used up

  explicit Error(Errc code_in, std::string detail_in = {}, std::string next_in = {},
                 std::vector<FieldError> errors_in = {})
      : code(code_in),
        detail(std::move(detail_in)),
        next(std::move(next_in)),
        errors(std::move(errors_in)) {}
};

template <class T>
using Result = tl::expected<T, Error>;

// return fail(Errc::not_found, "no customer with id …");
inline tl::unexpected<Error> fail(Errc code, std::string detail = {}, std::string next = {}) {
  return tl::unexpected<Error>(Error(code, std::move(detail), std::move(next)));
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace skerry

#define SKERRY_CONCAT_(a, b) a##b
#define SKERRY_CONCAT(a, b) SKERRY_CONCAT_(a, b)

// SKERRY_TRY(auto key, load_key(path));   returns the error, or binds the value
#define SKERRY_TRY(declaration, expression) \
  SKERRY_TRY_(declaration, expression, SKERRY_CONCAT(try_result_, __LINE__))
#define SKERRY_TRY_(declaration, expression, name)                            \
  auto name = (expression);                                                   \
  if (!name) return tl::unexpected<::skerry::Error>(std::move(name).error()); \
  declaration = std::move(name).value()

// SKERRY_TRY_VOID(sink.write(bytes));     returns the error
#define SKERRY_TRY_VOID(expression)                                               \
  do {                                                                            \
    if (auto try_void_result = (expression); !try_void_result)                    \
      return tl::unexpected<::skerry::Error>(std::move(try_void_result).error()); \
  } while (false)
