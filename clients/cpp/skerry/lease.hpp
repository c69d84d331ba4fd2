// The lease token: a JWS that says who may run what until when (docs/formats/lease-token.md),
// verified without the network.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <exception>
#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <skerry/failure.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace skerry::client {

namespace detail {

inline std::vector<unsigned char> from_base64url(std::string_view text) {
  std::string padded(text);
  for (char& c : padded) {
    const bool known = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    if (!known) throw Failure(Trouble::bad_lease, "the token is not base64url");
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  const std::size_t padding = (4 - padded.size() % 4) % 4;
  padded.append(padding, '=');
  std::vector<unsigned char> bytes(padded.size() / 4 * 3 + 1);
  const int size =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(padded.data()),
                      static_cast<int>(padded.size()));
  if (size < 0 || padding == 3) throw Failure(Trouble::bad_lease, "the token is not base64url");
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// Of PEM, or of the member x of a JWK.
inline Key public_key(const std::string& text) {
  Key key(nullptr, &EVP_PKEY_free);
  if (text.find("-----BEGIN") != std::string::npos) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
        BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
    key.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  } else {
    const auto raw = from_base64url(text.substr(0, text.find_last_not_of(" \n") + 1));
    key.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw.data(), raw.size()));
  }
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519)
    throw std::invalid_argument("the trusted key is no Ed25519 public key, as PEM or base64url");
  return key;
}

inline bool is_signed(EVP_PKEY* key, std::string_view text,
                      const std::vector<unsigned char>& signature) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
}

inline std::string text_at(const json::object& object, std::string_view member) {
  return json::value_to<std::string>(object.at(member));
}

}  // namespace detail

struct Lease {
  json::object claims;      // verified
  double seconds_left = 0;  // when it was asked for
  // Whether a feature is on; of a count or a pool, whether there is any of it.
  bool allows(std::string_view feature) const {
    const json::value* const found = claims.at("features").as_object().if_contains(feature);
    if (!found) return false;
    const json::object& it = found->as_object();
    return detail::text_at(it, "type") == "bool" ? it.at("enabled").as_bool()
                                                 : it.at("amount") != json::value(0);
  }
};

// The claims of a token that `trusted_key` signed for this product and seat; else bad_lease.
// Whether the lease has ended is the caller's question.
inline json::object verify(const std::string& token, const std::string& trusted_key,
                           std::string_view product, std::string_view seat_id) {
  const std::size_t first = token.find('.');
  const std::size_t second = token.rfind('.');
  if (first == second || token.find('.', first + 1) != second)
    throw Failure(Trouble::bad_lease, "the token has not three parts");
  const auto head = detail::from_base64url(std::string_view(token).substr(0, first));
  const auto body =
      detail::from_base64url(std::string_view(token).substr(first + 1, second - first - 1));
  const auto signature = detail::from_base64url(std::string_view(token).substr(second + 1));
  if (!detail::is_signed(detail::public_key(trusted_key).get(),
                         std::string_view(token).substr(0, second), signature))
    throw Failure(Trouble::bad_lease, "the token is not signed by the trusted key");
  try {
    const auto header = json::parse(std::string(head.begin(), head.end())).as_object();
    json::object claims = json::parse(std::string(body.begin(), body.end())).as_object();
    if (detail::text_at(header, "alg") != "EdDSA" ||
        detail::text_at(header, "typ") != "skerry-lease+jwt")
      throw Failure(Trouble::bad_lease, "the text that was signed is no lease token");
    if (detail::text_at(claims, "aud") != product || detail::text_at(claims, "seat_id") != seat_id)
      throw Failure(Trouble::bad_lease, "the lease is of another product or seat");
    claims.at("iat").to_number<std::int64_t>();
    claims.at("exp").to_number<std::int64_t>();
    return claims;
  } catch (const Failure&) {
    throw;
  } catch (const std::exception&) {
    throw Failure(Trouble::bad_lease, "the token does not say what a lease token says");
  }
}

}  // namespace skerry::client
