#include "sync/trust_chain.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/timestamp.hpp"
#include "sync/json_fields.hpp"

namespace skerry::sync {
namespace {

constexpr std::string_view type = "skerry/trust/v1";
constexpr std::string_view what = "the trust document";
constexpr std::size_t word_bytes_max = 64;
constexpr std::size_t name_bytes_max = 1024;
constexpr std::size_t keys_max = crypto::age_stanzas_max;

template <class Key>
json::array texts_of(const std::vector<Key>& keys) {
  json::array texts;
  for (const Key& key : keys) texts.push_back(json::string(key.to_text()));
  return texts;
}

// Distinct strings, each of which `parse` takes.
template <class Value, class Parse>
std::vector<Value> read_list(JsonFields& fields, std::string_view name, std::size_t count_min,
                             std::size_t count_max, const Parse& parse) {
  std::vector<Value> values;
  const json::array* array = fields.array(name, count_max);
  if (!array) return values;
  for (const json::value& element : *array) {
    const json::string* text = element.if_string();
    auto value = text ? parse(std::string_view(*text)) : Result<Value>(fail(Errc::bad_input, ""));
    if (!value || std::find(values.begin(), values.end(), *value) != values.end()) {
      fields.refuse(name, "bad_element", "is not a list of such values, each once");
      return values;
    }
    values.push_back(std::move(*value));
  }
  if (values.size() < count_min)
    fields.refuse(name, "too_few", fmt::format("at least {} are expected", count_min));
  return values;
}

Result<crypto::KeyId> parse_key_id(std::string_view text) {
  if (crypto::is_key_id(text)) return crypto::KeyId(text);
  return fail(Errc::bad_input, "a key id has 16 hexadecimal digits");
}

void check_sense(JsonFields& fields, const Trust& trust) {
  if (trust.threshold > std::ssize(trust.roots))
    fields.refuse("threshold", "out_of_range", "there are fewer roots");
  for (const crypto::VerifyKey& key : trust.signing_keys)
    if (is_revoked(trust, key.key_id()))
      fields.refuse("signing_keys", "revoked", "one of them is revoked as well");
  if (trust.expires_at <= trust.made_at)
    fields.refuse("expires_at", "out_of_range", "lies before it was made");
}

// Who signs the generation behind `held`: without roots, central's own keys.
std::int64_t threshold_of(const Trust& held) { return held.generation > 0 ? held.threshold : 1; }
std::vector<crypto::VerifyKey> roots_of(const Trust& held) {
  if (held.generation > 0) return held.roots;
  std::vector<crypto::VerifyKey> keys;
  for (const crypto::VerifyKey& key : held.signing_keys)
    if (!is_revoked(held, key.key_id())) keys.push_back(key);
  return keys;
}

tl::unexpected<Error> too_few(std::int64_t generation, std::int64_t missing,
                              std::string_view whose) {
  return fail(Errc::bad_signature,
              fmt::format("generation {} of trust lacks {} of the signatures of {}", generation,
                          missing, whose),
              "do not use it; the holders of the keys sign it: skerry trust sign FILE --key KEY");
}

}  // namespace

std::string generation_text(const Trust& trust) {
  return json::serialize(
      json::object{{"_type", type},
                   {"generation", trust.generation},
                   {"made_at", format_timestamp(trust.made_at)},
                   {"expires_at", format_timestamp(trust.expires_at)},
                   {"threshold", trust.threshold},
                   {"roots", texts_of(trust.roots)},
                   {"central", trust.central_name},
                   {"signing_keys", texts_of(trust.signing_keys)},
                   {"recipients", texts_of(trust.recipients)},
                   {"revoked", json::array(trust.revoked.begin(), trust.revoked.end())}});
}

Result<Trust> parse_generation(std::string_view text) {
  const Result<json::object> object = parse_json_object(text);
  if (!object)
    return fail(Errc::corrupt_bundle, fmt::format("{}: {}", what, object.error().detail));
  SKERRY_TRY_VOID(check_type(*object, type));
  std::vector<FieldError> errors;
  JsonFields fields(*object, "", errors);
  fields.text("_type", word_bytes_max);
  Trust trust;
  trust.generation = fields.integer("generation", 1, generation_max);
  trust.made_at = fields.time("made_at");
  trust.expires_at = fields.time("expires_at");
  trust.threshold = fields.integer("threshold", 1, roots_max);
  trust.roots =
      read_list<crypto::VerifyKey>(fields, "roots", 1, roots_max, crypto::VerifyKey::from_text);
  trust.central_name = fields.text("central", name_bytes_max);
  trust.signing_keys = read_list<crypto::VerifyKey>(fields, "signing_keys", 1, keys_max,
                                                    crypto::VerifyKey::from_text);
  trust.recipients = read_list<crypto::AgeRecipient>(fields, "recipients", 1, keys_max,
                                                     crypto::AgeRecipient::parse);
  trust.revoked = read_list<crypto::KeyId>(fields, "revoked", 0, revoked_max, parse_key_id);
  if (errors.empty()) check_sense(fields, trust);
  // A member that this program does not know may forbid what it would do.
  fields.refuse_unread();
  SKERRY_TRY_VOID(refuse_if_any(std::move(errors), what));
  return trust;
}

std::string remedy_of_later(std::int64_t than) {
  return fmt::format(
      "skerry trust rotate FILE --central-keys, signed and adopted, again until its generation is "
      "later than {}",
      than);
}

Result<MissingSignatures> missing_signatures(const Trust& held, const Trust& next,
                                             const SignedText& signed_next) {
  SKERRY_TRY(const std::int64_t own, count_signers(signed_next, next.roots));
  SKERRY_TRY(const std::int64_t previous, count_signers(signed_next, roots_of(held)));
  return MissingSignatures{std::max<std::int64_t>(next.threshold - own, 0),
                           std::max<std::int64_t>(threshold_of(held) - previous, 0)};
}

Result<Trust> first_seen(const SignedText& generation) {
  SKERRY_TRY(Trust trust, parse_generation(generation.text));
  SKERRY_TRY(const std::int64_t signers, count_signers(generation, trust.roots));
  if (signers < trust.threshold)
    return too_few(trust.generation, trust.threshold - signers, "its own roots");
  return trust;
}

Result<Trust> follow(const Trust& held, const SignedText& next) {
  SKERRY_TRY(Trust trust, parse_generation(next.text));
  if (trust.generation != held.generation + 1)
    return fail(Errc::bundle_gap,
                fmt::format("generation {} of trust does not follow generation {}, which is held "
                            "here: {} is needed first",
                            trust.generation, held.generation, held.generation + 1),
                "at a site: an exchange tells central where it stands; or skerry trust adopt FILE "
                "with the missing ones, in their order");
  SKERRY_TRY(const MissingSignatures missing, missing_signatures(held, trust, next));
  if (missing.own > 0) return too_few(trust.generation, missing.own, "its own roots");
  if (missing.previous > 0)
    return too_few(trust.generation, missing.previous,
                   held.generation > 0 ? fmt::format("the roots of generation {}", held.generation)
                                       : "central's key, which is trusted so far");
  return trust;
}

Result<TrustWalk> walk(const Trust& held, const std::vector<SignedText>& carried) {
  TrustWalk walked{held, {}};
  for (const SignedText& generation : carried) {
    SKERRY_TRY(const Trust seen, parse_generation(generation.text));
    if (seen.generation <= walked.trust.generation) continue;
    SKERRY_TRY(walked.trust, follow(walked.trust, generation));
    walked.taken.push_back(generation);
  }
  return walked;
}

}  // namespace skerry::sync
