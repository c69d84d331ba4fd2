// Everything that is wrong with one record that somebody wants to write. Internal to the writer.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/kinds/validate.hpp"

namespace skerry::store {

// Each place once: what was said of it first.
class Refusal {
 public:
  Refusal(const Kind& kind, std::vector<FieldError> errors)
      : kind_(kind), errors_(std::move(errors)) {}

  void take(FieldError error) {
    const auto same = [&](const FieldError& each) { return each.pointer == error.pointer; };
    if (std::none_of(errors_.begin(), errors_.end(), same)) errors_.push_back(std::move(error));
  }
  void take(Result<void> checked) {
    if (checked) return;
    if (next_.empty()) next_ = std::move(checked.error().next);
    for (FieldError& each : checked.error().errors) take(std::move(each));
  }
  bool empty() const { return errors_.empty(); }
  // refusal_of() all of it, with the first remedy that was named; nothing when nothing is wrong.
  Result<void> result() {
    if (errors_.empty()) return {};
    Error error = refusal_of(kind_, std::move(errors_));
    error.next = std::move(next_);
    return fail(std::move(error));
  }

 private:
  const Kind& kind_;
  std::vector<FieldError> errors_;
  std::string next_;
};

}  // namespace skerry::store
