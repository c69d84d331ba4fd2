#include "crypto/tls_certificates.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <ctime>
#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <optional>

#include "crypto/evp.hpp"
#include "crypto/sha256.hpp"

namespace skerry::crypto {
namespace {

using X509Ptr = std::unique_ptr<X509, OpensslDeleter<X509_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, OpensslDeleter<X509_EXTENSION_free>>;

constexpr long version_3 = 2;
constexpr std::size_t serial_bytes = 16;

enum class NameType { dns, v4, v6 };

std::optional<NameType> type_of(const std::string& name) {
  std::array<unsigned char, 16> address{};
  if (::inet_pton(AF_INET, name.c_str(), address.data()) == 1) return NameType::v4;
  if (::inet_pton(AF_INET6, name.c_str(), address.data()) == 1) return NameType::v6;
  if (tls_name_complaint(name).empty()) return NameType::dns;
  return std::nullopt;
}

// "DNS:box.example,IP:10.0.0.5": the text that OpenSSL reads. `before` stands before every name; an
// address in a constraint has a mask behind it.
std::string names_text(std::span<const std::string> names, std::string_view before,
                       bool with_masks) {
  std::string text;
  for (const std::string& name : names) {
    const auto type = type_of(name);
    if (!type) continue;
    const bool is_dns = *type == NameType::dns;
    text += fmt::format("{}{}{}:{}", text.empty() ? "" : ",", before, is_dns ? "DNS" : "IP", name);
    if (with_masks && *type == NameType::v4) text += "/255.255.255.255";
    if (with_masks && *type == NameType::v6) text += "/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  }
  return text;
}

PkeyPtr new_key() {
  PkeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  openssl_must(key != nullptr, "EVP_PKEY_Q_keygen");
  return key;
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  openssl_must(extension && X509_add_ext(certificate, extension.get(), -1) == 1, OBJ_nid2sn(nid));
}

void set_time(ASN1_TIME* time, UnixMillis at) {
  openssl_must(ASN1_TIME_set(time, static_cast<time_t>(at / 1000)) != nullptr, "ASN1_TIME_set");
}

X509Ptr new_certificate(const std::string& common_name, EVP_PKEY* key, UnixMillis now,
                        UnixMillis lasts) {
  X509Ptr made(X509_new());
  openssl_must(made && X509_set_version(made.get(), version_3) == 1, "X509_new");
  std::array<std::uint8_t, serial_bytes> serial;
  SystemRandom().fill(serial);
  serial[0] &= 0x7f;  // positive
  serial[0] |= 0x40;
  using NumberPtr = std::unique_ptr<BIGNUM, OpensslDeleter<BN_free>>;
  const NumberPtr number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  openssl_must(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(made.get())),
               "the serial number");
  set_time(X509_getm_notBefore(made.get()), now - certificate_back_ms);
  set_time(X509_getm_notAfter(made.get()), now + lasts);
  X509_NAME* const name = X509_get_subject_name(made.get());
  const auto* const text = reinterpret_cast<const unsigned char*>(common_name.data());
  constexpr int common_name_max = 64;  // RFC 5280, upper bound of the attribute
  const int size = std::min(static_cast<int>(common_name.size()), common_name_max);
  openssl_must(
      X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, text, size, -1, 0) == 1 &&
          X509_set_pubkey(made.get(), key) == 1,
      "the subject");
  return made;
}

CertificateAndKey sign(X509* certificate, EVP_PKEY* own_key, EVP_PKEY* signer) {
  openssl_must(X509_sign(certificate, signer, sha256_algorithm()) > 0, "X509_sign");
  const BioPtr text(BIO_new(BIO_s_mem())), secret(BIO_new(BIO_s_secmem()));
  openssl_must(text && PEM_write_bio_X509(text.get(), certificate) == 1, "PEM_write_bio_X509");
  openssl_must(secret && PEM_write_bio_PKCS8PrivateKey(secret.get(), own_key, nullptr, nullptr, 0,
                                                       nullptr, nullptr) == 1,
               "PEM_write_bio_PKCS8PrivateKey");
  const auto written = [](const BioPtr& bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return std::string_view(data, static_cast<std::size_t>(size));
  };
  return {std::string(written(text)), SecretBytes(as_bytes(written(secret)))};
}

X509Ptr parse(std::string_view pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return X509Ptr(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}

std::string common_name_of(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return {};
  std::string made(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return made;
}

UnixMillis time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return static_cast<UnixMillis>(::timegm(&parts)) * 1000;
}

void add_name(std::vector<std::string>& names, const GENERAL_NAME* name) {
  if (name->type == GEN_DNS) {
    const ASN1_STRING* const text = name->d.dNSName;
    names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                       static_cast<std::size_t>(ASN1_STRING_length(text)));
  } else if (name->type == GEN_IPADD) {
    const ASN1_STRING* const bytes = name->d.iPAddress;
    const int size = ASN1_STRING_length(bytes);  // of a constraint with its mask behind it
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = size == 4 || size == 8 ? AF_INET : AF_INET6;
    if (::inet_ntop(family, ASN1_STRING_get0_data(bytes), text.data(), text.size()))
      names.emplace_back(text.data());
  }
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> names;
  using NamesPtr = std::unique_ptr<GENERAL_NAMES, OpensslDeleter<GENERAL_NAMES_free>>;
  const NamesPtr own(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; own && i < sk_GENERAL_NAME_num(own.get()); ++i)
    add_name(names, sk_GENERAL_NAME_value(own.get(), i));
  using LimitsPtr = std::unique_ptr<NAME_CONSTRAINTS, OpensslDeleter<NAME_CONSTRAINTS_free>>;
  const LimitsPtr limits(static_cast<NAME_CONSTRAINTS*>(
      X509_get_ext_d2i(certificate, NID_name_constraints, nullptr, nullptr)));
  for (int i = 0; limits && i < sk_GENERAL_SUBTREE_num(limits->permittedSubtrees); ++i)
    add_name(names, sk_GENERAL_SUBTREE_value(limits->permittedSubtrees, i)->base);
  return names;
}

// Whether the names of the certificate, as whoever gets it reads them, are within the constraints.
bool vouches_for(const X509* issuer, std::string_view certificate) {
  using LimitsPtr = std::unique_ptr<NAME_CONSTRAINTS, OpensslDeleter<NAME_CONSTRAINTS_free>>;
  const LimitsPtr limits(static_cast<NAME_CONSTRAINTS*>(
      X509_get_ext_d2i(issuer, NID_name_constraints, nullptr, nullptr)));
  const X509Ptr read = parse(certificate);
  openssl_must(read != nullptr, "PEM_read_bio_X509");
  X509_check_purpose(read.get(), -1, 0);  // reads the extensions, which the check needs
  return !limits || NAME_CONSTRAINTS_check(read.get(), limits.get()) == X509_V_OK;
}

}  // namespace

