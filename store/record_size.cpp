#include "store/record_size.hpp"

#include <fmt/format.h>

#include "core/json_text.hpp"

namespace skerry::store {
namespace {

// Whether the record fits even when JSON writes every byte of a text as \u00XX; only of one that
// does not is the text made.
bool is_surely_short(const Record& record) {
  constexpr std::size_t escaped_bytes = 6;
  std::size_t bytes = 0;
  for (const json::value& value : record.values) {
    if (value.is_object() || value.is_array())
      bytes += to_json_text(value).size();
    else if (const json::string* text = value.if_string())
      bytes += text->size() * escaped_bytes + 2;
    else
      bytes += 24;  // a number, a boolean, null
  }
  return bytes <= record_bytes_max;
}

}  // namespace

Result<void> check_size(const Record& record) {
  if (record.kind->scope == ScopePath::nowhere || is_surely_short(record)) return {};
  std::string text;
  for (const json::value& value : record.values)
    if (!value.is_null()) append_json(text, value);
  if (text.size() <= record_bytes_max) return {};
  return fail(Errc::limit_exceeded,
              fmt::format("the {} would take {} bytes, of at most {}", record.kind->name,
                          text.size(), record_bytes_max),
              "shorten its longest texts, or keep them outside");
}

Result<std::string> encode_row(const Change& change) {
  std::string line = encode(change);
  if (line.size() <= change_line_bytes_max) return line;
  return fail(Errc::limit_exceeded,
              fmt::format("the change takes {} bytes in the log with the values before and after, "
                          "of at most {}",
                          line.size(), change_line_bytes_max),
              "change fewer fields at once, or first replace the long text by a short one");
}

}  // namespace skerry::store
