#include "licensing/site_certificate.hpp"

#include "core/json_member.hpp"
#include "licensing/jws.hpp"
#include "licensing/lease_token.hpp"
#include "store/identity.hpp"

namespace skerry::licensing {
namespace {

constexpr std::string_view kept_name = "site_certificate";  // of table meta
constexpr std::string_view key_name = "sign_key";           // as sync::remember_keys() writes it

tl::unexpected<Error> refuse() {
  return fail(Errc::bad_signature, "the certificate of the site is not acceptable");
}

}  // namespace

std::string site_certificate(const crypto::SigningKey& central, const SiteId& site,
                             const crypto::VerifyKey& key) {
  return sign_jws(central, jws_part(jws_header(central, site_certificate_type)),
                  {{"iss", "central"}, {"sub", to_string(site)}, {"jwk", to_jwk(key)}});
}

Result<CertifiedSite> verify_site_certificate(const crypto::VerifyKey& central,
                                              std::string_view certificate) {
  SKERRY_TRY(const json::object claims, verify_jws(central, certificate, site_certificate_type));
  const auto site = parse_id<SiteId>(text_of(claims, "sub"));
  const json::object* const jwk = object_of(claims, "jwk");
  if (!site || !jwk || text_of(claims, "iss") != "central") return refuse();
  auto key = crypto::VerifyKey::from_text(text_of(*jwk, "x"));
  if (!key) return refuse();
  return CertifiedSite{*site, *std::move(key)};
}

Result<json::object> verify_lease_token_of(const crypto::VerifyKey& trusted,
                                           std::string_view token) {
  auto direct = verify_lease_token(trusted, token);
  const std::string certificate = chain_of(token);
  if (direct || certificate.empty()) return direct;
  SKERRY_TRY(const CertifiedSite site, verify_site_certificate(trusted, certificate));
  SKERRY_TRY(json::object claims, verify_lease_token(site.key, token));
  if (text_of(claims, "iss") != to_string(site.site)) return refuse();
  return claims;
}

void keep_site_certificate(store::Connection& connection, const crypto::VerifyKey& central,
                           std::string_view certificate) {
  const auto certified = verify_site_certificate(central, certificate);
  const auto self = store::read_identity(connection);
  if (!certified || !self || certified->site != self->id) return;
  if (store::read_meta(connection, key_name) != certified->key.to_text()) return;
  const std::string kept = certified->key.to_text() + " " + std::string(certificate);
  if (store::read_meta(connection, kept_name) == kept) return;
  store::write_meta(connection, kept_name, kept);
}

std::string read_site_certificate(store::Connection& connection) {
  const std::string kept = store::read_meta(connection, kept_name).value_or("");
  const std::string key = store::read_meta(connection, key_name).value_or("");
  const std::size_t blank = kept.find(' ');
  if (key.empty() || blank == std::string::npos || kept.substr(0, blank) != key) return {};
  return kept.substr(blank + 1);
}

}  // namespace skerry::licensing
