// Ownership and errors of OpenSSL's objects. Private to crypto/: nothing outside includes it.
#pragma once

#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdexcept>
#include <string>

namespace skerry::crypto {

// OpenSSL refused something that cannot be refused for what it was given: no memory, or an
// installation without the algorithm. Broken surroundings, hence an exception.
class OpensslError : public std::runtime_error {
 public:
  explicit OpensslError(const std::string& what) : std::runtime_error("openssl: " + what) {}
};

inline void openssl_must(bool ok, const char* what) {
  if (!ok) throw OpensslError(what);
}

// The thread's error queue is shared with everybody who uses OpenSSL (TLS reads it too): what an
// expected failure leaves there is taken away again.
class OpensslErrorScope {
 public:
  OpensslErrorScope() { ERR_set_mark(); }
  OpensslErrorScope(const OpensslErrorScope&) = delete;
  OpensslErrorScope& operator=(const OpensslErrorScope&) = delete;
  ~OpensslErrorScope() { ERR_pop_to_mark(); }
};

template <auto free_function>
struct OpensslDeleter {
  template <class T>
  void operator()(T* object) const noexcept {
    free_function(object);
  }
};

using BioPtr = std::unique_ptr<BIO, OpensslDeleter<BIO_free>>;
using CipherContextPtr = std::unique_ptr<EVP_CIPHER_CTX, OpensslDeleter<EVP_CIPHER_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, OpensslDeleter<EVP_MD_CTX_free>>;
using PkeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, OpensslDeleter<EVP_PKEY_CTX_free>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, OpensslDeleter<EVP_PKEY_free>>;

// SHA-256, looked up once in the process: a lookup takes a lock and costs more than a short hash.
const EVP_MD* sha256_algorithm();

}  // namespace skerry::crypto
