#include "sync/manifest.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>

#include "core/check.hpp"
#include "core/timestamp.hpp"
#include "sync/bundle_limits.hpp"
#include "sync/json_fields.hpp"
#include "sync/line_reader.hpp"
#include "sync/ustar.hpp"

namespace skerry::sync {
namespace {

template <class Enum>
struct Spelling {
  Enum value;
  std::string_view text;
};

constexpr std::array kinds{
    Spelling<BundleKind>{BundleKind::changes, "changes"},
    Spelling<BundleKind>{BundleKind::state, "state"},
    Spelling<BundleKind>{BundleKind::snapshot, "snapshot"},
    Spelling<BundleKind>{BundleKind::invitation, "invitation"},
    Spelling<BundleKind>{BundleKind::enrol, "enrol"},
    Spelling<BundleKind>{BundleKind::enrol_ack, "enrol_ack"},
    Spelling<BundleKind>{BundleKind::trust, "trust"},
    Spelling<BundleKind>{BundleKind::handover, "handover"},
    Spelling<BundleKind>{BundleKind::saved, "saved"},
};
constexpr std::array roles{
    Spelling<Role>{Role::site, "site"},
    Spelling<Role>{Role::central, "central"},
};
constexpr std::array clock_sources{
    Spelling<ClockSource>{ClockSource::ntp, "ntp"},
    Spelling<ClockSource>{ClockSource::operator_set, "operator"},
    Spelling<ClockSource>{ClockSource::none, "none"},
};
constexpr std::array encryptions{
    Spelling<PayloadEncryption>{PayloadEncryption::age_v1, "age-v1"},
    Spelling<PayloadEncryption>{PayloadEncryption::none, "none"},
};
constexpr std::array<std::string_view, 8> members{"_type", "kind",     "id",    "from",
                                                  "to",    "producer", "clock", "payload"};

constexpr std::string_view compression = "zstd";
constexpr std::size_t formats_max = 16;
constexpr std::size_t app_bytes_max = 64;
constexpr std::size_t word_bytes_max = 32;
constexpr std::size_t key_id_digits = 16;

template <class Table, class Enum>
std::string_view spell(const Table& table, Enum value) {
  for (const auto& entry : table)
    if (entry.value == value) return entry.text;
  SKERRY_CHECK(false);
}

template <class Table>
auto read_word(JsonFields& fields, std::string_view name, const Table& table) {
  const std::string text = fields.text(name, word_bytes_max);
  for (const auto& entry : table)
    if (entry.text == text) return entry.value;
  if (!text.empty()) {
    std::string expected;
    for (const auto& entry : table)
      expected += (expected.empty() ? "" : ", ") + std::string(entry.text);
    fields.refuse(name, "unknown_value", fmt::format("one of {} is expected", expected));
  }
  return table.front().value;
}

json::object party_object(const Party& party) {
  return {{"role", to_text(party.role)}, {"id", to_string(party.id)}};
}

Party read_party(JsonFields& fields) {
  Party party;
  party.role = read_word(fields, "role", roles);
  party.id = fields.id<SiteId>("id");
  if (party.id.is_zero() != (party.role == Role::central))
    fields.refuse("id", "bad_id", "central has the zero id, a site never has");
  return party;
}

Party read_party(JsonFields& fields, std::string_view name) {
  std::optional<JsonFields> inner = fields.object(name);
  if (!inner) return {};
  const Party party = read_party(*inner);
  inner->refuse_unread();
  return party;
}

Sender read_sender(JsonFields& fields) {
  std::optional<JsonFields> inner = fields.object("from");
  if (!inner) return {};
  Sender sender;
  sender.party = read_party(*inner);
  sender.epoch = inner->id<EpochId>("epoch");
  sender.key = inner->text("key", key_id_digits);
  if (!sender.key.empty() && !crypto::is_key_id(sender.key))
    inner->refuse("key", "bad_key_id", "16 hexadecimal digits in lower case are expected");
  inner->refuse_unread();
  return sender;
}

Producer read_producer(JsonFields& fields) {
  std::optional<JsonFields> inner = fields.object("producer");
  if (!inner) return {};
  constexpr int number_max = std::numeric_limits<int>::max();
  Producer producer;
  producer.app = inner->text("app", app_bytes_max);
  if (const json::array* formats = inner->array("formats", formats_max)) {
    for (const json::value& format : *formats) {
      const std::int64_t previous = producer.formats.empty() ? 0 : producer.formats.back();
      const std::int64_t* number = format.if_int64();
      if (number == nullptr || *number <= previous || *number > number_max) {
        inner->refuse("formats", "bad_formats", "ascending integers from 1 are expected");
        break;
      }
      producer.formats.push_back(static_cast<int>(*number));
    }
  }
  producer.schema = static_cast<int>(inner->integer("schema", 0, number_max));
  producer.schema_min = static_cast<int>(inner->integer("schema_min", 0, number_max));
  inner->refuse_unread();
  return producer;
}

ClockState read_clock(JsonFields& fields) {
  std::optional<JsonFields> inner = fields.object("clock");
  if (!inner) return {};
  ClockState clock;
  const std::string hlc = inner->text("hlc", word_bytes_max);
  const std::optional<HlcStamp> stamp = parse_hlc(hlc);
  if (stamp && to_string(*stamp) == hlc) {
    clock.hlc = *stamp;
  } else if (!hlc.empty()) {
    inner->refuse("hlc", "bad_stamp", "12 and 4 hexadecimal digits are expected");
  }
  clock.wall = inner->time("wall");
  clock.source = read_word(*inner, "src", clock_sources);
  inner->refuse_unread();
  return clock;
}

std::optional<PayloadInfo> read_payload(JsonFields& fields) {
  if (!fields.has("payload")) return std::nullopt;
  std::optional<JsonFields> inner = fields.object("payload");
  if (!inner) return std::nullopt;
  constexpr std::int64_t size_max = (std::int64_t{1} << 53) - 1;
  PayloadInfo payload;
  payload.encryption = read_word(*inner, "enc", encryptions);
  if (inner->text("comp", word_bytes_max) != compression)
    inner->refuse("comp", "unknown_value", "zstd is expected");
  payload.size = static_cast<std::uint64_t>(
      inner->integer("size", 1, static_cast<std::int64_t>(ustar_size_max)));
  payload.sha256 = inner->hash("sha256");
  payload.plain_size = static_cast<std::uint64_t>(inner->integer("plain_size", 1, size_max));
  payload.plain_sha256 = inner->hash("plain_sha256");
  payload.lines = static_cast<std::uint64_t>(inner->integer("lines", 1, size_max));
  inner->refuse_unread();
  return payload;
}

json::object sender_object(const Sender& sender) {
  json::object object = party_object(sender.party);
  object.emplace("epoch", to_string(sender.epoch));
  object.emplace("key", sender.key);
  return object;
}

json::object producer_object(const Producer& producer) {
  return {{"app", producer.app},
          {"formats", json::array(producer.formats.begin(), producer.formats.end())},
          {"schema", producer.schema},
          {"schema_min", producer.schema_min}};
}

json::object clock_object(const ClockState& clock) {
  return {{"hlc", to_string(clock.hlc)},
          {"wall", format_timestamp(clock.wall)},
          {"src", spell(clock_sources, clock.source)}};
}

json::object payload_object(const PayloadInfo& payload) {
  return {{"enc", spell(encryptions, payload.encryption)},
          {"comp", compression},
          {"size", payload.size},
          {"sha256", to_hex(payload.sha256)},
          {"plain_size", payload.plain_size},
          {"plain_sha256", to_hex(payload.plain_sha256)},
          {"lines", payload.lines}};
}

}  // namespace

std::string_view to_string(BundleKind kind) { return spell(kinds, kind); }
std::string to_string(const Party& party) {
  return party.role == Role::central ? "central" : to_string(party.id);
}

bool is_manifest_member(std::string_view name) {
  return std::find(members.begin(), members.end(), name) != members.end();
}

Result<std::string> encode_manifest(const Manifest& manifest) {
  json::object object;
  object.emplace("_type", manifest_type);
  object.emplace("kind", to_string(manifest.kind));
  object.emplace("id", to_string(manifest.id));
  object.emplace("from", sender_object(manifest.from));
  object.emplace("to", party_object(manifest.to));
  for (const auto& member : manifest.extra) {
    SKERRY_CHECK(!is_manifest_member(member.key()));
    object.emplace(member.key(), member.value());
  }
  object.emplace("producer", producer_object(manifest.producer));
  object.emplace("clock", clock_object(manifest.clock));
  if (manifest.payload) object.emplace("payload", payload_object(*manifest.payload));
  std::string text = json::serialize(object);
  if (text.size() > manifest_bytes_max)
    return fail(Errc::limit_exceeded,
                fmt::format("the manifest has {} bytes, at most {} are allowed", text.size(),
                            manifest_bytes_max));
  return text;
}

Result<Manifest> parse_manifest(std::string_view text) {
  if (text.size() > manifest_bytes_max)
    return fail(Errc::limit_exceeded,
                fmt::format("the manifest is longer than {} bytes", manifest_bytes_max));
  const Result<json::object> object = parse_json_object(text, JsonLimits{json_depth_max});
  if (!object) return fail(Errc::corrupt_bundle, "manifest.json: " + object.error().detail);
  SKERRY_TRY_VOID(check_type(*object, manifest_type));

  std::vector<FieldError> errors;
  JsonFields fields(*object, "", errors);
  fields.text("_type", word_bytes_max);
  Manifest manifest;
  manifest.kind = read_word(fields, "kind", kinds);
  manifest.id = fields.id<BundleId>("id");
  manifest.from = read_sender(fields);
  manifest.to = read_party(fields, "to");
  manifest.producer = read_producer(fields);
  manifest.clock = read_clock(fields);
  manifest.payload = read_payload(fields);
  SKERRY_TRY_VOID(refuse_if_any(std::move(errors), "manifest.json"));
  manifest.extra = fields.unread();
  return manifest;
}

std::string encode_payload_head(const PayloadHead& head) {
  return json::serialize(json::object{{"k", "head"},
                                      {"_type", payload_head_type},
                                      {"from", party_object(head.from)},
                                      {"epoch", to_string(head.epoch)},
                                      {"to", party_object(head.to)},
                                      {"salt", to_hex(head.salt)},
                                      {"bundle", to_string(head.bundle)}});
}

Result<PayloadHead> parse_payload_head(std::string_view line) {
  SKERRY_TRY(const json::object object, parse_payload_line(line, 1));
  SKERRY_TRY_VOID(check_type(object, payload_head_type));
  std::vector<FieldError> errors;
  JsonFields fields(object, "", errors);
  fields.text("_type", word_bytes_max);
  if (fields.text("k", word_bytes_max) != "head")
    fields.refuse("k", "unknown_value", "head is expected");
  PayloadHead head;
  head.from = read_party(fields, "from");
  head.epoch = fields.id<EpochId>("epoch");
  head.to = read_party(fields, "to");
  head.salt = fields.hash("salt");
  head.bundle = fields.id<BundleId>("bundle");
  fields.refuse_unread();
  SKERRY_TRY_VOID(refuse_if_any(std::move(errors), "line 1"));
  return head;
}

}  // namespace skerry::sync
