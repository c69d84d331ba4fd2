#include "licensing/usage_facts.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/check.hpp"
#include "core/log.hpp"
#include "core/timestamp.hpp"
#include "crypto/sha256.hpp"
#include "licensing/relay_licences.hpp"
#include "store/log_event.hpp"

namespace skerry::licensing {
namespace {

constexpr std::string_view key_name = "usage_digest_key";  // of table meta
constexpr std::size_t shown_digits = 32;

Hash digest_key(store::Connection& connection, Random& random) {
  if (const auto known = store::read_meta(connection, key_name)) {
    const auto key = hash_from_hex(*known);
    SKERRY_CHECK(key.has_value());
    return *key;
  }
  Hash key{};
  random.fill(key);
  const std::string text = to_hex(key);
  store::write_meta(connection, key_name, text);
  return key;
}

// What happened to one seat has one id, whatever machine was put back and notes it again: a UUID of
// version 7 of its time and of what it says.
RecordId id_of(const UsageKey& key) {
  const std::string what =
      fmt::format("{} {} {}", to_text(key.what), to_string(key.activation), key.at);
  const Hash hash = crypto::sha256(as_bytes(what));
  RecordId id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i)
    id.bytes[i] = i < 6 ? static_cast<std::uint8_t>(key.at >> (8 * (5 - i))) : hash[i];
  id.bytes[6] = static_cast<std::uint8_t>(0x70 | (id.bytes[6] & 0x0f));
  id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

}  // namespace

std::optional<Redaction> parse_redaction(std::string_view text) {
  if (text == "none") return Redaction::none;
  if (text == "users") return Redaction::users;
  if (text == "all") return Redaction::all;
  return std::nullopt;
}

// The key is this machine's and in its backups alone: nobody else can try names out.
std::string UsageFacts::redacted(store::Connection& connection, std::string_view kind,
                                 const std::string& name) {
  if (name.empty()) return name;
  const Hash key = digest_key(connection, random_);
  std::string message(kind);
  message.append(1, '\0').append(name);
  return "hmac:" + to_hex(crypto::hmac_sha256(key, as_bytes(message))).substr(0, shown_digits);
}

SeatPolicy UsageFacts::told(store::Connection& connection, SeatPolicy policy) {
  if (redaction_ == Redaction::none) return policy;
  const auto redact = [&](std::vector<std::string>& names) {
    for (std::string& name : names) name = redacted(connection, "user", name);
  };
  redact(policy.named_users);
  for (SeatPolicy::Reservation& each : policy.reservations) redact(each.users);
  return policy;
}

Result<void> UsageFacts::write_fact(store::Connection& connection, store::RecordWriter& writer,
                                    const std::string& says, const UsageNote& note) {
  const Kind& kind = *find_kind("usage_fact");
  FieldValues values;
  const auto put = [&](std::string_view field, json::value value) {
    const int position = kind.find_field(field);
    SKERRY_CHECK(position >= 0);
    values.push_back({static_cast<std::size_t>(position), std::move(value)});
  };
  const auto put_text = [&](std::string_view field, const std::string& text) {
    if (!text.empty()) put(field, json::value(text));
  };
  const UsageKey& key = note.key;
  put("entitlement", json::value(to_string(key.entitlement)));
  put("site", json::value(says));
  put("what", json::value(to_text(key.what)));
  put("at", json::value(format_timestamp(key.at)));
  if (!key.activation.is_zero()) put("activation", json::value(to_string(key.activation)));
  const bool hides_machines = redaction_ == Redaction::all;
  const bool hides_users = redaction_ != Redaction::none;
  put_text("machine", hides_machines ? redacted(connection, "machine", key.machine) : key.machine);
  put_text("user", hides_users ? redacted(connection, "user", key.user) : key.user);
  put_text("feature", key.feature);
  put("amount", json::value(note.amount));
  const RecordId id = is_counted(key.what) ? new_record_id(log_.wall_ms(), random_) : id_of(key);
  if (store::find_record(connection, kind, id)) return {};  // central has told what was said before
  return writer.make(kind, id, std::move(values), store::own_initiative()).map([](const auto&) {});
}

Result<UsageFacts::Written> UsageFacts::write(store::Connection& connection, UnixMillis now,
                                              bool close) {
  const auto self = store::read_identity(connection);
  if (!self || !log_.check_writable()) return Written{};
  const std::string says = self->role == Role::central ? "central" : to_string(self->id);
  store::RecordWriter writer(connection, log_, self->role, random_);
  const std::vector<UsageNote> notes = take_notes(connection, now, close, facts_max);
  Written done{0, notes.size() == facts_max};
  for (const UsageNote& note : notes) {
    const auto written = write_fact(connection, writer, says, note);
    if (written) {
      ++done.facts;
      continue;
    }
    if (find_relay_licence(connection, note.key.entitlement)) continue;  // no entitlement of ours
    // The entitlement went while this was noted: nobody is left to whom it could be told.
    if (written.error().code != Errc::reference_not_found)
      return tl::unexpected<Error>(written.error());
    log(Level::warning, "of an entitlement that is not here any more: one {}",
        to_text(note.key.what));
  }
  if (self->role == Role::central && !notes.empty())
    start_activated(connection, writer, log_.wall_ms(), store::own_initiative());
  return done;
}

Result<void> UsageFacts::confirm_of(store::Connection& connection,
                                    std::optional<RecordId> entitlement,
                                    const LeasedUntil& leased) {
  const auto self = store::read_identity(connection);
  if (!self || self->role != Role::site || !log_.check_writable()) return {};
  store::RecordWriter writer(connection, log_, self->role, random_);
  return confirm_allocations(connection, writer, *self, random_, log_.wall_ms(),
                             store::own_initiative(), entitlement, leased)
      .map([](std::size_t) {});
}

Result<void> UsageFacts::confirm(store::Connection& connection, const std::vector<RecordId>& freed,
                                 const LeasedUntil& leased) {
  for (const RecordId& entitlement : freed)
    SKERRY_TRY_VOID(confirm_of(connection, entitlement, leased));
  return {};
}

Result<void> UsageFacts::confirm_all(store::Connection& connection, const LeasedUntil& leased) {
  return confirm_of(connection, std::nullopt, leased);
}

std::size_t start_activated(store::Connection& connection, store::RecordWriter& writer,
                            UnixMillis now, const store::Author& author) {
  struct Begun {
    RecordId entitlement;
    UnixMillis at;
  };
  std::vector<Begun> begun;
  {
    auto rows = connection.query(
        "SELECT id,created_at,(SELECT min(at) FROM usage_fact f WHERE f.entitlement=e.id AND "
        "f.what='activation') AS first FROM entitlement e WHERE starts='first_activation' AND "
        "starts_at IS NULL AND first IS NOT NULL ORDER BY id");
    while (rows.next()) {
      const UnixMillis sold = std::min(rows.integer(1), now);
      begun.push_back({rows.id<RecordId>(0), std::clamp(rows.integer(2), sold, now)});
    }
  }
  const Kind& kind = *find_kind("entitlement");
  std::size_t started = 0;
  for (const Begun& each : begun) {
    const auto done = writer.update(
        kind, each.entitlement, {{"starts_at", format_timestamp(each.at)}}, std::nullopt, author);
    if (done)
      ++started;
    else
      log(Level::warning, "{} has begun, and cannot be written: {}", to_string(each.entitlement),
          done.error().detail);
  }
  return started;
}

}  // namespace skerry::licensing
