#include "sync/backup/manifest.hpp"

#include <fmt/format.h>
#include <limits>

#include "core/timestamp.hpp"
#include "sync/bundle_limits.hpp"
#include "sync/json_fields.hpp"
#include "sync/ustar.hpp"

namespace skerry::sync {
namespace {

constexpr std::int64_t count_max = (std::int64_t{1} << 53) - 1;
constexpr std::size_t sites_max = 100'000;
constexpr std::size_t name_bytes_max = 1024;  // 255 characters
constexpr std::size_t keys_bytes_max = 16 * 1024;
constexpr std::size_t word_bytes_max = 64;
constexpr std::size_t recipient_bytes_max = 128;
constexpr std::size_t key_id_digits = 16;
constexpr std::string_view encryption = "age-v1";
constexpr std::string_view compression = "zstd";

json::object machine_json(const BackupManifest& manifest) {
  const store::Identity& identity = manifest.facts.identity;
  return {{"role", to_text(identity.role)},
          {"id", to_string(identity.id)},
          {"name", identity.name},
          {"key", manifest.key}};
}

json::object log_json(const BackupFacts& facts) {
  return {{"epoch", to_string(facts.epoch)},
          {"ord", facts.ord},
          {"head", facts.head},
          {"hash", to_hex(facts.hash)},
          {"rows", facts.rows}};
}

// The nonce of a life is the id of the epoch in which central's log goes on.
json::object upstream_json(const DownPosition& position) {
  EpochId epoch;
  epoch.bytes = position.life.nonce;
  return {{"epoch", to_string(epoch)},
          {"ord", position.life.ord},
          {"n", position.n},
          {"hash", to_hex(position.hash)}};
}

json::array sites_json(const std::vector<store::DurableHead>& sites) {
  json::array heads;
  for (const store::DurableHead& site : sites)
    heads.push_back(json::array{to_string(site.epoch), site.head, to_hex(site.hash)});
  return heads;
}

json::object records_json(const BackupFacts& facts) {
  json::object counts;
  for (const auto& [kind, count] : facts.records) counts[kind] = count;
  return counts;
}

json::object payload_json(const BackupPayload& payload) {
  return {{"enc", encryption},
          {"comp", compression},
          {"size", payload.size},
          {"sha256", to_hex(payload.sha256)},
          {"plain_size", payload.plain_size},
          {"plain_sha256", to_hex(payload.plain_sha256)}};
}

void read_machine(JsonFields& fields, BackupManifest& manifest) {
  auto inner = fields.object("machine");
  if (!inner) return;
  store::Identity& identity = manifest.facts.identity;
  const std::string role = inner->text("role", word_bytes_max);
  if (const auto parsed = parse_role(role))
    identity.role = *parsed;
  else if (!role.empty())
    inner->refuse("role", "unknown_value", "site or central is expected");
  identity.id = inner->id<SiteId>("id");
  identity.name = inner->text("name", name_bytes_max);
  manifest.key = inner->text("key", key_id_digits);
  if (!crypto::is_key_id(manifest.key))
    inner->refuse("key", "bad_key_id", "16 hexadecimal digits in lower case are expected");
}

void read_log(JsonFields& fields, BackupFacts& facts) {
  auto inner = fields.object("log");
  if (!inner) return;
  facts.epoch = inner->id<EpochId>("epoch");
  facts.ord = inner->integer("ord", 0, count_max);
  facts.head = inner->integer("head", 0, count_max);
  facts.hash = inner->hash("hash");
  facts.rows = inner->integer("rows", 0, count_max);
}

std::optional<DownPosition> read_upstream(JsonFields& fields) {
  if (!fields.has("upstream")) return std::nullopt;
  auto inner = fields.object("upstream");
  if (!inner) return std::nullopt;
  DownPosition position;
  position.life.nonce = inner->id<EpochId>("epoch").bytes;
  position.life.ord = inner->integer("ord", 0, count_max);
  position.n = inner->integer("n", 0, count_max);
  position.hash = inner->hash("hash");
  return position;
}

void read_sites(JsonFields& fields, BackupFacts& facts) {
  const json::array* heads = fields.array("sites", sites_max);
  if (heads == nullptr) return;
  for (const json::value& element : *heads) {
    const json::array* head = element.if_array();
    const bool shaped = head && head->size() == 3 && (*head)[0].is_string() &&
                        (*head)[1].is_int64() && (*head)[2].is_string();
    const auto epoch = shaped ? parse_id<EpochId>((*head)[0].get_string()) : std::nullopt;
    const auto hash = shaped ? hash_from_hex((*head)[2].get_string()) : std::nullopt;
    if (!epoch || !hash)
      return fields.refuse("sites", "bad_head", "triples [epoch,head,hash] are expected");
    facts.sites.push_back({*epoch, (*head)[1].get_int64(), *hash});
  }
}

void read_records(JsonFields& fields, BackupFacts& facts) {
  const auto inner = fields.object("records");
  if (!inner) return;
  for (const auto& [kind, count] : inner->unread()) {
    if (!count.is_int64() || count.get_int64() < 0)
      return fields.refuse("records", "bad_count", "counts are expected");
    facts.records.emplace_back(kind, count.get_int64());
  }
}

void read_producer(JsonFields& fields, BackupManifest& manifest) {
  auto inner = fields.object("producer");
  if (!inner) return;
  manifest.app = inner->text("app", word_bytes_max);
  manifest.facts.schema = inner->integer("schema", 0, std::numeric_limits<int>::max());
  manifest.facts.migration = inner->integer("migration", 0, std::numeric_limits<int>::max());
}

void read_payload(JsonFields& fields, BackupPayload& payload) {
  auto inner = fields.object("payload");
  if (!inner) return;
  if (inner->text("enc", word_bytes_max) != encryption)
    inner->refuse("enc", "unknown_value", "age-v1 is expected");
  if (inner->text("comp", word_bytes_max) != compression)
    inner->refuse("comp", "unknown_value", "zstd is expected");
  payload.size = static_cast<std::uint64_t>(
      inner->integer("size", 1, static_cast<std::int64_t>(ustar_size_max)));
  payload.sha256 = inner->hash("sha256");
  payload.plain_size = static_cast<std::uint64_t>(inner->integer("plain_size", 1, count_max));
  payload.plain_sha256 = inner->hash("plain_sha256");
}

}  // namespace

Result<std::string> encode_backup_manifest(const BackupManifest& manifest) {
  const BackupFacts& facts = manifest.facts;
  json::object object{{"_type", backup_type},
                      {"id", to_string(manifest.id)},
                      {"created_at", format_timestamp(manifest.created_at)},
                      {"machine", machine_json(manifest)},
                      {"log", log_json(facts)}};
  if (facts.upstream) object["upstream"] = upstream_json(*facts.upstream);
  object["sites"] = sites_json(facts.sites);
  object["records"] = records_json(facts);
  object["digest"] = to_hex(facts.digest);
  object["producer"] =
      json::object{{"app", manifest.app}, {"schema", facts.schema}, {"migration", facts.migration}};
  object["recovery"] = manifest.recovery;
  object["keys"] = manifest.keys;
  object["payload"] = payload_json(manifest.payload);
  std::string text = json::serialize(object);
  if (text.size() > backup_manifest_bytes_max)
    return fail(Errc::limit_exceeded,
                fmt::format("the manifest has {} bytes, at most {} are allowed", text.size(),
                            backup_manifest_bytes_max));
  return text;
}

Result<BackupManifest> parse_backup_manifest(std::string_view text) {
  const auto object = parse_json_object(text, JsonLimits{json_depth_max});
  if (!object) return fail(Errc::corrupt_bundle, "manifest.json: " + object.error().detail);
  SKERRY_TRY_VOID(check_type(*object, backup_type));
  std::vector<FieldError> errors;
  JsonFields fields(*object, "", errors);
  BackupManifest manifest;
  manifest.id = fields.id<BackupId>("id");
  manifest.created_at = fields.time("created_at");
  read_machine(fields, manifest);
  read_log(fields, manifest.facts);
  manifest.facts.upstream = read_upstream(fields);
  read_sites(fields, manifest.facts);
  read_records(fields, manifest.facts);
  manifest.facts.digest = fields.hash("digest");
  read_producer(fields, manifest);
  manifest.recovery = fields.text("recovery", recipient_bytes_max);
  manifest.keys = fields.text("keys", keys_bytes_max);
  read_payload(fields, manifest.payload);
  SKERRY_TRY_VOID(refuse_if_any(std::move(errors), "manifest.json"));
  return manifest;
}

}  // namespace skerry::sync
