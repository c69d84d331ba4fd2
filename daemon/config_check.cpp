#include "daemon/config_check.hpp"

#include <array>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "crypto/certificate.hpp"
#include "crypto/file.hpp"
#include "crypto/tls_context.hpp"
#include "daemon/folder.hpp"
#include "sync/backup/folder.hpp"

namespace skerry::daemon {
namespace {

constexpr std::size_t secret_bytes_max = 4096;
constexpr std::size_t pem_bytes_max = 256 * 1024;
constexpr std::size_t socket_bytes_max = sizeof(sockaddr_un::sun_path) - 1;

// As the daemon will take it. Of another user's file root cannot tell whether that is the daemon's.
Result<crypto::SecretBytes> read_daemons_secret(const std::string& file, std::size_t bytes_max) {
  struct stat status {};
  const bool is_daemons =
      ::geteuid() == 0 && ::stat(file.c_str(), &status) == 0 && status.st_uid != 0;
  if (!is_daemons) return crypto::read_secret_file(file, bytes_max);
  return crypto::read_small_file(file, bytes_max).map([](const Bytes& bytes) {
    return crypto::SecretBytes(ByteView(bytes));
  });
}

class ConfigCheck {
 public:
  explicit ConfigCheck(const Config& config) : config_(config) {}

  Result<void> run(Folders folders) {
    check_pair("tls.certificate_file", config_.tls_certificate_file, "tls.key_file",
               config_.tls_key_file);
    const bool certificate = check_readable("tls.certificate_file", config_.tls_certificate_file);
    if (check_readable("tls.key_file", config_.tls_key_file) && certificate) check_certificate();
    check_secret("relay.signing_secret_file", config_.relay_signing_secret_file);
    check_authorities("central.ca_file", config_.central_ca_file, "central.url needs");
    check_authorities("tls.client_ca_file", config_.tls_client_ca_file, "clients come from");
    check_addresses();
    check_socket();
    if (folders == Folders::looked_at) check_folders();
    if (errors_.empty()) return {};
    const std::string file = config_.file.empty() ? "" : " " + config_.file.string();
    return fail(Error(Errc::bad_config, fmt::format("the configuration{} is wrong", file),
                      "correct the keys named above", std::move(errors_)));
  }

 private:
  void complain(std::string_view key, std::string_view code, std::string_view text) {
    errors_.push_back({std::string(key), std::string(code), fmt::format("'{}': {}", key, text)});
  }

  void check_pair(std::string_view a, const std::string& of_a, std::string_view b,
                  const std::string& of_b) {
    if (of_a.empty() == of_b.empty()) return;
    complain(of_a.empty() ? a : b, "required",
             fmt::format("is required beside {0}: name its file, or leave out {0}",
                         of_a.empty() ? b : a));
  }

  bool check_readable(std::string_view key, const std::string& file) {
    if (file.empty()) return false;
    if (::access(file.c_str(), R_OK) == 0) return true;
    const bool is_credential = file.starts_with("/run/credentials/");
    complain(key, "bad_file",
             fmt::format("{} is not there, or this user may not read it: {}", file,
                         is_credential ? "put it into /etc/credstore by its name; systemd hands it "
                                         "over while the service runs"
                                       : "name a file that is there, and run this as the daemon's "
                                         "user"));
    return false;
  }

  void check_certificate() {
    if (config_.listen_tls_address.empty()) return;
    auto key = read_daemons_secret(config_.tls_key_file, pem_bytes_max);
    if (!key) {
      const std::string& next = key.error().next;
      return complain("tls.key_file", "bad_file",
                      next.empty() ? key.error().detail : key.error().detail + ": " + next);
    }
    const auto certificates = crypto::read_small_file(config_.tls_certificate_file, pem_bytes_max);
    if (!certificates)
      return complain("tls.certificate_file", "bad_file", certificates.error().detail);
    const auto server = crypto::make_server_tls(
        {std::string(as_text(*certificates)), std::move(*key), std::string()});
    if (!server) complain("tls.certificate_file", "bad_file", server.error().detail);
  }

  void check_secret(std::string_view key, const std::string& file) {
    if (!check_readable(key, file)) return;
    const auto secret = read_secret_text(file);
    if (!secret) complain(key, "bad_file", secret.error().detail + ": " + secret.error().next);
  }

  void check_authorities(std::string_view key, const std::string& file, std::string_view who) {
    if (!check_readable(key, file) || crypto::check_certificates(file)) return;
    complain(key, "bad_file",
             fmt::format("{} holds no certificate in PEM: name a file with those of the "
                         "authorities that {}",
                         file, who));
  }

  // Two doors at one address: the second would find it taken.
  void check_addresses() {
    const std::array doors{std::pair("listen.address", &config_.listen_address),
                           std::pair("listen.tls_address", &config_.listen_tls_address),
                           std::pair("relay.address", &config_.relay_address)};
    for (std::size_t i = 1; i < doors.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (are_one(*doors[i].second, *doors[j].second))
          complain(doors[i].first, "repeated",
                   fmt::format("{} takes the port of {}: choose another port", *doors[i].second,
                               doors[j].first));
  }
  static bool are_one(std::string_view one, std::string_view other) {
    const auto a = parse_endpoint(one), b = parse_endpoint(other);
    if (!a || !b || a->port == 0 || a->port != b->port) return false;
    const auto is_every = [](const Endpoint& door, const Endpoint& same_kind) {
      return door.address == "::" || (door.address == "0.0.0.0" && !same_kind.is_v6());
    };
    return a->address == b->address || is_every(*a, *b) || is_every(*b, *a);
  }

  void check_socket() {
    const std::string path = config_.socket();
    if (path.size() <= socket_bytes_max) return;
    complain("listen.socket", "too_long",
             fmt::format("{} has {} bytes, and a socket's path at most {}: set a shorter one, such "
                         "as /run/skerry/skerry.sock",
                         path, path.size(), socket_bytes_max));
  }

  // As the daemon takes them: it makes the last folder of a path, and of backups' all.
  void check_folders() {
    if (config_.data_folder != Config().data_folder)
      check_folder("data_folder", check_private_folder(config_.data_folder));
    if (!config_.anchor_folder.empty())
      check_folder("anchor.folder", check_private_folder(config_.anchor_folder));
    if (!config_.backup_folder.empty())
      check_folder("backup.folder", sync::check_backup_folder(config_.backup_folder));
  }
  void check_folder(std::string_view key, const Result<void>& checked) {
    if (checked) return;
    const Error& error = checked.error();
    complain(key, "bad_file", fmt::format("{}: {}", error.detail, error.next));
  }

  const Config& config_;
  std::vector<FieldError> errors_;
};

}  // namespace

Result<std::string> read_secret_text(const std::string& file) {
  constexpr std::string_view remedy = "write the secret into it, or take the key out";
  const auto bytes = read_daemons_secret(file, secret_bytes_max);
  if (!bytes)
    return fail(Errc::bad_config, bytes.error().detail,
                bytes.error().next.empty() ? std::string(remedy) : bytes.error().next);
  std::string secret(bytes->text());
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  if (!secret.empty()) return secret;
  return fail(Errc::bad_config, fmt::format("{} is empty", file), std::string(remedy));
}

Result<void> check_config(const Config& config, Folders folders) {
  return ConfigCheck(config).run(folders);
}

}  // namespace skerry::daemon
