// Certificates for TLS where there is no authority: our own, which can vouch for the names of this
// machine and no others, and the certificates that it issues (ADR 0061).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "crypto/secret.hpp"

namespace skerry::crypto {

inline constexpr UnixMillis day_ms = 86'400'000;
// Machines with wrong clocks accept them too; more than 825 days in all some programs do not.
inline constexpr UnixMillis certificate_back_ms = 730 * day_ms;
inline constexpr UnixMillis certificate_ms = 95 * day_ms;
inline constexpr UnixMillis authority_ms = 3650 * day_ms;

struct CertificateAndKey {
  std::string certificate;  // PEM
  SecretBytes key;          // PEM, PKCS #8
};

struct CertificateFacts {
  std::string subject, issuer;  // the common names
  std::vector<std::string>
      names;  // DNS names, then addresses; of an authority those it may vouch for
  UnixMillis not_before = 0, not_after = 0;
  Hash sha256{};  // of the certificate in DER
};

// Why `name` is neither a DNS name nor a numeric IPv4 or IPv6 address; empty when it is one.
std::string_view tls_name_complaint(std::string_view name);

// An authority whose certificates count for `names` alone, and for names below them.
CertificateAndKey make_authority(const std::string& common_name, std::span<const std::string> names,
                                 UnixMillis now);
// A server's certificate. Errc::bad_config when the authority cannot vouch for a name, or is none.
Result<CertificateAndKey> issue_certificate(const CertificateAndKey& authority,
                                            std::span<const std::string> names, UnixMillis now);
// Of the first certificate in the text. Errc::bad_config when there is none.
Result<CertificateFacts> read_certificate(std::string_view pem);

}  // namespace skerry::crypto
