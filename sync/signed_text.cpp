#include "sync/signed_text.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "sync/json_fields.hpp"

namespace skerry::sync {
namespace {

constexpr std::string_view what = "a signed text";

}  // namespace

json::object to_json(const SignedText& text) {
  json::object signatures;
  for (const auto& [key, signature] : text.signatures) signatures[key] = to_hex(signature);
  return {{"signed", text.text}, {"signatures", std::move(signatures)}};
}

Result<SignedText> read_signed_text(const json::value& value) {
  const json::object* object = value.if_object();
  if (!object) return fail(Errc::corrupt_bundle, fmt::format("{} is an object", what));
  std::vector<FieldError> errors;
  JsonFields fields(*object, "", errors);
  SignedText read;
  read.text = fields.text("signed", signed_text_bytes_max);
  if (auto signatures = fields.object("signatures")) {
    const json::object& by_key = object->at("signatures").get_object();
    if (by_key.size() > text_signatures_max)
      fields.refuse("signatures", "too_many",
                    fmt::format("at most {} are expected", text_signatures_max));
    for (const auto& [key, hex] : by_key) {
      // Nobody signs the names: long ones would fill what generations may take in a bundle.
      if (!crypto::is_key_id(key)) {
        fields.refuse("signatures", "bad_key_id",
                      "names of 16 hexadecimal digits in lower case are expected");
        continue;
      }
      crypto::Signature& signature = read.signatures[std::string(key)];
      const auto bytes = from_hex(signatures->text(key, 2 * signature.size()));
      if (bytes && bytes->size() == signature.size())
        std::copy(bytes->begin(), bytes->end(), signature.begin());
      else
        signatures->refuse(key, "bad_signature", "64 bytes in hexadecimal are expected");
    }
  }
  fields.refuse_unread();
  SKERRY_TRY_VOID(refuse_if_any(std::move(errors), what));
  return read;
}

Result<std::vector<SignedText>> read_signed_texts(const json::value& value, std::size_t count_max) {
  std::vector<SignedText> texts;
  if (value.is_null()) return texts;
  const json::array* array = value.if_array();
  if (!array || array->size() > count_max)
    return fail(Errc::corrupt_bundle,
                fmt::format("at most {} signed texts in an array are expected", count_max));
  for (const json::value& element : *array) {
    SKERRY_TRY(SignedText text, read_signed_text(element));
    texts.push_back(std::move(text));
  }
  return texts;
}

void sign(SignedText& text, const crypto::SigningKey& key) {
  text.signatures[key.verify_key().key_id()] = key.sign(as_bytes(text.text));
}

Result<bool> is_signed_by(const SignedText& text, const crypto::VerifyKey& key) {
  const auto found = text.signatures.find(key.key_id());
  if (found == text.signatures.end()) return false;
  if (key.verify(as_bytes(text.text), found->second)) return true;
  return fail(
      Errc::bad_signature,
      fmt::format("the signature of key {} does not fit the text it is with", found->first));
}

Result<std::int64_t> count_signers(const SignedText& text,
                                   std::span<const crypto::VerifyKey> keys) {
  std::int64_t signers = 0;
  for (const crypto::VerifyKey& key : keys) {
    SKERRY_TRY(const bool is_signer, is_signed_by(text, key));
    if (is_signer) ++signers;
  }
  return signers;
}

}  // namespace skerry::sync
