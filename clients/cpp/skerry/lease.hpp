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
#include <utility>
#include <vector>

namespace skerry::client {

namespace detail {

// Empty for what is none.
inline std::vector<unsigned char> decoded_base64url(std::string_view text) {
  std::string padded(text);
  for (char& c : padded) {
    const bool known = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    if (!known) return {};
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  const std::size_t padding = (4 - padded.size() % 4) % 4;
  padded.append(padding, '=');
  std::vector<unsigned char> bytes(padded.size() / 4 * 3 + 1);
  const int size =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(padded.data()),
                      static_cast<int>(padded.size()));
  if (size < 0 || padding == 3) return {};
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

inline std::vector<unsigned char> from_base64url(std::string_view text) {
  auto bytes = decoded_base64url(text);
  if (bytes.empty()) throw Failure(Trouble::bad_lease, "the token is not base64url");
  return bytes;
}

inline std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// Of PEM, or of the member x of a JWK.
inline Key public_key(const std::string& text) {
  Key key(nullptr, &EVP_PKEY_free);
  if (text.find("-----BEGIN") != std::string::npos) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
        BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
    key.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  } else if (const std::string own = trimmed(text); !own.empty()) {
    const auto raw = decoded_base64url(own);
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

// A signed text in its parts. Nothing of it is verified yet.
struct Jws {
  json::object header, claims;
  std::vector<unsigned char> signature;
  std::string_view signed_text;
};

inline json::object object_in(std::string_view base64url) {
  const auto bytes = from_base64url(base64url);
  boost::system::error_code error;
  const json::value read = json::parse(std::string(bytes.begin(), bytes.end()), error);
  if (error || !read.is_object()) throw Failure(Trouble::bad_lease, "the token is no JSON");
  return read.get_object();
}

// Views into `text`.
inline Jws parts(std::string_view text) {
  const std::size_t first = text.find('.');
  const std::size_t second = text.rfind('.');
  if (first == second || text.find('.', first + 1) != second)
    throw Failure(Trouble::bad_lease, "the token has not three parts");
  return {object_in(text.substr(0, first)), object_in(text.substr(first + 1, second - first - 1)),
          from_base64url(text.substr(second + 1)), text.substr(0, second)};
}

// The claims of a signed text of this type by `key`; else bad_lease, as of what follows.
inline json::object signed_claims(std::string_view text, EVP_PKEY* key, const char* type) {
  Jws jws = parts(text);
  const auto says = [&](const char* member, const char* value) {
    const json::value* const found = jws.header.if_contains(member);
    return found && *found == json::value(value);
  };
  if (!says("alg", "EdDSA") || !says("typ", type))
    throw Failure(Trouble::bad_lease, "the text that was signed is no lease token");
  if (!is_signed(key, jws.signed_text, jws.signature))
    throw Failure(Trouble::bad_lease, "the token is not signed by the trusted key");
  return std::move(jws.claims);
}

inline constexpr const char* lease_type = "skerry-lease+jwt";

// Of a site that `key` vouches for, by the certificate in the token's header.
inline json::object claims_by_chain(std::string_view token, EVP_PKEY* key,
                                    std::string_view certificate) {
  const json::object site = signed_claims(certificate, key, "skerry-site+jwt");
  const Key own = public_key(text_at(site.at("jwk").as_object(), "x"));
  json::object claims = signed_claims(token, own.get(), lease_type);
  if (text_at(site, "iss") != "central" || text_at(claims, "iss") != text_at(site, "sub"))
    throw Failure(Trouble::bad_lease, "the certificate in the token is of another site");
  return claims;
}

inline json::object claims_by(std::string_view token, EVP_PKEY* key) {
  try {
    return signed_claims(token, key, lease_type);
  } catch (const Failure&) {
    const json::object header = parts(token).header;
    const json::value* const chain = header.if_contains("chain");
    if (!chain || !chain->is_array() || chain->get_array().size() != 1) throw;
    return claims_by_chain(token, key, json::value_to<std::string>(chain->get_array()[0]));
  }
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

// The claims of a token for this product and seat that is signed by `trusted_key`, or by a site
// whose key that one certified (the vendor's); else bad_lease. Whether the lease has ended is the
// caller's question.
inline json::object verify(const std::string& token, const std::string& trusted_key,
                           std::string_view product, std::string_view seat_id) {
  const detail::Key key = detail::public_key(trusted_key);
  try {
    json::object claims = detail::claims_by(token, key.get());
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
