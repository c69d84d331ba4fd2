#include "daemon/config.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "tests/unit/temporary_folder.hpp"

namespace skerry::daemon {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

struct Folder {
  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return path / name;
  }
  TemporaryFolder temporary;
  fs::path path = temporary.path();
};

TEST(Config, DefaultsWithoutAFile) {
  const auto config = parse_config("", "x.toml");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->listen_address, "127.0.0.1:7070");
  EXPECT_EQ(config->exchange_interval_seconds, 0);
  EXPECT_EQ(config->socket(), "/var/lib/skerry/skerry.sock");
  EXPECT_EQ(config->anchor(), "/var/lib/skerry.anchor");
}

TEST(Config, EveryKeyIsRead) {
  const auto config = parse_config(R"(
data_folder = "/data"
io_threads = 3
[anchor]
folder = "/anchor"
[listen]
address = "[::1]:0"
socket = "/run/s.sock"
trusted_uids = [1000, 1001]
[limits]
connections_max = 7
[central]
url = "https://central.example"
ca_file = "/ca.pem"
proxy = "http://proxy:3128"
[exchange]
interval_seconds = 600
zstd_level = 19
[backup]
recipient = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"
folder = "/mnt/backups"
interval_seconds = 3600
keep = 3
[relay]
address = "127.0.0.1:6349"
ttl_seconds = 30
strategy = "lifo"
heartbeats = 0
pool = "prod"
signing_secret_file = "/secret"
[log]
level = "debug"
)",
                                   "x.toml");
  ASSERT_TRUE(config) << config.error().errors[0].detail;
  EXPECT_EQ(config->data_folder, "/data");
  EXPECT_EQ(config->io_threads, 3);
  EXPECT_EQ(config->anchor(), "/anchor");
  EXPECT_EQ(config->listen_address, "[::1]:0");
  EXPECT_EQ(config->socket(), "/run/s.sock");
  EXPECT_EQ(config->trusted_uids, (std::vector<std::int64_t>{1000, 1001}));
  EXPECT_EQ(config->connections_max, 7);
  EXPECT_EQ(config->central_url, "https://central.example");
  EXPECT_EQ(config->central_ca_file, "/ca.pem");
  EXPECT_EQ(config->central_proxy, "http://proxy:3128");
  EXPECT_EQ(config->exchange_interval_seconds, 600);
  EXPECT_EQ(config->exchange_zstd_level, 19);
  EXPECT_EQ(config->log_level, "debug");
  EXPECT_EQ(config->relay_address, "127.0.0.1:6349");
  EXPECT_EQ(config->relay_ttl_seconds, 30);
  EXPECT_EQ(config->relay_strategy, "lifo");
  EXPECT_EQ(config->relay_heartbeats, 0);
  EXPECT_EQ(config->relay_pool, "prod");
  EXPECT_EQ(config->relay_signing_secret_file, "/secret");
  EXPECT_EQ(config->backup_recipient,
            "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg");
  EXPECT_EQ(config->backups(), "/mnt/backups");
  EXPECT_EQ(config->backup_interval_seconds, 3600);
  EXPECT_EQ(config->backup_keep, 3);
}

struct Refused {
  const char* text;
  const char* code;
  const char* detail;
};

class ConfigRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(ConfigRefuses, NamesFileLineAndKey) {
  const auto config = parse_config(GetParam().text, "x.toml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Errc::bad_config);
  ASSERT_EQ(config.error().errors.size(), 1u);
  EXPECT_EQ(config.error().errors[0].code, GetParam().code);
  EXPECT_THAT(config.error().errors[0].detail, HasSubstr(GetParam().detail));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ConfigRefuses,
    ::testing::Values(
        Refused{"\nio_thread = 2", "unknown_key",
                "x.toml:2: unknown key 'io_thread'; the nearest known one is 'io_threads'"},
        Refused{"[listen]\nadress = \"x\"", "unknown_key",
                "x.toml:2: unknown key 'listen.adress'; the nearest known one is 'listen.address'"},
        Refused{"[lisen]\nport = 1", "unknown_key",
                "x.toml:1: unknown section 'lisen'; the nearest known one is 'listen'"},
        Refused{"[nothing]\nport = 1", "unknown_key",
                "unknown section 'nothing'; skerry config show names"},
        Refused{"[central]\nurl = \"https://central.example?site=1\"", "bad_value",
                "has a query or a fragment"},
        Refused{"[central]\nurl = \"https://central.example/#top\"", "bad_value",
                "has a query or a fragment"},
        Refused{"foo = 1", "unknown_key", "unknown key 'foo'; skerry config show names"},
        Refused{"io_threads = \"two\"", "wrong_type",
                "x.toml:1: 'io_threads' must be a whole number"},
        Refused{"io_threads = 2.5", "wrong_type", "a whole number"},
        Refused{"io_threads = -1", "out_of_range", "from 0 to 256, not -1"},
        Refused{"listen = 5", "wrong_type", "'listen' is a section: write [listen]"},
        Refused{"[listen]\naddress = 7070", "wrong_type",
                "x.toml:2: 'listen.address' must be a text"},
        Refused{"[listen]\naddress = \"localhost:7070\"", "bad_value", "is not ADDRESS:PORT"},
        Refused{"[listen]\ntrusted_uids = 5", "wrong_type", "a list"},
        Refused{"[listen]\ntrusted_uids = [\"me\"]", "wrong_type", "a whole number"},
        Refused{"[listen]\ntrusted_uids = [-1]", "out_of_range", "from 0"},
        Refused{"[central]\nurl = \"ftp://x\"", "bad_value", "http:// or https://"},
        Refused{"[central]\nurl = \"https://\"", "bad_value", "is no address"},
        Refused{"[central]\nurl = \"https://x y\"", "bad_value", "is no address"},
        Refused{"[central]\nurl = \"https://x:99999\"", "bad_value", "is no address"},
        Refused{"[central]\nurl = \"https://me:secret@x\"", "bad_value", "a user or a password"},
        Refused{"[central]\nurl = \"http://x\"", "bad_value", "plain HTTP to another machine"},
        Refused{"[central]\nproxy = \"http://\"", "bad_value", "is no address"},
        Refused{"[exchange]\nzstd_level = 20", "out_of_range", "from 1 to 19"},
        Refused{"[backup]\nrecipient = \"age1\"", "bad_value", "no public key of age"},
        Refused{"[backup]\nkeep = 0", "out_of_range", "from 1"},
        Refused{"data_folder = \"\"", "bad_value", "or leave the key out"},
        Refused{"[log]\nlevel = \"loud\"", "bad_value", "none of critical"}));

TEST(Config, NamesEveryComplaint) {
  const auto config = parse_config("a = 1\nb = 2\nio_threads = 999", "x.toml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().errors.size(), 3u);
}

TEST(Config, SyntaxErrorNamesTheLine) {
  const auto config = parse_config("io_threads = 1\nbroken", "x.toml");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().detail, HasSubstr("x.toml:2:"));
}

TEST(Config, RelativePathsCountFromTheFile) {
  const auto config = parse_config("[central]\nca_file = \"ca.pem\"", "/etc/skerry/skerry.toml");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->central_ca_file, "/etc/skerry/ca.pem");
}

TEST(Config, TheTemplateIsAcceptedWithEveryLineSwitchedOn) {
  std::string text;
  for (const char c : config_template()) text += c;
  ASSERT_TRUE(parse_config(text, "x.toml"));
  std::string on;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    std::string line = text.substr(at, end - at);
    if (line.starts_with("#") && !line.starts_with("# ")) line.erase(0, 1);
    on += line + "\n";
    at = end + 1;
  }
  const auto config = parse_config(on, "x.toml");
  ASSERT_TRUE(config) << on << config.error().detail;
  EXPECT_EQ(config->listen_address, Config().listen_address);
}

class Places : public ::testing::Test {
 protected:
  Result<Config> load(std::optional<std::string> data, std::optional<std::string> file) {
    return load_config({data, file, [this](const char* name) -> std::optional<std::string> {
                          const auto found = environment.find(name);
                          if (found == environment.end()) return std::nullopt;
                          return found->second;
                        }});
  }
  Folder folder;
  std::map<std::string, std::string> environment;
};

