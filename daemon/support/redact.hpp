// Takes out of a text what is nobody's to read: before it leaves the machine for a vendor.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/strict_json.hpp"

namespace skerry::daemon {

// Replaces tokens, what is called a password or a secret, private keys, activation codes, logins in
// addresses, e-mail addresses, IP addresses other than this machine's own, and the names it is
// given, by a word in brackets.
class Redactor {
 public:
  // `names`: of sites, machines and certificates; shorter ones than two bytes are ignored.
  explicit Redactor(const std::vector<std::string>& names);

  std::string clean(std::string_view text);
  // The same of every text in a value. Member names stay: they are the program's.
  void clean(json::value& value);

  // How many places were replaced so far.
  std::size_t replaced() const { return replaced_; }

 private:
  std::array<std::vector<std::string>, 256> names_;  // by first byte, the longest first
  std::size_t replaced_ = 0;
};

}  // namespace skerry::daemon
