// The configuration: one table of keys, one TOML file and what lies over it, one way to find both.
//
// Data folder: --data, else $SKERRY_DATA, else `data_folder` of the file, else /var/lib/skerry.
// File: --config, else $SKERRY_CONFIG, else <data folder>/skerry.toml, else
// /etc/skerry/skerry.toml, else none: every key has a default. Over it the files conf.d/*.toml
// beside it, in the order of their names: the last one that sets a key is right.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/log.hpp"
#include "core/result.hpp"
#include "core/strict_json.hpp"

namespace skerry::daemon {

// Relative paths in the file count from the folder that the file is in.
struct Config {
  std::filesystem::path file;                   // the one that was read; empty without one
  std::vector<std::filesystem::path> drop_ins;  // and those over it, in their order
  std::optional<Error> wrong;                   // of load_any_config()

  std::string data_folder = "/var/lib/skerry";
  std::string anchor_folder;  // empty: <data folder>.anchor
  std::string listen_address = "127.0.0.1:7070";
  std::string listen_tls_address;  // empty: no TLS
  std::string listen_socket;       // empty: <data folder>/skerry.sock
  std::vector<std::int64_t> trusted_uids;
  std::string tls_names;             // with blanks; empty: the host's name
  std::string tls_certificate_file;  // empty: of an authority of our own
  std::string tls_key_file;
  std::string tls_client_ca_file;  // empty: clients show no certificate
  std::int64_t connections_max = 1024;
  std::string central_url;
  std::string central_ca_file;
  std::string central_proxy;
  std::int64_t exchange_interval_seconds = 0;
  std::int64_t exchange_zstd_level = 3;
  std::int64_t exchange_accept_unencrypted = 0;
  std::int64_t exchange_bundle_mebibytes = 28;
  std::int64_t writes_per_commit = 512;
  std::string backup_recipient;
  std::string backup_folder;  // empty: <data folder>/backups
  std::int64_t backup_interval_seconds = 86'400;
  std::int64_t backup_keep = 7;
  std::int64_t history_keep_days = 90;
  std::string usage_redact = "none";
  std::string relay_address;  // empty: Relay's protocol is off
  std::int64_t relay_ttl_seconds = 60;
  std::string relay_strategy = "fifo";
  std::int64_t relay_heartbeats = 1;
  std::string relay_pool;
  std::string relay_signing_secret_file;
  std::string log_level = "info";
  std::int64_t io_threads = 0;

  std::filesystem::path data() const { return data_folder; }
  std::filesystem::path socket() const;
  std::filesystem::path anchor() const;
  std::filesystem::path backups() const;
};

struct TextKey {
  std::string Config::*member;
  std::string_view shape = {};  // address, central, door, folder, level, names, path, proxy,
                                // recipient, redaction, strategy; empty: any text
};
struct IntegerKey {
  std::int64_t Config::*member;
  std::int64_t least;
  std::int64_t most;
};
struct IntegersKey {
  std::vector<std::int64_t> Config::*member;
  std::int64_t least;
  std::int64_t most;
};

struct ConfigKey {
  std::string_view name;  // "listen.address"
  std::variant<TextKey, IntegerKey, IntegersKey> type;
  std::string_view doc;

  // JSON, which is TOML as well for these types.
  json::value value_in(const Config& config) const;
};
std::span<const ConfigKey> config_keys();

std::optional<Level> parse_level(std::string_view text);

// Sets the keys of `text`; `file` is for messages and relative paths. Errc::bad_config with every
// complaint in errors[], each with file, line and, for an unknown key, the nearest known one.
Result<void> read_config(std::string_view text, const std::filesystem::path& file, Config& config);
// The same of the only file.
Result<Config> parse_config(std::string_view text, const std::filesystem::path& file);

// What the command line and the environment say.
struct ConfigPlaces {
  std::optional<std::string> data;    // --data
  std::optional<std::string> config;  // --config
  std::function<std::optional<std::string>(const char*)> environment;
};
Result<Config> load_config(const ConfigPlaces& places);
// Of a wrong configuration the defaults, with what is wrong.
Config load_any_config(const ConfigPlaces& places);

// A file of every key with its default, commented out: what `skerry init` writes.
std::string config_template();

// "127.0.0.1:7070", "[::1]:0"; nullopt for anything else.
struct Endpoint {
  std::string address;
  std::uint16_t port = 0;

  bool is_v6() const { return address.find(':') != std::string::npos; }
};
std::optional<Endpoint> parse_endpoint(std::string_view text);

}  // namespace skerry::daemon
