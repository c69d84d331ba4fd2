#include "core/change.hpp"

#include <algorithm>
#include <array>
#include <fmt/compile.h>
#include <iterator>

#include "core/json_text.hpp"
#include "core/kinds/validate.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"

namespace skerry {
namespace {

constexpr std::array<std::string_view, 4> op_names{"new", "set", "del", "undel"};
constexpr std::array<std::string_view, 5> disposition_names{"applied", "superseded", "conflict",
                                                            "rejected", "held"};

// Whether the fields of a row are whole values, with nothing before them.
bool holds_values(ChangeOp op) { return op == ChangeOp::create || op == ChangeOp::restore; }

void append_version(std::string& line, Version version) {
  fmt::format_to(std::back_inserter(line), FMT_COMPILE("[{},{}]"), version.ord, version.n);
}

void append_field(std::string& line, const Change& change, const FieldChange& field) {
  append_json_string(line, change.kind->fields[field.field].name);
  line += ':';
  if (holds_values(change.op)) {
    append_json(line, field.new_value);
    return;
  }
  line += "{\"o\":";
  append_json(line, field.old_value);
  line += ",\"n\":";
  append_json(line, field.new_value);
  if (field.base) {
    line += ",\"b\":";
    append_version(line, *field.base);
  }
  line += '}';
}

void append_text_member(std::string& line, std::string_view name, std::string_view text) {
  line += ",\"";
  line += name;
  line += "\":";
  append_json_string(line, text);
}

// Reads the members of a line; the first thing that is not as it must be is kept as the error.
class LineReader {
 public:
  explicit LineReader(const json::object& object) : object_(object) {}

  std::string_view text(std::string_view name, bool required) {
    const json::value* value = member(name, required);
    if (!value) return {};
    if (!value->is_string()) return refuse(name, "must be a string"), std::string_view{};
    return value->get_string();
  }
  template <class IdType>
  std::optional<IdType> id(std::string_view name, bool required) {
    const std::string_view found = text(name, required);
    if (found.empty()) return std::nullopt;
    const auto parsed = parse_id<IdType>(found);
    if (!parsed) refuse(name, "must be an id");
    return parsed;
  }
  std::optional<Version> version(std::string_view name) {
    const json::value* value = member(name, false);
    if (!value) return std::nullopt;
    const auto parsed = version_from_json(*value);
    if (!parsed) refuse(name, "must be a version [ord,n]");
    return parsed;
  }
  const json::value* member(std::string_view name, bool required) {
    const json::value* value = object_.if_contains(name);
    if (!value && required) refuse(name, "is missing");
    return value;
  }
  void refuse(std::string_view name, std::string_view why) {
    if (!error_) error_ = fmt::format("member {} {}", name, why);
  }
  const std::optional<std::string>& error() const { return error_; }

