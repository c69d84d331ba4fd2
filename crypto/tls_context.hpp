// What a TLS server begins its connections with: versions, ciphers, certificate and key.
#pragma once

#include <memory>
#include <string>

#include "core/result.hpp"
#include "crypto/secret.hpp"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace skerry::crypto {

struct TlsContextFree {
  void operator()(ssl_ctx_st* context) const noexcept;
};
using TlsContextPtr = std::unique_ptr<ssl_ctx_st, TlsContextFree>;

struct TlsFiles {
  std::string certificates;  // PEM: the server's own first, then those between it and its root
  SecretBytes key;           // PEM
  std::string client_authorities;  // PEM; empty: clients show no certificate
};

// TLS 1.2 and 1.3, ciphers with forward secrecy and authentication alone, no renegotiation, no
// compression, no resumption. With client_authorities a client without a certificate of theirs is
// not let in. Errc::bad_config for what is no certificate or key, or a key of another certificate.
Result<TlsContextPtr> make_server_tls(const TlsFiles& files);

}  // namespace skerry::crypto
