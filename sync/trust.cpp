#include "sync/trust.hpp"

#include <algorithm>

#include "core/json_text.hpp"
#include "crypto/sha256.hpp"
#include "store/identity.hpp"
#include "store/trust.hpp"
#include "sync/trust_chain.hpp"

namespace skerry::sync {
namespace {

constexpr std::string_view trust_key = "trust";

tl::unexpected<Error> damaged(std::string_view what) {
  return fail(Errc::corrupt_bundle, "the trust document " + std::string(what));
}

// The strings of an array member.
Result<std::vector<std::string>> read_texts(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value || !value->is_array()) return damaged("lacks " + std::string(name));
  std::vector<std::string> texts;
  for (const json::value& element : value->get_array()) {
    if (!element.is_string()) return damaged("has a bad " + std::string(name));
    texts.emplace_back(element.get_string());
  }
  return texts;
}

}  // namespace

json::object to_json(const Trust& trust) {
  json::array keys;
  for (const auto& key : trust.signing_keys) keys.push_back(json::string(key.to_text()));
  json::array recipients;
  for (const auto& recipient : trust.recipients)
    recipients.push_back(json::string(recipient.to_text()));
  return {{"version", trust.generation},
          {"central", trust.central_name},
          {"signing_keys", std::move(keys)},
          {"recipients", std::move(recipients)},
          {"revoked", json::array(trust.revoked.begin(), trust.revoked.end())}};
}

Result<Trust> read_trust(const json::object& object) {
  Trust trust;
  const json::value* version = object.if_contains("version");
  if (!version || !version->is_int64() || version->get_int64() < 0)
    return damaged("lacks its version");
  trust.generation = version->get_int64();
  const json::value* name = object.if_contains("central");
  if (!name || !name->is_string()) return damaged("lacks the name of central");
  trust.central_name = name->get_string();
  SKERRY_TRY(const auto keys, read_texts(object, "signing_keys"));
  for (const std::string& text : keys) {
    SKERRY_TRY(auto key, crypto::VerifyKey::from_text(text));
    trust.signing_keys.push_back(std::move(key));
  }
  SKERRY_TRY(const auto recipients, read_texts(object, "recipients"));
  for (const std::string& text : recipients) {
    SKERRY_TRY(auto recipient, crypto::AgeRecipient::parse(text));
    trust.recipients.push_back(recipient);
  }
  SKERRY_TRY(trust.revoked, read_texts(object, "revoked"));
  if (!std::all_of(trust.revoked.begin(), trust.revoked.end(), crypto::is_key_id))
    return damaged("has a bad revoked");
  if (trust.signing_keys.empty() || trust.recipients.empty()) return damaged("names no keys");
  return trust;
}

bool is_revoked(const Trust& trust, const crypto::KeyId& key) {
  return std::find(trust.revoked.begin(), trust.revoked.end(), key) != trust.revoked.end();
}

Hash trust_fingerprint(const Trust& trust) {
  crypto::Sha256 hash;
  for (const auto& key : trust.signing_keys) hash.update(key.raw());
  return hash.finish();
}

Result<Trust> load_trust(store::Connection& connection) {
  if (const auto newest = store::newest_trust(connection)) {
    SKERRY_TRY(const json::value signed_text, parse_json(newest->text));
    SKERRY_TRY(const SignedText generation, read_signed_text(signed_text));
    return parse_generation(generation.text);
  }
  const auto text = store::read_meta(connection, trust_key);
  if (!text) return fail(Errc::not_enrolled, "this site has no central yet", "skerry enrol FILE");
  SKERRY_TRY(const json::object object, parse_json_object(*text));
  SKERRY_TRY(Trust trust, read_trust(object));
  trust.generation = 0;  // whatever the invitation said: no roots came with it
  return trust;
}

void save_trust(store::Connection& connection, const Trust& trust) {
  store::write_meta(connection, trust_key, to_json_text(to_json(trust)));
}

}  // namespace skerry::sync
