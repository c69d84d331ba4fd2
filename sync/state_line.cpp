#include "sync/state_line.hpp"

#include <array>
#include <fmt/format.h>
#include <iterator>

#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "core/kinds/validate.hpp"

namespace skerry::sync {
namespace {

// UUIDv7: the first 48 bits are the time the id was made.
UnixMillis time_of(const RecordId& id) {
  UnixMillis time = 0;
  for (std::size_t i = 0; i < 6; ++i) time = time << 8 | id.bytes[i];
  return time;
}

void append_version(std::string& line, Version version) {
  fmt::format_to(std::back_inserter(line), "[{},{}]", version.ord, version.n);
}

std::string begin_line(std::string_view k, const Kind& kind, const RecordId& id, Version version) {
  std::string line;
  line.reserve(256);
  fmt::format_to(std::back_inserter(line), R"({{"k":"{}","t":"{}","id":"{}","v":)", k, kind.name,
                 to_string(id));
  append_version(line, version);
  return line;
}

tl::unexpected<Error> damaged(std::string detail) {
  return fail(Errc::corrupt_bundle, "a state line " + std::move(detail));
}

struct Subject {
  const Kind* kind;
  RecordId id;
  Version version;
};

Result<Subject> read_subject(const json::object& object) {
  const std::string_view name = text_of(object, "t");
  const Kind* kind = find_kind(name);
  if (!kind)
    return fail(Errc::unsupported_version,
                fmt::format("records of kind '{}' are newer than this program", name),
                "upgrade Skerry here, then import the file again");
  const auto id = parse_id<RecordId>(text_of(object, "id"));
  const json::value* v = object.if_contains("v");
  const auto version = v ? version_from_json(*v) : std::nullopt;
  if (!id || !version || !version->at_central()) return damaged("lacks an id or a version");
  return Subject{kind, *id, *version};
}

Result<Version> field_version(const json::object* versions, std::string_view name, Version every) {
  const json::value* own = versions ? versions->if_contains(name) : nullptr;
  if (!own) return every;
  const auto version = version_from_json(*own);
  if (!version) return damaged("has a version that is none");
  return *version;
}

Result<RecordState> read_record_state(const json::object& object) {
  SKERRY_TRY(const Subject subject, read_subject(object));
  RecordState state;
  state.kind = subject.kind;
  state.id = subject.id;
  state.every = subject.version;
  state.partial = object.if_contains("p") != nullptr;
  const json::value* created = object.if_contains("cr");
  state.created_at = created && created->is_int64() ? created->get_int64() : time_of(subject.id);
  const json::value* f = object.if_contains("f");
  const json::value* vf = object.if_contains("vf");
  if (!f || !f->is_object() || (vf && !vf->is_object())) return damaged("lacks its fields");
  const json::object& fields = f->get_object();
  const json::object* versions = vf ? &vf->get_object() : nullptr;
  std::vector<FieldError> errors;
  std::size_t known = 0;
  state.fields.reserve(state.partial ? fields.size() : subject.kind->fields.size());
  for (std::size_t i = 0; i < subject.kind->fields.size(); ++i) {
    const Field& field = subject.kind->fields[i];
    const json::value* value = fields.if_contains(field.name);
    if (value) ++known;
    if (!value && state.partial) continue;
    SKERRY_TRY(const Version version, field_version(versions, field.name, state.every));
    json::value canonical =
        value ? read_value(field, *value, std::string(field.name), errors) : json::value();
    if (field.required && canonical.is_null() && errors.empty())
      return damaged("lacks a required field");
    state.fields.push_back({i, std::move(canonical), version});
  }
  if (!errors.empty())
    return damaged(fmt::format("has a bad value: {} {}", errors[0].pointer, errors[0].detail));
  if (known != fields.size())
    return fail(Errc::unsupported_version,
                fmt::format("a {} has fields newer than this program", subject.kind->name),
                "upgrade Skerry here, then import the file again");
  return state;
}

Result<ToldResult> read_row_result(const json::object& object) {
  const auto epoch = parse_id<EpochId>(text_of(object, "ep"));
  const json::value* seq = object.if_contains("seq");
  const auto disposition = parse_disposition(text_of(object, "d"));
  if (!epoch || !seq || !seq->is_int64() || seq->get_int64() <= 0 || !disposition)
    return damaged("is no result of a row");
  return ToldResult{*epoch, {seq->get_int64(), *disposition, std::string(text_of(object, "why"))}};
}

}  // namespace

std::string encode_record_state(const store::Record& record, std::int64_t base_n) {
  const Kind& kind = *record.kind;
  const bool partial = base_n > 0 && record.stamps.every().version.n <= base_n;
  const Version every = partial ? newest_version(record) : record.stamps.every().version;
  std::string line = begin_line("rec", kind, record.id, every);
  std::string versions;
  line += ",\"f\":{";
  bool first = true;
  for (std::size_t i = 0; i < kind.fields.size(); ++i) {
    const std::string_view name = kind.fields[i].name;
    const Version version = record.stamps.of(name).version;
    if (partial && version.n <= base_n) continue;
    if (version != every) {
      versions += versions.empty() ? "\"" : ",\"";
      versions += name;
      versions += "\":";
      append_version(versions, version);
    }
    if (!partial && record.values[i].is_null()) continue;
    line += first ? "\"" : ",\"";
    first = false;
    line += name;
    line += "\":";
    append_json(line, record.values[i]);
  }
  line += '}';
  if (!versions.empty()) line += ",\"vf\":{" + versions + '}';
  if (partial) line += ",\"p\":true";
  if (record.created_at != time_of(record.id))
    fmt::format_to(std::back_inserter(line), ",\"cr\":{}", record.created_at);
  line += '}';
  return line;
}

std::string encode_record_gone(const RecordGone& gone) {
  return begin_line(gone.deleted ? "del" : "out", *gone.kind, gone.id, gone.version) + '}';
}

std::string encode_row_result(const ToldResult& told) {
  std::string line =
      fmt::format(R"({{"k":"res","ep":"{}","seq":{},"d":"{}")", to_string(told.epoch),
                  told.result.seq, to_text(told.result.disposition));
  if (!told.result.detail.empty()) {
    line += ",\"why\":";
    append_json_string(line, told.result.detail);
  }
  return line + '}';
}

std::string encode_conflict(const store::Conflict& conflict) {
  json::object object{{"k", "cf"}};
  for (auto& [name, value] : store::to_json(conflict))
    if (!value.is_null()) object[name] = value;
  std::string line = to_json_text(object);
  // The loser's value stands nowhere else at the site; the others do, in its record and its log.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> spared{
      {{"loser", "old"}, {"winner", "old"}, {"resolution", "value"}, {"winner", "value"}}};
  for (const auto& [side, member] : spared) {
    if (line.size() <= change_line_bytes_max) break;
    if (json::value* part = object.if_contains(side); part && part->is_object())
      part->get_object().erase(member);
    line = to_json_text(object);
  }
  return line;
}

Result<StateLine> decode_state_line(std::string_view line) {
  const auto parsed = parse_json_object(line, {.depth_max = 16, .fractions = true});
  if (!parsed) return damaged("is not as it must be: " + parsed.error().detail);
  const json::object& object = *parsed;
  const std::string_view k = text_of(object, "k");
  if (k == "rec")
    return read_record_state(object).map([](auto s) { return StateLine(std::move(s)); });
  if (k == "res")
    return read_row_result(object).map([](auto r) { return StateLine(std::move(r)); });
  if (k == "cf")
    return store::conflict_from_json(object).map([](auto c) { return StateLine(std::move(c)); });
  if (k == "del" || k == "out") {
    SKERRY_TRY(const Subject subject, read_subject(object));
    return StateLine(RecordGone{subject.kind, subject.id, subject.version, k == "del"});
  }
  return fail(Errc::unsupported_version,
              fmt::format("lines of form '{}' are newer than this program", k),
              "upgrade Skerry here, then import the file again");
}

}  // namespace skerry::sync