 private:
  const json::object& object_;
  std::optional<std::string> error_;
};

std::optional<ChangeOp> parse_op(std::string_view text) {
  for (std::size_t i = 0; i < op_names.size(); ++i)
    if (op_names[i] == text) return static_cast<ChangeOp>(i);
  return std::nullopt;
}

json::value read_line_value(const Field& field, const json::value& value,
                            std::vector<FieldError>& errors) {
  std::string pointer = "/f/";
  pointer += field.name;
  return read_value(field, value, pointer, errors);
}

void read_field(const Field& field, std::size_t position, const json::value& value, Change& change,
                std::vector<FieldError>& errors) {
  FieldChange read{position, nullptr, nullptr, std::nullopt};
  if (holds_values(change.op)) {
    read.new_value = read_line_value(field, value, errors);
    change.fields.push_back(std::move(read));
    return;
  }
  const json::object* object = value.if_object();
  const json::value* new_value = object ? object->if_contains("n") : nullptr;
  if (!new_value) {
    errors.push_back({fmt::format("/f/{}", field.name), "wrong_type", "must be {o,n,b}"});
    return;
  }
  read.new_value = read_line_value(field, *new_value, errors);
  if (field.required && new_value->is_null())
    errors.push_back({fmt::format("/f/{}", field.name), "required", "is required"});
  if (const json::value* old_value = object->if_contains("o"))
    read.old_value = read_line_value(field, *old_value, errors);
  if (const json::value* base = object->if_contains("b")) {
    read.base = version_from_json(*base);
    if (!read.base)
      errors.push_back({fmt::format("/f/{}/b", field.name), "wrong_type", "must be [ord,n]"});
  }
  change.fields.push_back(std::move(read));
}

void read_fields(const json::object& fields, Change& change, std::vector<FieldError>& errors) {
  change.fields.reserve(std::min(fields.size(), change.kind->fields.size()));
  const std::size_t enough = errors.size() + complaints_max;
  for (const auto& [name, value] : fields) {
    if (errors.size() >= enough) return;
    const int position = change.kind->find_field(name);
    if (position < 0) {
      errors.push_back({fmt::format("/f/{}", escape_pointer(name)), "unknown_field",
                        fmt::format("is no field of {}", with_article(change.kind->name))});
      continue;
    }
    const auto index = static_cast<std::size_t>(position);
    read_field(change.kind->fields[index], index, value, change, errors);
  }
  if (!holds_values(change.op)) return;
  for (const Field& field : change.kind->fields)
    if (field.required && !fields.contains(field.name))
      errors.push_back({fmt::format("/f/{}", field.name), "required", "is required"});
}

// Only custom fields hold fractions, inside "f".
bool has_fraction(const json::value& value) {
  if (value.is_double()) return true;
  if (const json::array* array = value.if_array())
    return std::any_of(array->begin(), array->end(), has_fraction);
  const json::object* object = value.if_object();
  return object && std::any_of(object->begin(), object->end(),
                               [](const auto& each) { return has_fraction(each.value()); });
}

}  // namespace

std::string encode(const Change& change) {
  std::string line;
  line.reserve(256);
  line += "{\"k\":\"chg\",\"t\":\"";
  line += change.kind->name;
  line += "\",\"id\":\"";
  line += to_string(change.record);
  line += "\",\"op\":\"";
  line += to_text(change.op);
  line += '"';
  if (change.op != ChangeOp::remove) {
    line += ",\"f\":{";
    for (std::size_t i = 0; i < change.fields.size(); ++i) {
      if (i > 0) line += ',';
      append_field(line, change, change.fields[i]);
    }
    line += '}';
  }
  if (change.base) {
    line += ",\"b\":";
    append_version(line, *change.base);
  }
  if (change.continues) line += ",\"tx\":true";
  if (change.uid) append_text_member(line, "uid", to_string(*change.uid));
  if (change.resolves) append_text_member(line, "cf", to_string(*change.resolves));
  if (change.reopens) line += ",\"cfo\":true";
  append_text_member(line, "hlc", to_string(change.hlc));
  if (change.wall) append_text_member(line, "wall", format_timestamp(*change.wall));
  append_text_member(line, "by", change.actor);
  if (!change.actor_name.empty()) append_text_member(line, "as", change.actor_name);
  append_text_member(line, "src", change.source);
  if (!change.request.empty()) append_text_member(line, "rq", change.request);
  if (!change.reason.empty()) append_text_member(line, "why", change.reason);
  fmt::format_to(std::back_inserter(line), FMT_COMPILE(",\"sv\":{}}}"), change.schema);
  return line;
}

Result<Change> decode_change(std::string_view line) {
  SKERRY_TRY(const json::object object,
             parse_json_object(line, {.depth_max = 16, .fractions = true}));
  for (const auto& [name, value] : object)
    if (name != "f" && has_fraction(value))
      return fail(Errc::bad_json,
                  fmt::format("member {} holds a fraction", std::string_view(name)));
  LineReader reader(object);
  const json::value* schema = reader.member("sv", true);
  if (reader.text("k", true) != "chg" || !schema || !schema->is_int64())
    return fail(Errc::bad_json, "the line is not a change");
  if (schema->get_int64() > schema_version)
    return fail(Errc::unsupported_version,
                fmt::format("the row has schema {}, this program knows {}", schema->get_int64(),
                            schema_version));
  Change change;
  change.schema = static_cast<int>(schema->get_int64());
  change.kind = find_kind(reader.text("t", true));
  if (!change.kind) reader.refuse("t", "names no kind of record");
  const auto op = parse_op(reader.text("op", true));
  if (!op) reader.refuse("op", "must be new, set, del or undel");
  change.record = reader.id<RecordId>("id", true).value_or(RecordId{});
  change.uid = reader.id<ChangeUid>("uid", false);
  change.resolves = reader.id<RecordId>("cf", false);
  change.base = reader.version("b");
  const auto hlc = parse_hlc(reader.text("hlc", true));
  if (!hlc) reader.refuse("hlc", "must be a stamp");
  const json::value* tx = reader.member("tx", false);
  if (tx && (!tx->is_bool() || !tx->get_bool())) reader.refuse("tx", "must be true");
  change.continues = tx != nullptr;
  const json::value* reopens = reader.member("cfo", false);
  if (reopens && (!reopens->is_bool() || !reopens->get_bool() || !change.resolves))
    reader.refuse("cfo", "must be true, beside cf");
  change.reopens = reopens != nullptr;
  if (const std::string_view wall = reader.text("wall", false); !wall.empty()) {
    change.wall = parse_timestamp(wall);
    if (!change.wall) reader.refuse("wall", "must be a time");
  }
  change.actor = reader.text("by", true);
  change.actor_name = reader.text("as", false);
  change.source = reader.text("src", true);
  change.request = reader.text("rq", false);
  change.reason = reader.text("why", false);
  if (count_characters(change.reason) > reason_characters_max)
    reader.refuse("why", "is over 200 characters");
  const json::value* fields = reader.member("f", op && *op != ChangeOp::remove);
  if (fields && !fields->is_object()) reader.refuse("f", "must be an object");
  if (reader.error()) return fail(Errc::validation_failed, *reader.error());
  change.hlc = *hlc;
  change.op = *op;
  if (fields) {
    std::vector<FieldError> errors;
    read_fields(fields->get_object(), change, errors);
    if (!errors.empty()) {
      const std::string detail = fmt::format("{}: {}", errors[0].pointer, errors[0].detail);
      return fail(Error(Errc::validation_failed, detail, {}, std::move(errors)));
    }
  }
  return change;
}

std::string_view to_text(ChangeOp op) { return op_names[static_cast<std::size_t>(op)]; }

std::string_view to_text(Disposition disposition) {
  return disposition_names[static_cast<std::size_t>(disposition)];
}

std::optional<Disposition> parse_disposition(std::string_view text) {
  for (std::size_t i = 0; i < disposition_names.size(); ++i)
    if (disposition_names[i] == text) return static_cast<Disposition>(i);
  return std::nullopt;
}

json::value to_json(Version version) { return json::array{version.ord, version.n}; }

std::optional<Version> version_from_json(const json::value& value) {
  const json::array* pair = value.if_array();
  if (!pair || pair->size() != 2) return std::nullopt;
  const std::int64_t* ord = (*pair)[0].if_int64();
  const std::int64_t* n = (*pair)[1].if_int64();
  if (!ord || !n || *ord < 0 || *n < 0) return std::nullopt;
  return Version{*ord, *n};
}

}  // namespace skerry
