#include "daemon/config.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <sstream>
#include <toml++/toml.h>

#include "core/json_text.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "crypto/age.hpp"
#include "crypto/tls_certificates.hpp"
#include "licensing/usage_facts.hpp"
#include "sync/exchange.hpp"
#include "sync/http_client.hpp"

namespace skerry::daemon {
namespace {

constexpr std::int64_t uid_max = 4'294'967'294;

constexpr std::array keys{
    ConfigKey{"data_folder", TextKey{&Config::data_folder, "folder"},
              "where the database, the keys and the outbox are"},
    ConfigKey{"anchor.folder", TextKey{&Config::anchor_folder, "path"},
              "where a small file tells a restored or copied database from the newest; not to be "
              "backed up with it; empty: beside the data folder, with .anchor behind its name"},
    ConfigKey{"listen.address", TextKey{&Config::listen_address, "address"},
              "where HTTP listens; port 0 takes a free one"},
    ConfigKey{"listen.tls_address", TextKey{&Config::listen_tls_address, "door"},
              "where HTTPS listens, such as 0.0.0.0:7443, once an administrator has claimed the "
              "machine; empty: nowhere"},
    ConfigKey{"listen.socket", TextKey{&Config::listen_socket, "path"},
              "the Unix socket of the command line; empty: skerry.sock in the data folder"},
    ConfigKey{"listen.trusted_uids", IntegersKey{&Config::trusted_uids, 0, uid_max},
              "users that are administrators on the socket, beside root and the daemon's own"},
    ConfigKey{"tls.names", TextKey{&Config::tls_names, "names"},
              "names and addresses that clients use, with blanks; empty: the host's name"},
    ConfigKey{"tls.certificate_file", TextKey{&Config::tls_certificate_file, "path"},
              "PEM file of the site's own certificate and those above it; empty: this machine is "
              "its own authority"},
    ConfigKey{"tls.key_file", TextKey{&Config::tls_key_file, "path"}, "PEM file of its key"},
    ConfigKey{"tls.client_ca_file", TextKey{&Config::tls_client_ca_file, "path"},
              "PEM file of the authorities whose clients alone are let in under TLS; empty: all"},
    ConfigKey{"limits.connections_max", IntegerKey{&Config::connections_max, 1, 65'536},
              "open connections at once; further ones are refused"},
    ConfigKey{"central.url", TextKey{&Config::central_url, "central"},
              "at a site: central's address for the online exchange"},
    ConfigKey{"central.ca_file", TextKey{&Config::central_ca_file, "path"},
              "PEM file of the only authorities to trust there; empty: the system's"},
    ConfigKey{"central.proxy", TextKey{&Config::central_proxy, "proxy"},
              "HTTP proxy on the way there; empty: none"},
    ConfigKey{"exchange.interval_seconds",
              IntegerKey{&Config::exchange_interval_seconds, 0, 30 * 86'400},
              "how often a site exchanges online by itself; 0: never"},
    ConfigKey{"exchange.zstd_level", IntegerKey{&Config::exchange_zstd_level, 1, 19},
              "compression of bundles: 1 is fast, 19 is small"},
    ConfigKey{"exchange.accept_unencrypted", IntegerKey{&Config::exchange_accept_unencrypted, 0, 1},
              "1: take bundles that are not encrypted (enc none), where the gap is inspected"},
    ConfigKey{"exchange.bundle_mebibytes", IntegerKey{&Config::exchange_bundle_mebibytes, 1, 28},
              "a bundle is cut after so many MiB; less for small media and bad lines"},
    ConfigKey{"store.writes_per_commit", IntegerKey{&Config::writes_per_commit, 1, 4096},
              "at most so many writes share one transaction and its fsync; 1: each has its own"},
    ConfigKey{"backup.recipient", TextKey{&Config::backup_recipient, "recipient"},
              "age1…: the recovery key that backups are encrypted to; empty: none are made"},
    ConfigKey{"backup.folder", TextKey{&Config::backup_folder, "path"},
              "where backups are written; empty: backups in the data folder"},
    ConfigKey{"backup.interval_seconds",
              IntegerKey{&Config::backup_interval_seconds, 0, 366 * 86'400},
              "how often one is made by itself; 0: never"},
    ConfigKey{"backup.keep", IntegerKey{&Config::backup_keep, 1, 10'000},
              "so many good ones of this machine stay in that folder"},
    ConfigKey{"history.keep_days", IntegerKey{&Config::history_keep_days, 0, 36'500},
              "a site forgets changes so old that central has in a verified backup; 0: none"},
    ConfigKey{"usage.redact", TextKey{&Config::usage_redact, "redaction"},
              "none, users or all: whose names leave in facts of seats as keyed digests only"},
    ConfigKey{"relay.address", TextKey{&Config::relay_address, "door"},
              "where Keygen Relay's protocol is spoken, such as 127.0.0.1:6349; empty: nowhere"},
    ConfigKey{"relay.ttl_seconds", IntegerKey{&Config::relay_ttl_seconds, 1, 30 * 86'400},
              "how long a node has its licence without a heartbeat"},
    ConfigKey{"relay.strategy", TextKey{&Config::relay_strategy, "strategy"},
              "which free licence a node is given: fifo, lifo or rand"},
    ConfigKey{"relay.heartbeats", IntegerKey{&Config::relay_heartbeats, 0, 1},
              "0: leases are not extended, and end only when they are given back"},
    ConfigKey{"relay.pool", TextKey{&Config::relay_pool},
              "the only pool that is served; empty: each by its name, and the one without"},
    ConfigKey{"relay.signing_secret_file", TextKey{&Config::relay_signing_secret_file, "path"},
              "a file with the secret that answers are signed with; empty: they are not"},
    ConfigKey{"log.level", TextKey{&Config::log_level, "level"},
              "critical, error, warning, notice, info or debug"},
    ConfigKey{"io_threads", IntegerKey{&Config::io_threads, 0, 256},
              "threads that serve connections; 0: one per core, at least 2"},
};

const ConfigKey* find_key(std::string_view name) {
  const auto found = std::find_if(keys.begin(), keys.end(),
                                  [&](const ConfigKey& key) { return key.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

std::string_view section_of(std::string_view key) {
  return key.substr(0, std::min(key.find('.'), key.size()));
}

// Of a key, or of a section.
std::string likely_name(std::string_view name, bool is_section) {
  const auto distance_to = [&](const ConfigKey& key) {
    return edit_distance(name, is_section ? section_of(key.name) : key.name);
  };
  const ConfigKey& nearest_key = *std::min_element(
      keys.begin(), keys.end(),
      [&](const auto& a, const auto& b) { return distance_to(a) < distance_to(b); });
  const std::string_view nearest = is_section ? section_of(nearest_key.name) : nearest_key.name;
  if (is_typing_error(edit_distance(name, nearest), name))
    return fmt::format("the nearest known one is '{}'", nearest);
  return "skerry config show names those there are";
}

std::string names_complaint(std::string_view rest) {
  while (!rest.empty()) {
    const std::size_t blank = std::min(rest.find(' '), rest.size());
    const std::string_view name = rest.substr(0, blank);
    if (const auto complaint = crypto::tls_name_complaint(name); !complaint.empty())
      return fmt::format("'{}' {}", name, complaint);
    rest.remove_prefix(std::min(blank + 1, rest.size()));
  }
  return {};
}

// Why `value` is not of this shape; empty when it is. An address is not repeated: it may hold what
// is nobody's to read.
std::string shape_complaint(std::string_view shape, std::string_view value) {
  const bool is_endpoint = shape == "address" || (shape == "door" && !value.empty());
  if (is_endpoint && !parse_endpoint(value))
    return fmt::format(
        "'{}' is not ADDRESS:PORT with a numeric address, such as 127.0.0.1:7070 "
        "or [::1]:7070",
        value);
  if (shape == "central" || shape == "proxy") {
    const std::string url(value);
    const std::string why = value.empty()        ? ""
                            : shape == "central" ? sync::central_url_complaint(url)
                                                 : sync::url_complaint(url);
    if (!why.empty()) return "the address " + why;
  }
  if (shape == "recipient" && !value.empty() && !crypto::AgeRecipient::parse(value))
    return fmt::format("'{}' is no public key of age: skerry backup key FILE makes one", value);
  if (shape == "folder" && value.empty()) return "name a folder, or leave the key out";
  if (shape == "names") return names_complaint(value);
  if (shape == "level" && !parse_level(value))
    return fmt::format("'{}' is none of critical, error, warning, notice, info, debug", value);
  if (shape == "redaction" && !licensing::parse_redaction(value))
    return fmt::format("'{}' is none of none, users, all", value);
  if (shape == "strategy" && value != "fifo" && value != "lifo" && value != "rand")
    return fmt::format("'{}' is none of fifo, lifo, rand", value);
  if (value.find('\0') != std::string_view::npos) return "the text holds a zero byte";
  return {};
}

class ConfigReader {
 public:
  ConfigReader(const std::filesystem::path& file, Config& config) : file_(file), config_(config) {}

  void read_table(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const std::string path = prefix + std::string(name.str());
      if (const ConfigKey* key = find_key(path))
        set(*key, node);
      else if (node.is_table() && is_section(path))
        read_table(*node.as_table(), path + ".");
      else if (is_section(path))
        complain(path, line_of(node.source()), "wrong_type",
                 fmt::format("'{0}' is a section: write [{0}] and its keys below", path));
      else
        complain(path, line_of(name.source()), "unknown_key",
                 fmt::format("unknown {} '{}'; {}", node.is_table() ? "section" : "key", path,
                             likely_name(path, node.is_table())));
    }
  }

  std::vector<FieldError> take_errors() { return std::move(errors_); }

 private:
  static bool is_section(std::string_view path) {
    return std::any_of(keys.begin(), keys.end(), [&](const ConfigKey& key) {
      return key.name.size() > path.size() && key.name.starts_with(path) &&
             key.name[path.size()] == '.';
    });
  }
  static std::int64_t line_of(const toml::source_region& source) { return source.begin.line; }

  void complain(std::string_view key, std::int64_t line, std::string code, std::string_view text) {
    errors_.push_back(
        {std::string(key), std::move(code), fmt::format("{}:{}: {}", file_.string(), line, text)});
  }
  void wrong_type(const ConfigKey& key, const toml::node& node, std::string_view wanted) {
    complain(key.name, line_of(node.source()), "wrong_type",
             fmt::format("'{}' must be {}", key.name, wanted));
  }

  void set(const ConfigKey& key, const toml::node& node) {
    std::visit([&](const auto& type) { set_typed(key, type, node); }, key.type);
  }
  void set_typed(const ConfigKey& key, const TextKey& type, const toml::node& node) {
    const auto* text = node.as_string();
    if (text == nullptr) return wrong_type(key, node, "a text in quotes");
    std::string value = text->get();
    if (const std::string why = shape_complaint(type.shape, value); !why.empty())
      return complain(key.name, line_of(node.source()), "bad_value",
                      fmt::format("'{}': {}", key.name, why));
    const bool is_path = type.shape == "path" || type.shape == "folder";
    if (is_path && !value.empty() && std::filesystem::path(value).is_relative())
      value = (std::filesystem::absolute(file_).parent_path() / value).lexically_normal();
    config_.*type.member = std::move(value);
  }
  void set_typed(const ConfigKey& key, const IntegerKey& type, const toml::node& node) {
    if (const auto value = integer(key, type.least, type.most, node)) config_.*type.member = *value;
  }
  void set_typed(const ConfigKey& key, const IntegersKey& type, const toml::node& node) {
    const auto* list = node.as_array();
    if (list == nullptr) return wrong_type(key, node, "a list of whole numbers");
    (config_.*type.member).clear();  // what another file said
    for (const toml::node& element : *list)
      if (const auto value = integer(key, type.least, type.most, element))
        (config_.*type.member).push_back(*value);
  }
  std::optional<std::int64_t> integer(const ConfigKey& key, std::int64_t least, std::int64_t most,
                                      const toml::node& node) {
    const auto* number = node.as_integer();
    if (number == nullptr) {
      wrong_type(key, node, "a whole number");
      return std::nullopt;
    }
    if (number->get() >= least && number->get() <= most) return number->get();
    complain(
        key.name, line_of(node.source()), "out_of_range",
        fmt::format("'{}' must be from {} to {}, not {}", key.name, least, most, number->get()));
    return std::nullopt;
  }

  const std::filesystem::path& file_;
  Config& config_;
  std::vector<FieldError> errors_;
};

}  // namespace

std::optional<Level> parse_level(std::string_view text) {
  constexpr std::array<std::string_view, 6> names{"critical", "error", "warning",
                                                  "notice",   "info",  "debug"};
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Level>(found - names.begin() + static_cast<int>(Level::critical));
}

std::span<const ConfigKey> config_keys() { return keys; }

json::value ConfigKey::value_in(const Config& config) const {
  return std::visit(
      [&](const auto& shape) -> json::value { return json::value_from(config.*shape.member); },
      type);
}

std::filesystem::path Config::socket() const {
  return listen_socket.empty() ? data() / "skerry.sock" : std::filesystem::path(listen_socket);
}

std::filesystem::path Config::anchor() const {
  return anchor_folder.empty() ? data_folder + ".anchor" : anchor_folder;
}

std::filesystem::path Config::backups() const {
  return backup_folder.empty() ? data() / "backups" : std::filesystem::path(backup_folder);
}

Result<void> read_config(std::string_view text, const std::filesystem::path& file, Config& config) {
  try {
    const toml::table table = toml::parse(text, file.string());
    ConfigReader reader(file, config);
    reader.read_table(table, "");
    if (auto errors = reader.take_errors(); !errors.empty())
      return fail(Error(Errc::bad_config,
                        fmt::format("the configuration {} is wrong", file.string()),
                        "correct the lines named above", std::move(errors)));
  } catch (const toml::parse_error& error) {
    return fail(Error(Errc::bad_config,
                      fmt::format("{}:{}:{}: {}", file.string(), error.source().begin.line,
                                  error.source().begin.column, error.description()),
                      "correct this line"));
  }
  return {};
}

std::string config_template() {
  const Config defaults;
  std::string text = "# Skerry's configuration. Every line shows its default.\n";
  std::string section;
  // Keys without a section come first, as TOML needs it.
  for (const bool sectioned : {false, true}) {
    for (const ConfigKey& key : keys) {
      const std::size_t dot = key.name.find('.');
      if ((dot != std::string_view::npos) != sectioned || key.name == "data_folder") continue;
      std::string_view name = key.name;
      if (sectioned) {
        if (const std::string_view own = name.substr(0, dot); own != section) {
          section = own;
          text += fmt::format("\n[{}]\n", section);
        }
        name.remove_prefix(dot + 1);
      }
      text += fmt::format("# {}\n#{} = {}\n", key.doc, name, to_json_text(key.value_in(defaults)));
    }
  }
  return text;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  Endpoint endpoint;
  endpoint.address = text.substr(0, colon);
  const bool bracketed = endpoint.address.starts_with('[') && endpoint.address.ends_with(']');
  if (bracketed) endpoint.address = endpoint.address.substr(1, endpoint.address.size() - 2);
  std::array<unsigned char, sizeof(in6_addr)> numeric{};
  if (endpoint.address.find('\0') != std::string::npos ||
      ::inet_pton(bracketed ? AF_INET6 : AF_INET, endpoint.address.c_str(), numeric.data()) != 1)
    return std::nullopt;
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc() || end != port.data() + port.size() || port.empty()) return std::nullopt;
  return endpoint;
}

}  // namespace skerry::daemon
