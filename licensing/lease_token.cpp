#include "licensing/lease_token.hpp"

#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "core/timestamp.hpp"

namespace skerry::licensing {
namespace {

constexpr std::int64_t second_ms = 1000;

std::string part(const json::object& object) {
  return to_base64url(as_bytes(to_json_text(object)));
}

json::object header_of(const crypto::SigningKey& key) {
  const crypto::VerifyKey shown = key.verify_key();
  return {{"alg", "EdDSA"},
          {"typ", lease_token_type},
          {"kid", shown.key_id()},
          {"jwk", json::object{{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", shown.to_text()}}}};
}

}  // namespace

json::object features_json(const Allowance& allowance) {
  json::object features;
  for (const AllowedFeature& each : allowance.features) {
    if (each.type == FeatureType::boolean) {
      features[each.key] = json::object{{"type", "bool"}, {"enabled", each.enabled}};
      continue;
    }
    features[each.key] = json::object{
        {"type", each.type == FeatureType::usage_count ? "usage_count" : "element_pool"},
        {"amount", each.amount.limit ? json::value(*each.amount.limit) : json::value(nullptr)}};
  }
  return features;
}

std::string lease_token(const crypto::SigningKey& key, std::string_view issuer, const Seat& seat,
                        const Allowance& allowance, UnixMillis now) {
  json::object claims{{"iss", issuer},
                      {"sub", to_string(seat.id)},
                      {"aud", allowance.product_sku},
                      {"iat", now / second_ms},
                      {"exp", seat.until / second_ms},
                      {"seat_id", seat.machine},
                      {"entitlement", to_string(allowance.entitlement)},
                      {"entitlement_expires_at",
                       allowance.expires_at ? json::value(format_timestamp(*allowance.expires_at))
                                            : json::value(nullptr)},
                      {"borrowed", seat.hold == Hold::borrowed},
                      {"features", features_json(allowance)},
                      {"attributes", allowance.attributes}};
  if (seat.hold == Hold::borrowed && !(seat.held.empty() && seat.allotted.empty())) {
    json::object amounts;
    for (const Amounts* const part_of : {&seat.held, &seat.allotted})
      for (const auto& [feature, amount] : *part_of) amounts[feature] = amount;
    claims["amounts"] = std::move(amounts);
  }
  std::string token = part(header_of(key)) + "." + part(claims);
  const crypto::Signature signature = key.sign(as_bytes(token));
  return token.append(".").append(to_base64url(signature));
}

Result<json::object> verify_lease_token(const crypto::VerifyKey& key, std::string_view token) {
  const auto refuse = [] { return fail(Errc::bad_signature, "the lease token is not acceptable"); };
  const std::size_t first = token.find('.');
  const std::size_t second = token.rfind('.');
  if (first == std::string_view::npos || first == second) return refuse();
  const auto header = from_base64url(token.substr(0, first));
  const auto claims = from_base64url(token.substr(first + 1, second - first - 1));
  const auto signature = from_base64url(token.substr(second + 1));
  if (!header || !claims || !signature) return refuse();
  if (!key.verify(as_bytes(token.substr(0, second)), *signature)) return refuse();
  const auto head = parse_json_object(as_text(*header));
  if (!head || text_of(*head, "typ") != lease_token_type || text_of(*head, "alg") != "EdDSA")
    return refuse();
  return parse_json_object(as_text(*claims), {32, true});
}

}  // namespace skerry::licensing
