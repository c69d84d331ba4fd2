#include "store/stamps.hpp"

#include <charconv>
#include <fmt/compile.h>
#include <iterator>

namespace skerry::store {
namespace {

void append_stamp(std::string& text, const FieldStamp& stamp) {
  fmt::format_to(std::back_inserter(text), FMT_COMPILE("{}.{}.{}.{:x}"), stamp.version.ord,
                 stamp.version.n, stamp.site, stamp.effective.bits);
}

// Reads a number that `end_mark` ends and moves past the mark; 0 as mark: the text's end.
template <class Number>
bool read_number(std::string_view& text, Number& number, int base, char end_mark) {
  if (text.starts_with('-')) return false;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number, base);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (end_mark == '\0') return text.empty();
  if (text.empty() || text.front() != end_mark) return false;
  text.remove_prefix(1);
  return true;
}

bool read_stamp(std::string_view text, FieldStamp& stamp) {
  return read_number(text, stamp.version.ord, 10, '.') &&
         read_number(text, stamp.version.n, 10, '.') && read_number(text, stamp.site, 10, '.') &&
         read_number(text, stamp.effective.bits, 16, '\0');
}

// Cuts `text` at the first `mark`; the second part is empty when there is none.
std::string_view take_until(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return head;
}

}  // namespace

std::optional<Stamps> Stamps::parse(std::string_view text) {
  Stamps stamps;
  if (text.ends_with(';')) return std::nullopt;
  if (!read_stamp(take_until(text, ';'), stamps.every_)) return std::nullopt;
  while (!text.empty()) {
    std::string_view entry = take_until(text, ';');
    const std::string_view field = take_until(entry, '=');
    FieldStamp stamp;
    if (field.empty() || !read_stamp(entry, stamp)) return std::nullopt;
    stamps.named_.emplace_back(field, stamp);
  }
  return stamps;
}

std::string Stamps::to_text() const {
  std::string text;
  append_stamp(text, every_);
  for (const auto& [field, stamp] : named_) {
    text += ';';
    text += field;
    text += '=';
    append_stamp(text, stamp);
  }
  return text;
}

const FieldStamp& Stamps::of(std::string_view field) const {
  for (const auto& [name, stamp] : named_)
    if (name == field) return stamp;
  return every_;
}

void Stamps::set(std::string_view field, FieldStamp stamp) {
  for (auto& [name, known] : named_) {
    if (name != field) continue;
    known = stamp;
    return;
  }
  named_.emplace_back(field, stamp);
}

}  // namespace skerry::store
