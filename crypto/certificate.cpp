#include "crypto/certificate.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace skerry::crypto {

Result<void> check_certificates(const std::filesystem::path& file) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "re"),
                                                           &std::fclose);
  const std::unique_ptr<X509, void (*)(X509*)> first(
      in ? PEM_read_X509(in.get(), nullptr, nullptr, nullptr) : nullptr, &X509_free);
  ERR_clear_error();  // what it says of a file that is none is no news to whoever calls next
  if (first) return {};
  return fail(
      Errc::bad_config,
      fmt::format("{} {}", file.string(), in ? "holds no certificate in PEM" : "cannot be read"),
      "name a PEM file with the certificate of central's authority, or none for the "
      "system's");
}

}  // namespace skerry::crypto
