#include "licensing/keygen_file.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/bytes.hpp"
#include "core/json_member.hpp"
#include "core/strict_json.hpp"
#include "core/timestamp.hpp"
#include "crypto/aes_gcm.hpp"
#include "crypto/base64.hpp"
#include "crypto/sha256.hpp"

namespace skerry::licensing {
namespace {

constexpr std::string_view begin_line = "-----BEGIN LICENSE FILE-----";
constexpr std::string_view end_line = "-----END LICENSE FILE-----";
constexpr std::string_view signed_prefix = "license/";

tl::unexpected<Error> refuse(std::string why, Errc code = Errc::validation_failed) {
  return fail(code, std::move(why), "check the file out of Keygen again");
}

// RFC 4648 section 4 with its padding.
std::optional<Bytes> from_padded_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  return crypto::from_base64(text);
}

// Any JSON: what stands in a licence is its vendor's, with fractions where he likes them.
Result<json::object> parse_object(ByteView text, std::string_view what) {
  boost::system::error_code error;
  json::value value = json::parse(as_text(text), error);
  if (error || !value.is_object()) return refuse(fmt::format("{} is no JSON object", what));
  return std::move(value.get_object());
}

Result<json::object> certificate_of(std::string_view file) {
  const std::size_t begin = file.find(begin_line);
  const std::size_t end = file.find(end_line);
  if (file.size() > keygen_file_bytes_max || begin == std::string_view::npos ||
      end == std::string_view::npos || end < begin + begin_line.size())
    return refuse(fmt::format("the text is no licence file: it has no {}", begin_line));
  std::string inner(file.substr(begin + begin_line.size(), end - begin - begin_line.size()));
  std::erase_if(inner, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
  const auto decoded = from_padded_base64(inner);
  if (!decoded) return refuse("the inside of the licence file is no base64");
  return parse_object(*decoded, "the inside of the licence file");
}

// "ciphertext.nonce.tag", each base64.
std::optional<Bytes> decrypt(std::string_view enc, std::string_view key) {
  const std::size_t first = enc.find('.');
  const std::size_t second = enc.rfind('.');
  if (first == std::string_view::npos || first == second) return std::nullopt;
  const auto sealed = from_padded_base64(enc.substr(0, first));
  const auto nonce = from_padded_base64(enc.substr(first + 1, second - first - 1));
  const auto tag = from_padded_base64(enc.substr(second + 1));
  if (!sealed || !nonce || !tag) return std::nullopt;
  return crypto::open_aes_256_gcm(crypto::sha256(as_bytes(key)), *nonce, *sealed, *tag);
}

const json::object* object_in(const json::object* object, std::string_view member) {
  return object ? object_of(*object, member) : nullptr;
}

// nullopt for null and for nothing; what is no time is refused.
Result<std::optional<UnixMillis>> expiry_in(const json::object* object, std::string_view what) {
  const json::value* const found = object ? object->if_contains("expiry") : nullptr;
  if (!found || found->is_null()) return std::optional<UnixMillis>();
  const auto time = found->is_string() ? parse_timestamp(found->get_string()) : std::nullopt;
  if (!time) return refuse(fmt::format("the expiry of the {} is no time", what));
  return std::optional(*time);
}

Result<KeygenLicence> licence_of(ByteView content, std::string_view key) {
  SKERRY_TRY(const json::object dataset, parse_object(content, "the content of the licence file"));
  const json::object* const data = object_in(&dataset, "data");
  const json::object* const attributes = object_in(data, "attributes");
  if (!attributes || text_of(*data, "type") != "licenses" || text_of(*data, "id").empty())
    return refuse("the content of the licence file is no licence");
  KeygenLicence licence;
  licence.id = text_of(*data, "id");
  licence.key = text_of(*attributes, "key");
  if (licence.key.empty()) licence.key = key;
  if (licence.key.empty())
    return refuse("the licence file does not hold its licence key: give that as well");
  if (!key.empty() && licence.key != key)
    return refuse("the licence file is of another licence key", Errc::bad_signature);
  SKERRY_TRY(const auto of_file, expiry_in(object_in(&dataset, "meta"), "file"));
  SKERRY_TRY(const auto of_licence, expiry_in(attributes, "licence"));
  licence.expires_at = of_file && of_licence ? std::min(*of_file, *of_licence)
                       : of_file             ? of_file
                                             : of_licence;
  return licence;
}

}  // namespace

Result<crypto::VerifyKey> read_keygen_public_key(std::string_view text) {
  std::string digits(text);
  std::transform(digits.begin(), digits.end(), digits.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  const auto raw = from_hex(digits);
  auto key = raw && raw->size() == 32 ? crypto::VerifyKey::from_raw(*raw)
                                      : fail(Errc::bad_input, "no key");
  if (key) return key;
  return fail(Errc::validation_failed,
              "the public key is not the 64 hexadecimal digits of an Ed25519 key",
              "copy it from the settings of the Keygen account");
}

Result<KeygenLicence> open_keygen_file(std::string_view file, std::string_view key,
                                       const crypto::VerifyKey& account) {
  SKERRY_TRY(const json::object certificate, certificate_of(file));
  const std::string enc(text_of(certificate, "enc"));
  const std::string alg(text_of(certificate, "alg"));
  const auto signature = from_padded_base64(std::string(text_of(certificate, "sig")));
  const bool encrypted = alg == "aes-256-gcm+ed25519";
  if (!encrypted && alg != "base64+ed25519")
    return refuse(
        fmt::format("the licence file is of the algorithm '{}'; read are aes-256-gcm+ed25519 and "
                    "base64+ed25519",
                    alg.substr(0, 40)));
  if (!signature || !account.verify(as_bytes(std::string(signed_prefix).append(enc)), *signature))
    return refuse("the licence file is not signed by this public key", Errc::bad_signature);
  if (encrypted && key.empty())
    return fail(Errc::validation_failed, "the licence file is encrypted",
                "give its licence key as well");
  const auto content = encrypted ? decrypt(enc, key) : from_padded_base64(enc);
  if (!content)
    return refuse(encrypted ? "the licence key does not open the licence file"
                            : "the content of the licence file is no base64",
                  encrypted ? Errc::bad_signature : Errc::validation_failed);
  return licence_of(*content, key);
}

}  // namespace skerry::licensing
