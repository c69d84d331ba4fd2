#include "core/pattern.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>

#include "core/text.hpp"

namespace skerry {
namespace {

// The next character of well-formed UTF-8, which `text` loses.
char32_t take_character(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  char32_t c = size == 1 ? lead : lead & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) c = c << 6 | (byte(i) & 0x3fU);
  text.remove_prefix(size);
  return c;
}

constexpr int repeats_max = 1000;
constexpr int unbounded = -1;

}  // namespace

// Reads what stands there and writes its steps. Each part is read as a tree, so that a quantifier
// can write it several times.
class PatternParser {
 public:
  explicit PatternParser(std::string_view text) : rest_(text) {}

  std::optional<Pattern> parse() {
    const auto whole = alternatives();
    if (!whole || !rest_.empty() || !write(*whole)) return std::nullopt;
    made_.steps_.push_back({});
    return std::move(made_);
  }

 private:
  struct Node {
    enum class Kind { set, sequence, choice, repeat } kind = Kind::sequence;
    std::size_t set = 0;
    int least = 0;
    int most = 0;
    std::vector<std::unique_ptr<Node>> parts{};
  };
  using NodePtr = std::unique_ptr<Node>;
  using Kind = Node::Kind;

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  NodePtr alternatives() {
    auto node = std::make_unique<Node>();
    node->kind = Kind::choice;
    do {
      node->parts.push_back(sequence());
      if (!node->parts.back()) return nullptr;
    } while (take('|'));
    return node;
  }

  NodePtr sequence() {
    auto node = std::make_unique<Node>();
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
      node->parts.push_back(quantified());
      if (!node->parts.back()) return nullptr;
    }
    return node;
  }

  NodePtr quantified() {
    NodePtr part = atom();
    if (!part || rest_.empty()) return part;
    int least = 0;
    int most = unbounded;
    if (take('+')) {
      least = 1;
    } else if (take('?')) {
      most = 1;
    } else if (take('{')) {
      if (!bounds(least, most)) return nullptr;
    } else if (!take('*')) {
      return part;
    }
    auto node = std::make_unique<Node>();
    node->kind = Kind::repeat;
    node->least = least;
    node->most = most;
    node->parts.push_back(std::move(part));
    return node;
  }

  // What follows `{`.
  bool bounds(int& least, int& most) {
    if (!number(least)) return false;
    most = least;
    if (take(',')) {
      most = unbounded;
      if (!rest_.starts_with('}') && !number(most)) return false;
    }
    return take('}') && (most == unbounded || least <= most);
  }

  bool number(int& into) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), into);
    if (error != std::errc() || into < 0 || into > repeats_max) return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return true;
  }

  NodePtr atom() {
    if (take('(')) {
      NodePtr inside = alternatives();
      return inside && take(')') ? std::move(inside) : nullptr;
    }
    constexpr std::string_view special = "*+?{}])^$";
    Pattern::Set set;
    bool is_one = true;
    if (take('['))
      is_one = bracket(set);
    else if (take('\\'))
      is_one = escaped(set);
    else if (take('.'))
      set.negated = true;  // nothing is left out
    else if (special.find(rest_.front()) == std::string_view::npos)
      add(set, take_character(rest_));
    else
      is_one = false;
    return is_one ? of_set(std::move(set)) : nullptr;
  }

  NodePtr of_set(Pattern::Set set) {
    auto node = std::make_unique<Node>();
    node->kind = Kind::set;
    node->set = made_.sets_.size();
    made_.sets_.push_back(std::move(set));
    return node;
  }

  static void add(Pattern::Set& set, char32_t c) { set.ranges.emplace_back(c, c); }

  // What follows a backslash: a class, or a character that would mean something else.
  bool escaped(Pattern::Set& set) {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    if (c == 'd' || c == 'w') set.ranges.emplace_back('0', '9');
    if (c == 'w') {
      set.ranges.emplace_back('a', 'z');
      set.ranges.emplace_back('A', 'Z');
      add(set, '_');
    }
    if (c == 's')
      for (const char blank : {' ', '\t', '\n', '\r'}) add(set, static_cast<char32_t>(blank));
    if (std::string_view("dws").find(c) == std::string_view::npos) {
      if (std::string_view("\\.[](){}*+?|^$-/").find(c) == std::string_view::npos) return false;
      add(set, static_cast<char32_t>(c));
    }
    rest_.remove_prefix(1);
    return true;
  }

  bool bracket(Pattern::Set& set) {
    set.negated = take('^');
    while (!rest_.empty() && rest_.front() != ']') {
      if (take('\\')) {
        if (!escaped(set)) return false;
        continue;
      }
      const char32_t from = take_character(rest_);
      char32_t to = from;
      if (rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']') {
        rest_.remove_prefix(1);
        if (rest_.front() == '\\') return false;
        to = take_character(rest_);
      }
      if (to < from) return false;
      set.ranges.emplace_back(from, to);
    }
    return take(']') && !set.ranges.empty();
  }

  std::size_t here() const { return made_.steps_.size(); }
  std::size_t fork() {
    made_.steps_.push_back({Pattern::Op::fork, 0, here() + 1, here() + 1});
    return here() - 1;
  }

  // False when it becomes too long.
  bool write(const Node& node) {
    if (here() > Pattern::steps_max) return false;
    if (node.kind == Kind::set) {
      made_.steps_.push_back({Pattern::Op::take, node.set, 0, 0});
      return true;
    }
    if (node.kind == Kind::choice) return write_choice(node);
    if (node.kind == Kind::repeat) return write_repeat(node);
    return std::all_of(node.parts.begin(), node.parts.end(),
                       [&](const NodePtr& part) { return write(*part); });
  }

  bool write_choice(const Node& node) {
    std::vector<std::size_t> ends;
    for (std::size_t i = 0; i + 1 < node.parts.size(); ++i) {
      const std::size_t at = fork();
      if (!write(*node.parts[i])) return false;
      ends.push_back(fork());
      made_.steps_[at].second = here();
    }
    if (!write(*node.parts.back())) return false;
    for (const std::size_t end : ends) made_.steps_[end].first = made_.steps_[end].second = here();
    return true;
  }

  bool write_repeat(const Node& node) {
    const Node& part = *node.parts.front();
    for (int i = 0; i < node.least; ++i)
      if (!write(part)) return false;
    std::vector<std::size_t> exits;
    const std::size_t start = here();
    const int more = node.most == unbounded ? 1 : node.most - node.least;
    for (int i = 0; i < more; ++i) {
      exits.push_back(fork());
      if (!write(part)) return false;
    }
    if (node.most == unbounded) made_.steps_.push_back({Pattern::Op::fork, 0, start, start});
    for (const std::size_t exit : exits) made_.steps_[exit].second = here();
    return true;
  }

  std::string_view rest_;
  Pattern made_;
};

