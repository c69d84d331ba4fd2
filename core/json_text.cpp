#include "core/json_text.hpp"

#include <array>
#include <fmt/format.h>
#include <iterator>

#include "core/check.hpp"

namespace skerry {
namespace {

// By byte: whether it stands for itself within a JSON string.
constexpr std::array<bool, 256> plain_bytes = [] {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < plain.size(); ++byte) plain[byte] = true;
  plain['"'] = plain['\\'] = false;
  return plain;
}();

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain_from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (plain_bytes[static_cast<unsigned char>(c)]) continue;
    out.append(text, plain_from, i - plain_from);
    plain_from = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<int>(c));
    }
  }
  out.append(text, plain_from);
  out += '"';
}

namespace {

// The shortest text that reads back as the same double; a whole number keeps a fraction, since the
// strict reader takes integers only within ±(2^53−1).
void append_double(std::string& out, double number) {
  const std::size_t from = out.size();
  fmt::format_to(std::back_inserter(out), "{}", number);
  if (out.find_first_of(".e", from) == std::string::npos) out += ".0";
}

}  // namespace

void append_json(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out += "null";
      return;
    case json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      return;
    case json::kind::int64:
      out += fmt::format_int(value.get_int64()).c_str();
      return;
    case json::kind::uint64:
      out += fmt::format_int(value.get_uint64()).c_str();
      return;
    case json::kind::double_:
      append_double(out, value.get_double());
      return;
    case json::kind::string:
      append_json_string(out, value.get_string());
      return;
    case json::kind::array: {
      char separator = '[';
      for (const json::value& element : value.get_array()) {
        out += separator;
        append_json(out, element);
        separator = ',';
      }
      if (separator == '[') out += '[';
      out += ']';
      return;
    }
    case json::kind::object: {
      char separator = '{';
      for (const auto& [key, member] : value.get_object()) {
        out += separator;
        append_json_string(out, key);
        out += ':';
        append_json(out, member);
        separator = ',';
      }
      if (separator == '{') out += '{';
      out += '}';
      return;
    }
  }
  SKERRY_CHECK(false);
}

std::string to_json_text(const json::value& value) {
  std::string text;
  append_json(text, value);
  return text;
}

}  // namespace skerry
