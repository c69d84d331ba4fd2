#include "crypto/tls_context.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "crypto/evp.hpp"

namespace skerry::crypto {
namespace {

using X509Ptr = std::unique_ptr<X509, OpensslDeleter<X509_free>>;

// Of TLS 1.2; those of 1.3 are all of this kind.
constexpr const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* groups = "X25519:P-256:P-384";

BioPtr reader(std::string_view pem) {
  const char* const text = pem.empty() ? "" : pem.data();
  BioPtr bio(BIO_new_mem_buf(text, static_cast<int>(pem.size())));
  openssl_must(bio != nullptr, "BIO_new_mem_buf");
  return bio;
}

tl::unexpected<Error> refuse(std::string detail) {
  return fail(Errc::bad_config, std::move(detail),
              "name PEM files with tls.certificate_file and tls.key_file, or neither");
}

Result<void> use_certificates(SSL_CTX* context, std::string_view pem) {
  const BioPtr bio = reader(pem);
  const X509Ptr own(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!own || SSL_CTX_use_certificate(context, own.get()) != 1)
    return refuse("the server's certificate is none in PEM, or too weak");
  while (X509* const next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
    openssl_must(SSL_CTX_add0_chain_cert(context, next) == 1, "SSL_CTX_add0_chain_cert");
  return {};
}

Result<void> use_key(SSL_CTX* context, const SecretBytes& pem) {
  const BioPtr bio = reader(pem.text());
  const PkeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (!key) return refuse("the server's key is none in PEM, or has a passphrase");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return refuse("the server's key is not that of its certificate");
  return {};
}

Result<void> ask_for_certificates(SSL_CTX* context, std::string_view pem) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  const BioPtr bio = reader(pem);
  int found = 0;
  while (const X509Ptr each{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    openssl_must(X509_STORE_add_cert(store, each.get()) == 1, "X509_STORE_add_cert");
    openssl_must(SSL_CTX_add_client_CA(context, each.get()) == 1, "SSL_CTX_add_client_CA");
    ++found;
  }
  if (found == 0) return fail(Errc::bad_config, "tls.client_ca_file holds no certificate in PEM");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

}  // namespace

void TlsContextFree::operator()(ssl_ctx_st* context) const noexcept { SSL_CTX_free(context); }

Result<TlsContextPtr> make_server_tls(const TlsFiles& files) {
  const OpensslErrorScope errors;
  TlsContextPtr context(SSL_CTX_new(TLS_server_method()));
  openssl_must(context != nullptr, "SSL_CTX_new");
  SSL_CTX* const raw = context.get();
  openssl_must(SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1 &&
                   SSL_CTX_set_max_proto_version(raw, TLS1_3_VERSION) == 1 &&
                   SSL_CTX_set_cipher_list(raw, ciphers) == 1 &&
                   SSL_CTX_set1_groups_list(raw, groups) == 1,
               "the settings of TLS");
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                               SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(raw, 0);
  SKERRY_TRY_VOID(use_certificates(raw, files.certificates));
  SKERRY_TRY_VOID(use_key(raw, files.key));
  if (!files.client_authorities.empty())
    SKERRY_TRY_VOID(ask_for_certificates(raw, files.client_authorities));
  return context;
}

}  // namespace skerry::crypto
