#include "daemon/tls_office.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>
#include <unistd.h>

#include "core/log.hpp"
#include "core/timestamp.hpp"
#include "crypto/file.hpp"
#include "crypto/fingerprint.hpp"
#include "daemon/folder.hpp"

namespace skerry::daemon {
namespace {

constexpr std::size_t pem_bytes_max = 256 * 1024;
constexpr UnixMillis renewed_before_ms = 30 * crypto::day_ms;
constexpr UnixMillis told_before_ms = 21 * crypto::day_ms;
// A clock that went back is no reason as long as the certificate counts at it.
constexpr UnixMillis latest_begin_ms = 7 * crypto::day_ms;

std::string host_name() {
  std::array<char, 256> text{};
  if (::gethostname(text.data(), text.size() - 1) != 0) return {};
  const std::string name(text.data());
  return crypto::tls_name_complaint(name).empty() ? name : std::string();
}

// An address as it stands in a certificate, whose names are compared with these.
void add(std::vector<std::string>& names, std::string name) {
  std::array<unsigned char, 16> address{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_pton(AF_INET6, name.c_str(), address.data()) == 1 &&
      ::inet_ntop(AF_INET6, address.data(), text.data(), text.size()))
    name = text.data();
  if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
    names.push_back(std::move(name));
}

// Those of the configuration, or the host's; and those of the machine itself.
std::vector<std::string> names_of(const Config& config) {
  std::vector<std::string> names;
  for (std::string_view rest = config.tls_names; !rest.empty();) {
    const std::size_t blank = rest.find(' ');
    add(names, std::string(rest.substr(0, blank)));
    rest = blank == std::string_view::npos ? std::string_view() : rest.substr(blank + 1);
  }
  if (names.empty()) add(names, host_name());
  if (const auto endpoint = parse_endpoint(config.listen_tls_address);
      endpoint && endpoint->address != "0.0.0.0" && endpoint->address != "::")
    add(names, endpoint->address);
  for (const char* own : {"localhost", "127.0.0.1", "::1"}) add(names, own);
  return names;
}

Result<std::string> read_pem(const std::filesystem::path& file) {
  auto bytes = crypto::read_small_file(file, pem_bytes_max);
  if (!bytes) return fail(Errc::bad_config, file.string() + ": " + bytes.error().detail);
  return std::string(as_text(*bytes));
}

json::object describe(const crypto::CertificateFacts& facts) {
  return {{"subject", facts.subject},
          {"issuer", facts.issuer},
          {"names", json::array(facts.names.begin(), facts.names.end())},
          {"not_before", format_timestamp(facts.not_before)},
          {"not_after", format_timestamp(facts.not_after)},
          {"sha256", to_hex(facts.sha256)},
          {"words", crypto::fingerprint_words(facts.sha256)}};
}

// `authority`: empty for a certificate of the site's own.
Result<json::object> describe(std::string_view certificates, const std::string& authority) {
  SKERRY_TRY(const auto facts, crypto::read_certificate(certificates));
  json::object shown = describe(facts);
  shown["own"] = !authority.empty();
  shown["authority"] = nullptr;
  if (authority.empty()) return shown;
  SKERRY_TRY(const auto issuer, crypto::read_certificate(authority));
  json::object issued_by = describe(issuer);
  issued_by["pem"] = authority;
  shown["authority"] = std::move(issued_by);
  return shown;
}

}  // namespace

TlsOffice::TlsOffice(const Config& config, const Clock& clock)
    : config_(config), clock_(clock), folder_(config.data() / "tls"), names_(names_of(config)) {}

Result<std::unique_ptr<TlsOffice>> TlsOffice::open(const Config& config, const Clock& clock) {
  std::unique_ptr<TlsOffice> office(new TlsOffice(config, clock));
  SKERRY_TRY_VOID(make_private_folder(office->folder_));
  if (const auto renewed = office->renew_if_due(); !renewed) {
    if (!office->load()) return fail(renewed.error());
    log(Level::error, "the certificate: {}; {}", renewed.error().detail, renewed.error().next);
  }
  return office;
}

Result<TlsOffice::Issued> TlsOffice::issue(bool new_authority) const {
  Issued made;
  std::error_code ignored;
  made.authority_is_new = new_authority || !std::filesystem::exists(folder_ / "ca.pem", ignored);
  if (made.authority_is_new) {
    made.authority =
        crypto::make_authority("Skerry on " + names_.front(), names_, clock_.wall_ms());
  } else {
    SKERRY_TRY(made.authority.certificate, read_pem(folder_ / "ca.pem"));
    SKERRY_TRY(made.authority.key, crypto::read_secret_file(folder_ / "ca.key", pem_bytes_max));
  }
  SKERRY_TRY(made.server, crypto::issue_certificate(made.authority, names_, clock_.wall_ms()));
  return made;
}

Result<void> TlsOffice::keep(const Issued& issued) const {
  const auto write = [&](const crypto::CertificateAndKey& made, const char* key, const char* pem) {
    // Two files, one of which a crash may leave behind: they do not fit then, and are made again.
    auto written = crypto::write_file_atomically(folder_ / key, made.key.view(), 0600);
    if (!written) return written;
    return crypto::write_file_atomically(folder_ / pem, as_bytes(made.certificate), 0644);
  };
  if (issued.authority_is_new) SKERRY_TRY_VOID(write(issued.authority, "ca.key", "ca.pem"));
  return write(issued.server, "server.key", "server.pem");
}

Result<crypto::TlsFiles> TlsOffice::read_files() const {
  crypto::TlsFiles files;
  std::filesystem::path certificate = folder_ / "server.pem", key = folder_ / "server.key";
  if (is_sites_own()) {
    certificate = config_.tls_certificate_file;
    key = config_.tls_key_file;
  }
  SKERRY_TRY(files.certificates, read_pem(certificate));
  SKERRY_TRY(files.key, crypto::read_secret_file(key, pem_bytes_max));
  SKERRY_TRY(files.client_authorities, read_client_authorities());
  return files;
}

Result<std::string> TlsOffice::read_client_authorities() const {
  if (config_.tls_client_ca_file.empty()) return std::string();
  return read_pem(config_.tls_client_ca_file);
}

bool TlsOffice::is_due(std::string_view certificates) const {
  const auto facts = crypto::read_certificate(certificates);
  const UnixMillis now = clock_.wall_ms();
  return !facts || facts->names != names_ || facts->not_after - now < renewed_before_ms ||
         facts->not_before + crypto::certificate_back_ms > now + latest_begin_ms;
}

Result<void> TlsOffice::load() {
  SKERRY_TRY(const crypto::TlsFiles files, read_files());
  SKERRY_TRY(crypto::TlsContextPtr made, crypto::make_server_tls(files));
  certificates_ = files.certificates;
  client_authorities_ = files.client_authorities;
  if (identity_)
    identity_->replace(std::move(made));
  else
    identity_ = std::make_shared<api::TlsIdentity>(std::move(made));
  return {};
}

Result<void> TlsOffice::renew_if_due() {
  const std::scoped_lock lock(mutex_);
  auto renewed = bring_up_to_date();
  trouble_.reset();
  if (!renewed) trouble_ = renewed.error();
  return renewed;
}

Result<void> TlsOffice::bring_up_to_date() {
  SKERRY_TRY(const std::string clients, read_client_authorities());
  const auto files = read_files();
  if (files &&
      (is_sites_own() || (!is_due(files->certificates) && crypto::make_server_tls(*files)))) {
    const bool same = files->certificates == certificates_ && clients == client_authorities_;
    return identity_ && same ? Result<void>() : load();
  }
  if (is_sites_own()) return fail(files.error());
  SKERRY_TRY(const Issued made, issue(false));
  SKERRY_TRY_VOID(keep(made));
  SKERRY_TRY_VOID(load());
  log(Level::notice, "the certificate for {} is new", fmt::join(names_, ", "));
  return {};
}

Result<json::object> TlsOffice::show() {
  const std::scoped_lock lock(mutex_);
  std::string authority;
  if (!is_sites_own()) {
    SKERRY_TRY(authority, read_pem(folder_ / "ca.pem"));
  }
  return describe(certificates_, authority);
}

Result<json::object> TlsOffice::renew(bool new_authority, bool dry_run) {
  {
    const std::scoped_lock lock(mutex_);
    if (dry_run) return try_renewal(new_authority);
    if (!is_sites_own()) {
      SKERRY_TRY(const Issued made, issue(new_authority));
      SKERRY_TRY_VOID(keep(made));
    }
    SKERRY_TRY_VOID(load());
    trouble_.reset();
  }
  return show();
}

std::optional<Error> TlsOffice::trouble() {
  const std::scoped_lock lock(mutex_);
  if (trouble_) return trouble_;
  const auto facts = crypto::read_certificate(certificates_);
  if (!facts || facts->not_after - clock_.wall_ms() >= told_before_ms) return std::nullopt;
  return Error(Errc::bad_config,
               fmt::format("the certificate ends at {}", format_timestamp(facts->not_after)),
               is_sites_own() ? "put a newer one in the place of " + config_.tls_certificate_file
                              : "skerry cert renew");
}

Result<json::object> TlsOffice::try_renewal(bool new_authority) const {
  if (!is_sites_own()) {
    SKERRY_TRY(const Issued made, issue(new_authority));
    return describe(made.server.certificate, made.authority.certificate);
  }
  SKERRY_TRY(const crypto::TlsFiles files, read_files());
  SKERRY_TRY_VOID(crypto::make_server_tls(files));
  return describe(files.certificates, {});
}

}  // namespace skerry::daemon
