#include "core/strict_json.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>
#include <set>
#include <string>
#include <vector>

#include "core/text.hpp"

namespace skerry {
namespace {

constexpr std::int64_t integer_max = (std::int64_t{1} << 53) - 1;

// What Boost's reader asks of every handler: sizes are limited by depth_max and the caller's bytes.
struct Handler {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  using error_code = boost::system::error_code;
  using string_view = json::string_view;

  bool on_number_part(string_view, error_code&) { return true; }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }
};

// Feeds Boost's value_stack, as Boost's own parser does, and looks at what that parser lets pass.
class StrictHandler : public Handler {
 public:
  explicit StrictHandler(bool fractions) : fractions_(fractions) {}

  bool on_document_begin(error_code&) {
    stack_.reset();
    return true;
  }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return true; }
  bool on_object_end(std::size_t size, error_code&) {
    keys_ += size;
    stack_.push_object(size);
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t size, error_code&) {
    stack_.push_array(size);
    return true;
  }
  bool on_key_part(string_view part, std::size_t, error_code&) {
    if (!part.empty()) stack_.push_chars(part);
    return true;
  }
  bool on_key(string_view part, std::size_t, error_code&) {
    stack_.push_key(part);
    return true;
  }
  bool on_string_part(string_view part, std::size_t, error_code&) {
    if (!part.empty()) stack_.push_chars(part);
    return true;
  }
  bool on_string(string_view part, std::size_t, error_code&) {
    stack_.push_string(part);
    return true;
  }
  bool on_int64(std::int64_t number, string_view, error_code& error) {
    if (number > integer_max || number < -integer_max)
      return refuse("an integer beyond ±(2^53−1)", error);
    stack_.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t, string_view, error_code& error) {
    return refuse("an integer beyond ±(2^53−1)", error);
  }
  bool on_double(double number, string_view text, error_code& error) {
    // Integers too large for 64 bits also arrive here.
    const bool integer = text.find_first_of(".eE") == string_view::npos;
    if (fractions_ && !integer && std::isfinite(number)) {
      // Boost's own is now and then the neighbour of the nearest double: written, and read again,
      // it would be another one. `text` is all of the number, since all of the text is one piece.
      std::from_chars(text.data(), text.data() + text.size(), number);
      stack_.push_double(number);
      return true;
    }
    return refuse(integer      ? "an integer beyond ±(2^53−1)"
                  : fractions_ ? "a number beyond what a double holds"
                               : "a number with a fraction or an exponent",
                  error);
  }
  bool on_bool(bool value, error_code&) {
    stack_.push_bool(value);
    return true;
  }
  bool on_null(error_code&) {
    stack_.push_null();
    return true;
  }

  json::value release() { return stack_.release(); }
  std::size_t keys() const { return keys_; }
  const char* refused() const { return refused_; }

 private:
  bool refuse(const char* what, error_code& error) {
    refused_ = what;
    error = json::make_error_code(json::error::not_number);
    return false;
  }

  bool fractions_;
  json::value_stack stack_;
  std::size_t keys_ = 0;
  const char* refused_ = nullptr;
};

// Reads again what names some key twice, now with the way to each: only a refusal is worth that.
class RepeatedKeyFinder : public Handler {
 public:
  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return enter(true); }
  bool on_object_end(std::size_t, error_code&) { return leave(); }
  bool on_array_begin(error_code&) { return enter(false); }
  bool on_array_end(std::size_t, error_code&) { return leave(); }
  bool on_key_part(string_view part, std::size_t, error_code&) {
    key_ += part;
    return true;
  }
  bool on_key(string_view part, std::size_t, error_code& error) {
    Level& level = levels_.back();
    level.key = std::move(key_) + std::string(part);
    key_.clear();
    if (level.keys.insert(level.key).second) return true;
    error = json::make_error_code(json::error::not_number);  // whatever: it ends the reading
    return false;
  }
  bool on_string_part(string_view, std::size_t, error_code&) { return true; }
  bool on_string(string_view, std::size_t, error_code&) { return count(); }
  bool on_int64(std::int64_t, string_view, error_code&) { return count(); }
  bool on_uint64(std::uint64_t, string_view, error_code&) { return count(); }
  bool on_double(double, string_view, error_code&) { return count(); }
  bool on_bool(bool, error_code&) { return count(); }
  bool on_null(error_code&) { return count(); }

  // RFC 6901, of where the reading ended.
  std::string pointer() const {
    std::string text;
    for (const Level& level : levels_)
      text += '/' + (level.is_object ? escape_pointer(level.key) : std::to_string(level.index));
    return text;
  }

 private:
  struct Level {
    bool is_object = false;
    std::size_t index = 0;  // of an array's next element
    std::string key;        // of an object's present member
    std::set<std::string> keys;
  };

  bool enter(bool is_object) {
    levels_.push_back({is_object, 0, {}, {}});
    return true;
  }
  bool leave() {
    levels_.pop_back();
    return count();
  }
  bool count() {
    if (!levels_.empty()) ++levels_.back().index;
    return true;
  }

  std::vector<Level> levels_;
  std::string key_;
};

// The members kept; fewer than the keys read means that some key stood twice.
std::size_t count_members(const json::value& value) {
  std::size_t count = 0;
  if (const json::object* object = value.if_object()) {
    count = object->size();
    for (const auto& member : *object) count += count_members(member.value());
  } else if (const json::array* array = value.if_array()) {
    for (const json::value& element : *array) count += count_members(element);
  }
  return count;
}

}  // namespace

Result<json::value> parse_json(std::string_view text, JsonLimits limits) {
  json::parse_options options;
  options.max_depth = limits.depth_max;
  json::basic_parser<StrictHandler> parser(options, limits.fractions);
  json::error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (error) {
    const char* refused = parser.handler().refused();
    return fail(Errc::bad_json, fmt::format("at byte {}: {}", used,
                                            refused ? std::string(refused) : error.message()));
  }
  if (used != text.size())
    return fail(Errc::bad_json, fmt::format("at byte {}: text after the value", used));
  json::value value = parser.handler().release();
  if (count_members(value) != parser.handler().keys()) {
    json::basic_parser<RepeatedKeyFinder> finder(options);
    finder.write_some(false, text.data(), text.size(), error);
    return fail(Error(Errc::bad_json, "an object names one key twice", {},
                      {{finder.handler().pointer(), "repeated", "stands there twice"}}));
  }
  return value;
}

json::value parse_kept_json(std::string_view text) {
  return parse_json(text, {.fractions = true}).value();
}

Result<json::object> parse_json_object(std::string_view text, JsonLimits limits) {
  SKERRY_TRY(json::value value, parse_json(text, limits));
  if (!value.is_object()) return fail(Errc::bad_json, "the value is not an object");
  return std::move(value.get_object());
}

}  // namespace skerry
