#include "api/handlers/trust.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/timestamp.hpp"
#include "crypto/fingerprint.hpp"
#include "store/trust.hpp"
#include "sync/trust_office.hpp"

namespace skerry::api {
namespace {

constexpr UnixMillis expiry_notice_ms = 30ll * 24 * 3600 * 1000;

template <class Key>
json::array texts_of(const std::vector<Key>& keys) {
  json::array texts;
  for (const Key& key : keys) texts.push_back(json::string(key.to_text()));
  return texts;
}

// The database was put back to before a generation that the anchor knows of.
std::optional<std::pair<std::string, std::string>> note_of_missing(store::Connection& connection,
                                                                   bool central) {
  const auto newest = store::newest_trust(connection);
  const std::int64_t held = newest ? newest->generation : 0;
  const std::int64_t seen = store::trust_seen(connection);
  if (held >= seen) return std::nullopt;
  if (!central)
    return std::pair(fmt::format("generation {} of trust was in force here before the database was "
                                 "put back, which has {}: what comes with less is refused, and no "
                                 "changes go out, since the keys it knows may be revoked",
                                 seen, held),
                     std::string("an exchange there and back: central sends what is missing; or "
                                 "skerry trust adopt FILE"));
  return std::pair(
      fmt::format("generation {} of trust was in force here before the database was put back, "
                  "which has {}: sites refuse what it sends",
                  seen, held),
      "skerry trust adopt FILE, with the missing ones; where they are gone: " +
          sync::remedy_of_later(seen));
}

}  // namespace

json::object trust_json(const sync::Trust& trust, UnixMillis now) {
  const bool rooted = trust.generation > 0;
  json::array roots;
  for (const crypto::VerifyKey& root : trust.roots)
    roots.push_back(json::object{{"key", root.key_id()}, {"sign_key", root.to_text()}});
  json::object object{{"generation", trust.generation},
                      {"threshold", trust.threshold},
                      {"roots", std::move(roots)},
                      {"central", trust.central_name},
                      {"fingerprint", crypto::fingerprint_words(trust_fingerprint(trust))},
                      {"sign_keys", texts_of(trust.signing_keys)},
                      {"recipients", texts_of(trust.recipients)},
                      {"revoked", json::array(trust.revoked.begin(), trust.revoked.end())},
                      {"expired", rooted && trust.expires_at <= now}};
  object["made_at"] = rooted ? json::value(format_timestamp(trust.made_at)) : json::value();
  object["expires_at"] = rooted ? json::value(format_timestamp(trust.expires_at)) : json::value();
  return object;
}

std::optional<std::pair<std::string, std::string>> note_of_trust(store::Connection& connection,
                                                                 const Context& context) {
  const bool central = context.role == Role::central;
  if (auto note = note_of_missing(connection, central)) return note;
  if (!store::newest_trust(connection)) return std::nullopt;
  const auto trust = sync::load_trust(connection);
  if (!trust)
    return std::pair("the trust that is kept here cannot be read: " + trust.error().detail,
                     std::string("restore a backup"));
  const auto& keys = trust->signing_keys;
  if (central &&
      std::find(keys.begin(), keys.end(), context.node.keys.sign.verify_key()) == keys.end())
    return std::pair(fmt::format("generation {} of trust names another key for central than this "
                                 "machine has: sites refuse what it sends",
                                 trust->generation),
                     std::string("skerry trust rotate FILE --central-keys, have the holders sign "
                                 "it, skerry trust adopt FILE"));
  const UnixMillis now = context.node.clock.wall_ms();
  if (trust->expires_at > now + expiry_notice_ms) return std::nullopt;
  return std::pair(
      fmt::format("generation {} of trust {} on {}; it goes on to be believed", trust->generation,
                  trust->expires_at <= now ? "expired" : "expires",
                  format_timestamp(trust->expires_at)),
      std::string(central ? "skerry trust rotate FILE, have the holders sign it, skerry trust "
                            "adopt FILE"
                          : "the next one comes from central with an exchange"));
}

Result<Response> get_trust(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  SKERRY_TRY(const sync::Trust trust, sync::trust_of(context.node));
  json::object answer = trust_json(trust, context.node.clock.wall_ms());
  const store::Reader reader = context.node.database.read();
  const auto newest = store::newest_trust(*reader);
  answer["adopted_at"] = newest ? json::value(format_timestamp(newest->adopted_at)) : json::value();
  answer["sites_behind"] = context.role == Role::central && newest
                               ? store::count_sites_behind(*reader, newest->generation)
                               : 0;
  answer["new_keys_unconfirmed"] = store::list_new_keys(*reader).size();
  return Response::json(200, answer);
}

}  // namespace skerry::api
