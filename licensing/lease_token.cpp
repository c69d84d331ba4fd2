#include "licensing/lease_token.hpp"

#include "core/timestamp.hpp"
#include "licensing/jws.hpp"

namespace skerry::licensing {
namespace {

constexpr std::int64_t second_ms = 1000;

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

LeaseSigner::LeaseSigner(crypto::SigningKey key, std::string issuer, std::string_view certificate)
    : key_(std::move(key)), issuer_(std::move(issuer)) {
  json::object header = jws_header(key_, lease_token_type);
  if (!certificate.empty()) header["chain"] = json::array{certificate};
  header_part_ = jws_part(header);
}

std::string LeaseSigner::token(const Seat& seat, const Allowance& allowance, UnixMillis now) const {
  json::object claims{{"iss", issuer_},
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
  return sign_jws(key_, header_part_, claims);
}

Result<json::object> verify_lease_token(const crypto::VerifyKey& key, std::string_view token) {
  return verify_jws(key, token, lease_token_type);
}

}  // namespace skerry::licensing
