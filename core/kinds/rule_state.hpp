// What the rules of kinds are written with. Internal to core/kinds.
#pragma once

#include <fmt/format.h>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.hpp"
#include "core/kinds/kinds.hpp"

namespace skerry {

// One state of a record, by the names of its fields.
class State {
 public:
  State(const Kind& kind, ValuesView values) : kind_(kind), values_(values) {}

  bool exists() const { return !values_.empty(); }
  const json::value& of(std::string_view field) const {
    const int position = kind_.find_field(field);
    SKERRY_CHECK(position >= 0);
    return values_[static_cast<std::size_t>(position)];
  }
  bool has(std::string_view field) const { return !of(field).is_null(); }
  std::string_view text(std::string_view field) const {
    const json::string* text = of(field).if_string();
    return text ? std::string_view(*text) : std::string_view();
  }

 private:
  const Kind& kind_;
  ValuesView values_;
};

inline void complain(std::vector<FieldError>& errors, std::string_view field, std::string_view code,
                     std::string_view detail) {
  errors.push_back({fmt::format("/{}", field), std::string(code), std::string(detail)});
}

}  // namespace skerry
