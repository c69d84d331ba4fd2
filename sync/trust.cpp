#include "sync/trust.hpp"

#include "core/json_text.hpp"
#include "crypto/sha256.hpp"
#include "store/identity.hpp"

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
  return {{"version", trust.version},
          {"central", trust.central_name},
          {"signing_keys", std::move(keys)},
          {"recipients", std::move(recipients)},
          {"revoked", json::array(trust.revoked.begin(), trust.revoked.end())}};
}

Result<Trust> read_trust(const json::object& object) {
  Trust trust;
  const json::value* version = object.if_contains("version");
  if (!version || !version->is_int64()) return damaged("lacks its version");
  trust.version = version->get_int64();
  if (const json::value* name = object.if_contains("central"); name && name->is_string())
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
  if (trust.signing_keys.empty() || trust.recipients.empty()) return damaged("names no keys");
  return trust;
}

Hash trust_fingerprint(const Trust& trust) {
  crypto::Sha256 hash;
  for (const auto& key : trust.signing_keys) hash.update(key.raw());
  return hash.finish();
}

Result<Trust> load_trust(store::Connection& connection) {
  const auto text = store::read_meta(connection, trust_key);
  if (!text) return fail(Errc::not_enrolled, "this site has no central yet", "skerry enrol FILE");
  SKERRY_TRY(const json::object object, parse_json_object(*text));
  return read_trust(object);
}

void save_trust(store::Connection& connection, const Trust& trust) {
  store::write_meta(connection, trust_key, to_json_text(to_json(trust)));
}

}  // namespace skerry::sync