std::optional<Pattern> Pattern::parse(std::string_view text) {
  if (!is_utf8(text)) return std::nullopt;
  if (text.starts_with('^')) text.remove_prefix(1);
  if (text.ends_with('$') && !text.ends_with("\\$")) text.remove_suffix(1);
  if (text.empty()) return std::nullopt;
  return PatternParser(text).parse();
}

bool Pattern::Set::has(char32_t c) const {
  const bool within = std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
    return range.first <= c && c <= range.second;
  });
  return within != negated;
}

// The steps that take a character, or end, from here on; `reached` keeps each once.
void Pattern::reach(std::size_t step, std::vector<bool>& reached,
                    std::vector<std::size_t>& takes) const {
  std::vector<std::size_t> open{step};
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    if (reached[at]) continue;
    reached[at] = true;
    if (steps_[at].op == Op::fork) {
      open.push_back(steps_[at].second);
      open.push_back(steps_[at].first);
    } else {
      takes.push_back(at);
    }
  }
}

bool Pattern::matches(std::string_view value) const {
  std::vector<bool> reached(steps_.size());
  std::vector<std::size_t> now;
  reach(0, reached, now);
  while (!value.empty()) {
    const char32_t c = take_character(value);
    std::fill(reached.begin(), reached.end(), false);
    std::vector<std::size_t> next;
    for (const std::size_t at : now)
      if (steps_[at].op == Op::take && sets_[steps_[at].set].has(c)) reach(at + 1, reached, next);
    now = std::move(next);
    if (now.empty()) return false;
  }
  return reached[steps_.size() - 1];
}

}  // namespace skerry
