// The certificate that this machine shows under TLS: of an authority of its own, renewed in time
// and without a restart, or one of the site's own (ADR 0061). Files in the data folder, under tls/:
// ca.pem, ca.key, server.pem, server.key.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "api/certificates.hpp"
#include "api/tls.hpp"
#include "core/clock.hpp"
#include "crypto/tls_certificates.hpp"
#include "daemon/config.hpp"

namespace skerry::daemon {

class TlsOffice final : public api::Certificates {
 public:
  // Makes what is missing. What is there and only wants a renewal that fails is shown all the same:
  // the remedy needs a daemon that runs. `config` and `clock` outlive the office. Errc::bad_config
  // for files that cannot be used, with their names.
  static Result<std::unique_ptr<TlsOffice>> open(const Config& config, const Clock& clock);

  std::shared_ptr<const api::TlsIdentity> identity() const { return identity_; }
  Result<json::object> show() override;
  Result<json::object> renew(bool new_authority, bool dry_run) override;
  std::optional<Error> trouble() override;
  // When the certificate ends within 30 days, has begun later than now, or is for other names than
  // the configuration's. A site's own, and the authorities of clients, are not renewed, but read
  // anew when they have changed.
  Result<void> renew_if_due();

 private:
  TlsOffice(const Config& config, const Clock& clock);

  bool is_sites_own() const { return !config_.tls_certificate_file.empty(); }
  struct Issued {
    crypto::CertificateAndKey authority;
    bool authority_is_new = false;
    crypto::CertificateAndKey server;
  };
  Result<Issued> issue(bool new_authority) const;  // in memory
  Result<void> keep(const Issued& issued) const;
  Result<void> bring_up_to_date();
  Result<json::object> try_renewal(bool new_authority) const;
  Result<crypto::TlsFiles> read_files() const;
  Result<std::string> read_client_authorities() const;  // empty without
  bool is_due(std::string_view certificates) const;
  Result<void> load();

  const Config& config_;
  const Clock& clock_;
  const std::filesystem::path folder_;
  const std::vector<std::string> names_;
  std::mutex mutex_;                               // one renewal at a time; guards what follows
  std::string certificates_, client_authorities_;  // PEM, as they are in use
  std::optional<Error> trouble_;                   // of the last renewal
  std::shared_ptr<api::TlsIdentity> identity_;
};

}  // namespace skerry::daemon
