// The strings of the parts that stand for something else (see parts.hpp).
#pragma once

#include <string>

#include "core/kinds/kinds.hpp"
#include "core/strict_json.hpp"

namespace skerry::api::openapi {

class Words {
 public:
  // nullptr: where no kind is known. A string that needs one is then a defect (CHECK).
  explicit Words(const Kind* kind) : kind_(kind) {}

  // Everywhere in the value.
  json::value replace(const json::value& value) const;
  // The words in braces only.
  std::string replace_in(std::string_view text) const;
  const Kind& kind() const;

 private:
  json::value replace_whole(std::string_view text) const;

  const Kind* kind_;
};

}  // namespace skerry::api::openapi