TEST_F(Places, TheFileInTheDataFolder) {
  folder.write("skerry.toml", "io_threads = 5");
  const auto config = load(folder.path.string(), std::nullopt);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->io_threads, 5);
  EXPECT_EQ(config->data(), folder.path);
}

TEST_F(Places, DataOverridesTheFile) {
  const auto file = folder.write("other.toml", "data_folder = \"/elsewhere\"");
  EXPECT_EQ(load(std::nullopt, file)->data(), "/elsewhere");
  EXPECT_EQ(load(folder.path.string(), file)->data(), folder.path);
  environment["SKERRY_DATA"] = "/from/environment";
  EXPECT_EQ(load(std::nullopt, file)->data(), "/from/environment");
  EXPECT_EQ(load(folder.path.string(), file)->data(), folder.path);
}

TEST_F(Places, TheNamedFileBeforeTheEnvironmentBeforeTheFolder) {
  folder.write("skerry.toml", "io_threads = 1");
  const auto two = folder.write("two.toml", "io_threads = 2");
  const auto three = folder.write("three.toml", "io_threads = 3");
  environment["SKERRY_CONFIG"] = two;
  EXPECT_EQ(load(folder.path.string(), std::nullopt)->io_threads, 2);
  EXPECT_EQ(load(folder.path.string(), three)->io_threads, 3);
}

TEST_F(Places, DropInsLieOverTheFileInTheOrderOfTheirNames) {
  folder.write("skerry.toml",
               "io_threads = 1\n[listen]\ntrusted_uids = [7]\n[log]\nlevel = \"error\"");
  std::filesystem::create_directory(folder.path / "conf.d");
  folder.write("conf.d/20-b.toml", "io_threads = 3");
  folder.write("conf.d/10-a.toml", "io_threads = 2\n[listen]\ntrusted_uids = [8, 9]");
  folder.write("conf.d/30-c.toml.old", "= nothing");
  const auto config = load(folder.path.string(), std::nullopt);
  ASSERT_TRUE(config) << config.error().detail;
  EXPECT_EQ(config->io_threads, 3);
  EXPECT_EQ(config->trusted_uids, (std::vector<std::int64_t>{8, 9}));
  EXPECT_EQ(config->log_level, "error");
  EXPECT_EQ(config->drop_ins.size(), 2u);
  folder.write("conf.d/40-d.toml", "\nio_thread = 3");
  const auto wrong = load(folder.path.string(), std::nullopt);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().errors.front().detail, HasSubstr("conf.d/40-d.toml:2: unknown key"));
}

TEST_F(Places, ANamedFileMustBeThere) {
  const auto config = load(std::nullopt, folder.path / "nowhere.toml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Errc::bad_config);
  EXPECT_THAT(config.error().detail, HasSubstr("nowhere.toml"));
  std::filesystem::create_symlink(folder.write("x.toml", ""), folder.path / "link.toml");
  const auto linked = load(std::nullopt, folder.path / "link.toml");
  ASSERT_FALSE(linked);
  EXPECT_THAT(linked.error().next, HasSubstr("realpath"));
}

TEST(Endpoint, Cases) {
  struct Case {
    const char* text;
    const char* address;
    int port;
  };
  for (const Case& one : {Case{"127.0.0.1:0", "127.0.0.1", 0}, Case{"[::1]:65535", "::1", 65535},
                          Case{"0.0.0.0:80", "0.0.0.0", 80}}) {
    const auto endpoint = parse_endpoint(one.text);
    ASSERT_TRUE(endpoint) << one.text;
    EXPECT_EQ(endpoint->address, one.address);
    EXPECT_EQ(endpoint->port, one.port);
  }
  for (const char* text : {"", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                           "127.0.0.1:8x", "localhost:80", "::1:80", "[]:80", "999.1.1.1:1",
                           "1.2.3:1", "[127.0.0.1]:1", "[:::1]:1", "[1::2::3]:1", "127.0.0.01x:1"})
    EXPECT_FALSE(parse_endpoint(text)) << text;
}

}  // namespace
}  // namespace skerry::daemon
