// Patterns that people define for values: regular expressions without back references, matched in
// time linear in the value, so that no pattern and no value can hold anything up.
//
//   characters, . for any, [a-z0-9_] and [^…], \d \w \s, \ before what means something else,
//   ( ) | and the quantifiers * + ? {n} {n,} {n,m}
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace skerry {

class Pattern {
 public:
  // nullopt for what is no pattern, or one of more than steps_max steps once it is written out. A
  // ^ in front and a $ at the end may stand there: a pattern is always about the whole value.
  static std::optional<Pattern> parse(std::string_view text);
  static constexpr std::size_t steps_max = 2000;

  // Of the whole of `value`, which is UTF-8.
  bool matches(std::string_view value) const;

 private:
  friend class PatternParser;

  struct Set {
    bool negated = false;
    std::vector<std::pair<char32_t, char32_t>> ranges;
    bool has(char32_t c) const;
  };
  enum class Op : unsigned char { take, fork, match };
  struct Step {
    Op op = Op::match;
    std::size_t set = 0;  // of take, which goes on with the step behind it
    std::size_t first = 0;
    std::size_t second = 0;  // of fork: both are tried
  };
  void reach(std::size_t step, std::vector<bool>& reached, std::vector<std::size_t>& takes) const;

  std::vector<Set> sets_;
  std::vector<Step> steps_;
};

}  // namespace skerry
