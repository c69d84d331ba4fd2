// Everything that is wrong with one record that somebody wants to write. Internal to the writer.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/kinds/validate.hpp"

namespace skerry::store {

// Each place once: what was said of it first, and the remedy that was named with it.
class Refusal {
 public:
  Refusal(const Kind& kind, std::vector<FieldError> errors)
      : kind_(kind), errors_(std::move(errors)), remedies_(errors_.empty() ? 0 : 1) {}

  void take(FieldError error) {
    if (add(std::move(error))) note("");
  }
  void take(Result<void> checked) {
    if (checked) return;
    bool is_news = false;
    for (FieldError& each : checked.error().errors) is_news |= add(std::move(each));
    if (is_news) note(std::move(checked.error().next));
  }
  bool empty() const { return errors_.empty(); }
  // refusal_of() all of it, with what is to be done; nothing when nothing is wrong.
  Result<void> result() {
    if (errors_.empty()) return {};
    Error error = refusal_of(kind_, std::move(errors_));
    error.next = next();
    return fail(std::move(error));
  }

 private:
  bool add(FieldError error) {
    const auto same = [&](const FieldError& each) { return each.pointer == error.pointer; };
    if (std::any_of(errors_.begin(), errors_.end(), same)) return false;
    errors_.push_back(std::move(error));
    return true;
  }
  void note(std::string remedy) {
    if (std::find(remedies_.begin(), remedies_.end(), remedy) == remedies_.end())
      remedies_.push_back(std::move(remedy));
  }
  // The one remedy of all complaints; where they differ, none of theirs is that of all.
  std::string next() const {
    if (remedies_.size() == 1) return remedies_.front();
    std::string text = "correct what errors names";
    for (const std::string& each : remedies_)
      if (!each.empty()) text += "; " + each;
    return text;
  }

  const Kind& kind_;
  std::vector<FieldError> errors_;
  std::vector<std::string> remedies_;  // each once, in the order of the complaints; empty: none
};

}  // namespace skerry::store
