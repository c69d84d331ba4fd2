#include "licensing/jws.hpp"

#include "core/json_member.hpp"
#include "core/json_text.hpp"

namespace skerry::licensing {
namespace {

Result<json::object> read_part(std::string_view text) {
  const auto bytes = from_base64url(text);
  if (!bytes) return fail(Errc::bad_json, "a part of the signed text is no base64url");
  return parse_json_object(as_text(*bytes), {32, true});
}

}  // namespace

json::object to_jwk(const crypto::VerifyKey& key) {
  return {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", key.to_text()}};
}

json::object jws_header(const crypto::SigningKey& key, std::string_view type) {
  const crypto::VerifyKey shown = key.verify_key();
  return {{"alg", "EdDSA"}, {"typ", type}, {"kid", shown.key_id()}, {"jwk", to_jwk(shown)}};
}

std::string jws_part(const json::object& object) {
  return to_base64url(as_bytes(to_json_text(object)));
}

std::string sign_jws(const crypto::SigningKey& key, std::string_view header_part,
                     const json::object& claims) {
  std::string text(header_part);
  text.append(".").append(jws_part(claims));
  const crypto::Signature signature = key.sign(as_bytes(text));
  return text.append(".").append(to_base64url(signature));
}

Result<json::object> verify_jws(const crypto::VerifyKey& key, std::string_view text,
                                std::string_view type) {
  const auto refuse = [] {
    return fail(Errc::bad_signature, "the signed text is not of this type and key");
  };
  const std::size_t first = text.find('.');
  const std::size_t second = text.rfind('.');
  if (first == std::string_view::npos || first == second) return refuse();
  const auto signature = from_base64url(text.substr(second + 1));
  if (!signature || !key.verify(as_bytes(text.substr(0, second)), *signature)) return refuse();
  const auto header = read_part(text.substr(0, first));
  if (!header || text_of(*header, "typ") != type || text_of(*header, "alg") != "EdDSA")
    return refuse();
  auto claims = read_part(text.substr(first + 1, second - first - 1));
  if (!claims) return refuse();
  return claims;
}

std::string chain_of(std::string_view text) {
  const auto header = read_part(text.substr(0, text.find('.')));
  const json::value* const chain = header ? header->if_contains("chain") : nullptr;
  const json::array* const links = chain ? chain->if_array() : nullptr;
  if (!links || links->size() != 1 || !links->front().is_string()) return {};
  return std::string(links->front().get_string());
}

Result<crypto::VerifyKey> signer_of(std::string_view text) {
  const auto header = read_part(text.substr(0, text.find('.')));
  const json::object* const jwk = header ? object_of(*header, "jwk") : nullptr;
  auto key = jwk ? crypto::VerifyKey::from_text(text_of(*jwk, "x"))
                 : fail(Errc::bad_signature, "the signed text names no key");
  if (!key) return fail(Errc::bad_signature, "the signed text names no key");
  return key;
}

}  // namespace skerry::licensing
