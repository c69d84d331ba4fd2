#include "sync/site_keys.hpp"

#include <fmt/format.h>

#include "core/timestamp.hpp"
#include "sync/json_fields.hpp"

namespace skerry::sync {
namespace {

constexpr std::string_view type = "skerry/site-keys/v1";
constexpr std::string_view what = "the site's statement of its new keys";
constexpr std::size_t word_bytes_max = 128;

struct Statement {
  SiteId site;
  crypto::KeyId previous;
  SiteKeys keys;
};

Result<Statement> parse_statement(std::string_view text) {
  const Result<json::object> object = parse_json_object(text);
  if (!object)
    return fail(Errc::corrupt_bundle, fmt::format("{}: {}", what, object.error().detail));
  SKERRY_TRY_VOID(check_type(*object, type));
  std::vector<FieldError> errors;
  JsonFields fields(*object, "", errors);
  fields.text("_type", word_bytes_max);
  const auto site = fields.id<SiteId>("site");
  const crypto::KeyId previous = fields.text("previous", word_bytes_max);
  const auto sign = crypto::VerifyKey::from_text(fields.text("sign_key", word_bytes_max));
  if (!sign) fields.refuse("sign_key", "bad_key", "an Ed25519 key is expected");
  const auto age = crypto::AgeRecipient::parse(fields.text("age_recipient", word_bytes_max));
  if (!age) fields.refuse("age_recipient", "bad_key", "an age recipient is expected");
  fields.time("made_at");
  fields.refuse_unread();
  SKERRY_TRY_VOID(refuse_if_any(std::move(errors), what));
  return Statement{site, previous, {*sign, *age}};
}

}  // namespace

SignedText next_site_keys(const SiteId& site, const Keys& old, const Keys& next,
                          UnixMillis made_at) {
  SignedText statement;
  statement.text = json::serialize(json::object{{"_type", type},
                                                {"site", to_string(site)},
                                                {"previous", old.sign.verify_key().key_id()},
                                                {"sign_key", next.sign.verify_key().to_text()},
                                                {"age_recipient", next.age.recipient().to_text()},
                                                {"made_at", format_timestamp(made_at)}});
  sign(statement, old.sign);
  sign(statement, next.sign);
  return statement;
}

Result<SiteKeys> follow_site_keys(const SiteId& site, SiteKeys held,
                                  const std::vector<SignedText>& carried,
                                  const IsGivenUp& given_up) {
  for (const SignedText& signed_text : carried) {
    SKERRY_TRY(Statement statement, parse_statement(signed_text.text));
    if (statement.previous != held.sign.key_id()) continue;
    if (given_up(statement.keys.sign.key_id())) continue;
    SKERRY_TRY(const bool by_old, is_signed_by(signed_text, held.sign));
    SKERRY_TRY(const bool by_new, is_signed_by(signed_text, statement.keys.sign));
    if (!by_old || !by_new || statement.site != site)
      return fail(Errc::bad_signature,
                  fmt::format("{} is not signed by the old key and the new one", what));
    held = std::move(statement.keys);
  }
  return held;
}

}  // namespace skerry::sync
