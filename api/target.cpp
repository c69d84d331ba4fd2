#include "api/target.hpp"

#include <array>
#include <cstdint>
#include <fmt/format.h>

#include "core/text.hpp"

namespace skerry::api {
namespace {

// RFC 3986: pchar = unreserved / pct-encoded / sub-delims / ":" / "@"
constexpr std::array<bool, 256> pchar_table = [] {
  std::array<bool, 256> table{};
  for (const char c :
       std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                        "-._~!$&'()*+,;=:@"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool is_pchar(char c) { return pchar_table[static_cast<unsigned char>(c)]; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

tl::unexpected<Error> refuse(std::size_t position, std::string_view what) {
  return fail(Errc::bad_request, fmt::format("the request target at byte {}: {}", position, what));
}

enum class Part { path, query };

// Decodes [begin, end) of `text` into `out`.
Result<void> decode(std::string_view text, std::size_t begin, std::size_t end, Part part,
                    std::string& out) {
  bool beyond_ascii = false;
  out.reserve(end - begin);
  for (std::size_t i = begin; i < end; ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 1 < end ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < end ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return refuse(i, "'%' needs two hexadecimal digits");
      const auto byte = static_cast<unsigned char>(high * 16 + low);
      const bool of_text = byte == '\t' || byte == '\n' || byte == '\r';  // which a value may hold
      if ((byte < 0x20 && !(part == Part::query && of_text)) || byte == 0x7f)
        return refuse(i, "an encoded control byte");
      if (byte >= 0x80) beyond_ascii = true;
      c = static_cast<char>(byte);
      i += 2;
    } else if (part == Part::query && c == '+') {
      c = ' ';
    } else if (!is_pchar(c) && !(part == Part::query && (c == '/' || c == '?'))) {
      return refuse(i, "a character that must be percent-encoded");
    }
    out.push_back(c);
  }
  if (beyond_ascii && !is_utf8(out)) return refuse(begin, "text that is not UTF-8");
  return {};
}

Result<void> parse_path(std::string_view text, std::size_t end, std::size_t segments_max,
                        Target& target) {
  if (end == 1) return {};
  std::size_t begin = 1;
  while (true) {
    std::size_t stop = begin;
    while (stop < end && text[stop] != '/') ++stop;
    if (target.segments.size() == segments_max)
      return fail(Errc::not_found, fmt::format("a path of more than {} segments", segments_max));
    std::string& segment = target.segments.emplace_back();
    SKERRY_TRY_VOID(decode(text, begin, stop, Part::path, segment));
    if (segment == "." || segment == "..") return refuse(begin, "a relative segment");
    if (stop == end) return {};
    begin = stop + 1;
  }
}

Result<void> parse_query(std::string_view text, std::size_t begin, std::size_t parameters_max,
                         Target& target) {
  while (begin < text.size()) {
    std::size_t stop = begin;
    while (stop < text.size() && text[stop] != '&') ++stop;
    std::size_t equals = begin;
    while (equals < stop && text[equals] != '=') ++equals;
    if (equals == begin) return refuse(begin, "a query parameter without a name");
    if (target.query.size() == parameters_max)
      return fail(Errc::bad_request, fmt::format("more than {} query parameters", parameters_max));
    QueryParameter& parameter = target.query.emplace_back();
    SKERRY_TRY_VOID(decode(text, begin, equals, Part::query, parameter.name));
    if (equals < stop)
      SKERRY_TRY_VOID(decode(text, equals + 1, stop, Part::query, parameter.value));
    if (stop + 1 == text.size()) return refuse(stop, "a query parameter without a name");
    begin = stop + 1;
  }
  return {};
}

}  // namespace

Result<void> parse_target(std::string_view text, Target& target, TargetLimits limits) {
  target.clear();
  if (text.empty() || text.front() != '/')
    return refuse(0, "only the origin form is read here, a path that starts with '/'");
  const std::size_t question = text.find('?');
  const std::size_t path_end = question == std::string_view::npos ? text.size() : question;
  SKERRY_TRY_VOID(parse_path(text, path_end, limits.segments_max, target));
  if (path_end == text.size()) return {};
  return parse_query(text, path_end + 1, limits.parameters_max, target);
}

Result<bool> read_flag(const QueryParameter& parameter) {
  if (parameter.value == "true" || parameter.value == "false") return parameter.value == "true";
  return fail(Errc::bad_request, fmt::format("{} is true or false", parameter.name));
}

Result<bool> Target::flag(std::string_view name) const {
  for (const QueryParameter& parameter : query)
    if (parameter.name == name) return read_flag(parameter);
  return false;
}

}  // namespace skerry::api
