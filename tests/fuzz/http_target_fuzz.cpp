// The request target and what follows from it: never a crash, and one meaning per accepted
// spelling.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/target.hpp"
#include "core/text.hpp"

namespace skerry::api {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
}

// Every byte percent-encoded: reads back to the same target.
std::string encode(const Target& target) {
  std::string text = target.segments.empty() ? "/" : "";
  for (const std::string& segment : target.segments) append_encoded(text += '/', segment);
  char separator = '?';
  for (const QueryParameter& parameter : target.query) {
    append_encoded(text += separator, parameter.name);
    append_encoded(text += '=', parameter.value);
    separator = '&';
  }
  return text;
}

void check(std::string_view text) {
  Target target;
  if (Result<void> parsed = parse_target(text, target); !parsed) {
    require(!parsed.error().detail.empty());
    return;
  }
  for (const std::string& segment : target.segments) {
    require(is_utf8(segment) && segment.find('\0') == std::string::npos);
    require(segment != "." && segment != "..");
  }
  for (const QueryParameter& parameter : target.query)
    require(is_utf8(parameter.name) && is_utf8(parameter.value) && !parameter.name.empty());

  Target again;
  require(parse_target(encode(target), again).has_value());
  require(again.segments == target.segments && again.query.size() == target.query.size());
  for (std::size_t i = 0; i < again.query.size(); ++i)
    require(again.query[i].name == target.query[i].name &&
            again.query[i].value == target.query[i].value);
}

}  // namespace
}  // namespace skerry::api

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skerry::api::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
