// Always-on assertions for programmer errors (STYLE: "three kinds of error", kind 3).
#pragma once

namespace skerry {

// Prints `expression`, `file` and `line` to stderr and aborts; the service supervisor restarts us.
[[noreturn]] void check_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace skerry

#define SKERRY_CHECK(expression)                        \
  (static_cast<bool>(expression) ? static_cast<void>(0) \
                                 : ::skerry::check_failed(#expression, __FILE__, __LINE__))