std::string_view tls_name_complaint(std::string_view name) {
  constexpr std::string_view complaint = "is neither a DNS name nor a numeric address";
  std::array<unsigned char, 16> address{};
  const std::string text(name);
  if (::inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
      ::inet_pton(AF_INET6, text.c_str(), address.data()) == 1)
    return {};
  const auto may_stand = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  };
  constexpr std::size_t dns_name_max = 253;
  const bool good = !name.empty() && name.size() <= dns_name_max &&
                    std::ranges::all_of(name, may_stand) && name.front() != '-' &&
                    name.front() != '.' && name.back() != '.' &&
                    name.find("..") == std::string_view::npos &&
                    name.find_first_not_of("0123456789.") != std::string_view::npos;
  return good ? std::string_view() : complaint;
}

CertificateAndKey make_authority(const std::string& common_name, std::span<const std::string> names,
                                 UnixMillis now) {
  const OpensslErrorScope errors;
  const PkeyPtr key = new_key();
  const X509Ptr made = new_certificate(common_name, key.get(), now, authority_ms);
  openssl_must(X509_set_issuer_name(made.get(), X509_get_subject_name(made.get())) == 1,
               "the issuer");
  add_extension(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(made.get(), made.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(made.get(), made.get(), NID_ext_key_usage, "serverAuth");
  add_extension(made.get(), made.get(), NID_subject_key_identifier, "hash");
  add_extension(made.get(), made.get(), NID_name_constraints,
                "critical," + names_text(names, "permitted;", true));
  return sign(made.get(), key.get(), key.get());
}

Result<CertificateAndKey> issue_certificate(const CertificateAndKey& authority,
                                            std::span<const std::string> names, UnixMillis now) {
  const OpensslErrorScope errors;
  const X509Ptr issuer = parse(authority.certificate);
  const std::string_view pem = authority.key.text();
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const PkeyPtr signer(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (!issuer || !signer || X509_check_private_key(issuer.get(), signer.get()) != 1)
    return fail(Errc::bad_config, "the authority's certificate and key do not fit each other",
                "move both away, and skerry cert renew makes new ones");
  const PkeyPtr key = new_key();
  const X509Ptr made = new_certificate(names.front(), key.get(), now, certificate_ms);
  openssl_must(X509_set_issuer_name(made.get(), X509_get_subject_name(issuer.get())) == 1,
               "the issuer");
  add_extension(made.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(made.get(), issuer.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(made.get(), issuer.get(), NID_ext_key_usage, "serverAuth");
  add_extension(made.get(), issuer.get(), NID_subject_key_identifier, "hash");
  add_extension(made.get(), issuer.get(), NID_authority_key_identifier, "keyid:always");
  add_extension(made.get(), issuer.get(), NID_subject_alt_name, names_text(names, "", false));
  CertificateAndKey issued = sign(made.get(), key.get(), signer.get());
  if (!vouches_for(issuer.get(), issued.certificate))
    return fail(Errc::bad_config,
                fmt::format("the authority cannot vouch for all of {}", fmt::join(names, ", ")),
                "skerry cert renew --new-ca makes one for them, which every client trusts anew");
  return issued;
}

Result<CertificateFacts> read_certificate(std::string_view pem) {
  const OpensslErrorScope errors;
  const X509Ptr certificate = parse(pem);
  if (!certificate) return fail(Errc::bad_config, "there is no certificate in PEM");
  CertificateFacts facts;
  facts.subject = common_name_of(X509_get_subject_name(certificate.get()));
  facts.issuer = common_name_of(X509_get_issuer_name(certificate.get()));
  facts.names = names_of(certificate.get());
  facts.not_before = time_of(X509_get0_notBefore(certificate.get()));
  facts.not_after = time_of(X509_get0_notAfter(certificate.get()));
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  openssl_must(size > 0, "i2d_X509");
  facts.sha256 = sha256(ByteView(der, static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return facts;
}

}  // namespace skerry::crypto
