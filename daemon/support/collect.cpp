#include "daemon/support/collect.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

#include "core/clock.hpp"
#include "core/json_text.hpp"
#include "core/timestamp.hpp"
#include "crypto/file.hpp"
#include "crypto/tls_certificates.hpp"
#include "daemon/folder.hpp"
#include "daemon/process.hpp"
#include "daemon/support/redact.hpp"
#include "store/identity.hpp"
#include "store/sites.hpp"
#include "sync/file_handle.hpp"
#include "sync/http_client.hpp"

namespace skerry::daemon {
namespace {

namespace fs = std::filesystem;

constexpr int files_max = 2000;
constexpr std::size_t certificate_bytes_max = 256 * 1024;
constexpr auto daemon_timeout = std::chrono::seconds(10);

// The last `bytes_max` bytes of a file, from the beginning of a line; how many are before them.
Result<std::pair<std::string, std::size_t>> read_tail(const fs::path& file, std::size_t bytes_max) {
  const sync::FileHandle opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened.is_open())
    return fail(sync::system_error(errno, fmt::format("opening {}", file.string())));
  SKERRY_TRY(const std::uint64_t size, sync::file_size(opened.fd()));
  std::string text(std::min<std::uint64_t>(size, bytes_max), '\0');
  SKERRY_TRY_VOID(sync::read_at(opened.fd(), size - text.size(),
                                {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
  if (text.size() < size) text.erase(0, text.find('\n') + 1);
  const std::size_t before = size - text.size();
  return std::pair(std::move(text), before);
}

std::string first_line_with(const fs::path& file, std::string_view prefix) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(prefix)) return line.substr(prefix.size());
  return {};
}

json::object about_machine(const Config& config) {
  struct utsname system {};
  ::uname(&system);
  struct statvfs disk {};
  const bool disk_known = ::statvfs(config.data_folder.c_str(), &disk) == 0;
  return {{"skerry", SKERRY_VERSION},
          {"sqlite", store::sqlite_version()},
          {"made_at", format_timestamp(SystemClock().wall_ms())},
          {"system", first_line_with("/etc/os-release", "PRETTY_NAME=")},
          {"kernel", fmt::format("{} {}", system.sysname, system.release)},
          {"architecture", system.machine},
          {"cores", std::thread::hardware_concurrency()},
          {"memory", first_line_with("/proc/meminfo", "MemTotal:")},
          {"uid", ::geteuid()},
          {"data_folder", config.data_folder},
          {"free_bytes", disk_known ? disk.f_bavail * disk.f_frsize : 0},
          {"disk_bytes", disk_known ? disk.f_blocks * disk.f_frsize : 0},
          {"free_inodes", disk_known ? disk.f_favail : 0}};
}

json::object about_config(const Config& config) {
  json::object values;
  for (const ConfigKey& key : config_keys()) values[key.name] = key.value_in(config);
  json::object about{{"file", config.file.string()},
                     {"drop_ins", config.drop_ins.size()},
                     {"values", std::move(values)}};
  if (config.wrong) {
    about["error"] = config.wrong->detail;
    for (const FieldError& each : config.wrong->errors)
      about["error"].as_string().append("; ").append(each.detail);
  }
  return about;
}

void list_files(const fs::path& folder, std::string& out) {
  out += fmt::format("{}\n", folder.string());
  std::error_code error;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
  int shown = 0;
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    struct stat status {};
    if (::lstat(at->path().c_str(), &status) != 0) continue;
    if (++shown > files_max) break;
    out += fmt::format("{:06o} {:>5} {:>5} {:>12} {} {}\n", status.st_mode, status.st_uid,
                       status.st_gid, status.st_size,
                       format_timestamp(status.st_mtim.tv_sec * std::int64_t{1000}),
                       at->path().lexically_relative(folder).string());
  }
  if (shown > files_max) out += fmt::format("… and more than {} others\n", files_max);
  if (error) out += fmt::format("cannot be listed: {}\n", error.message());
}

// Tables with their number of rows. Of what is in a row, nothing.
json::object rows_of_tables(store::Connection& connection) {
  std::vector<std::string> tables;
  {
    auto cursor = connection.query(
        "SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%' "
        "AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name");
    while (cursor.next()) tables.emplace_back(cursor.text(0));
  }
  json::object rows;
  for (const std::string& table : tables) {
    auto cursor = connection.statement(fmt::format("SELECT count(*) FROM \"{}\"", table));
    if (cursor.next()) rows[table] = cursor.integer(0);
  }
  return rows;
}

json::value first_value(store::Connection& connection, std::string_view sql) {
  auto cursor = connection.statement(sql);
  return cursor.next() ? json::value(std::string(cursor.text(0))) : json::value();
}

// "central.example" of "https://central.example:7443/". Of an address in brackets next to nothing:
// addresses are taken out as such.
std::string_view host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of(":/"));
}

// Names under which clients know this machine, and it knows others: of the configuration, of its
// certificates, of the system. What every machine is called is nobody's secret.
std::vector<std::string> names_of_machines(const Config& config) {
  std::vector<std::string> names;
  const auto add = [&](std::string_view name) {
    constexpr std::array<std::string_view, 5> everybodys{"localhost", "127.0.0.1", "::1", "skerry",
                                                         "Skerry"};
    if (!name.empty() && std::ranges::find(everybodys, name) == everybodys.end())
      names.emplace_back(name);
  };
  std::istringstream configured(config.tls_names);
  for (std::string name; configured >> name;) add(name);
  for (const std::string& url : {config.central_url, config.central_proxy}) add(host_of(url));
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0) add(host.data());
  for (const fs::path& file :
       {config.data() / "tls" / "server.pem", config.data() / "tls" / "ca.pem",
        fs::path(config.tls_certificate_file)}) {
    const auto text = crypto::read_small_file(file, certificate_bytes_max);
    const auto facts = text ? crypto::read_certificate(as_text(*text)) : fail(text.error());
    if (!facts) continue;
    add(facts->subject);
    add(facts->issuer);
    for (const std::string& name : facts->names) add(name);
  }
  return names;
}

struct AboutDatabase {
  json::object facts;
  std::vector<std::string> names;  // that Redactor takes out everywhere
};

AboutDatabase about_database(const DataFolder& folder) {
  AboutDatabase about;
  if (const auto there = folder.must_be_initialised(); !there) {
    about.facts["error"] = there.error().detail;
    return about;
  }
  try {
    const auto connection =
        store::Connection::open(folder.database(), store::Connection::Mode::read_only);
    if (const auto identity = store::read_identity(*connection)) {
      about.names.push_back(identity->name);
      about.facts["role"] = to_text(identity->role);
      about.facts["id"] = identity->id.is_zero() ? "" : to_string(identity->id);
    }
    for (const store::Site& site : store::list_sites(*connection)) about.names.push_back(site.name);
    for (const char* pragma : {"page_size", "page_count", "freelist_count", "journal_mode"})
      about.facts[pragma] = first_value(*connection, fmt::format("PRAGMA {}", pragma));
    about.facts["schema"] = first_value(*connection, "SELECT max(version) FROM migration");
    about.facts["rows"] = rows_of_tables(*connection);
    json::array damage;
    auto check = connection->statement("PRAGMA quick_check(20)");
    while (check.next()) damage.emplace_back(std::string(check.text(0)));
    about.facts["quick_check"] = std::move(damage);
  } catch (const store::StorageError& error) {
    about.facts["error"] = error.what();
  }
  return about;
}

// What the daemon says of itself, or why it says nothing.
std::string ask_daemon(const Config& config, const char* target) {
  sync::HttpOptions options;
  options.unix_socket = config.socket();
  options.connect_timeout = daemon_timeout;
  options.total_timeout = daemon_timeout;
  sync::HttpRequest request;
  request.url = std::string("http://skerry") + target;
  request.body_bytes_max = support_member_bytes_max;
  const auto answer = sync::HttpClient(std::move(options)).request(request);
  if (!answer) return fmt::format("no answer: {}\n", answer.error().detail);
  if (!answer->ok()) return fmt::format("answered {}: {}\n", answer->status, answer->body);
  return answer->body;
}

struct LogText {
  std::string text;
  std::size_t before = 0;
};

LogText log_of(const SupportOptions& options) {
  if (!options.log_file.empty()) {
    auto tail = read_tail(options.log_file, support_member_bytes_max);
    if (!tail) return {fmt::format("{}\n", tail.error().detail)};
    return {std::move(tail->first), tail->second};
  }
  const auto journal =
      run_program({"journalctl", "--unit=skerry.service", "--unit=skerry-exchange.service",
                   "--lines=10000", "--no-pager", "--quiet", "--output=short-iso"},
                  support_member_bytes_max, true);
  if (!journal) return {"there is no journal on this machine: --log FILE names a log\n"};
  if (journal->status != 0) return {"the journal cannot be read by this user\n"};
  return {journal->out};
}

constexpr std::string_view readme =
    "What Skerry tells of this machine, for whoever is asked to help. Nothing was sent: somebody\n"
    "reads this, and hands it on or does not.\n\n"
    "machine.json   program, system, memory, disk\n"
    "config.json    every key of the configuration with its value\n"
    "files.txt      names, sizes, modes and times in the data folder and the anchor's; no content\n"
    "database.json  how many rows each table has, and whether SQLite finds the file sound\n"
    "status.json    what `skerry status` shows, when the daemon answered\n"
    "doctor.json    its findings\n"
    "metrics.txt    its figures\n"
    "log.txt        the end of its log\n\n"
    "Taken out, each by a word in brackets: tokens, passwords, private keys, activation codes,\n"
    "logins, e-mail addresses, IP addresses other than 127.… and ::1, and the names of this\n"
    "machine, of central's and the proxy's, of its certificates and of sites.\n"
    "Records, keys and the log of changes are not read. No text is longer than 1 MiB.\n";

class Collection {
 public:
  explicit Collection(const std::vector<std::string>& names) : redactor_(names) {}

  void add(const char* name, std::string text, std::size_t before = 0) {
    const std::size_t already = redactor_.replaced();
    SupportMember member{name, redactor_.clean(text), 0, before};
    member.replaced = redactor_.replaced() - already;
    finish(std::move(member));
  }
  void add(const char* name, json::value value) {
    const std::size_t already = redactor_.replaced();
    redactor_.clean(value);
    finish({name, to_json_text(value) + '\n', redactor_.replaced() - already, 0});
  }
  // JSON when it is some, so that a name is found however it is written there.
  void add_answer(const char* name, const std::string& body) {
    if (auto value = parse_json(body, {.fractions = true}))
      add(name, std::move(*value));
    else
      add(name, body);
  }
  std::vector<SupportMember> take() { return std::move(members_); }

 private:
  void finish(SupportMember member) {
    if (member.text.size() > support_member_bytes_max) {
      member.cut += member.text.size() - support_member_bytes_max;
      member.text.resize(support_member_bytes_max);
    }
    members_.push_back(std::move(member));
  }

  Redactor redactor_;
  std::vector<SupportMember> members_;
};

}  // namespace

std::vector<SupportMember> collect_support(const Config& config, const SupportOptions& options) {
  AboutDatabase database = about_database({config.data()});
  std::vector<std::string> names = names_of_machines(config);
  names.insert(names.end(), database.names.begin(), database.names.end());
  Collection collection(names);
  collection.add("readme.txt", std::string(readme));
  collection.add("machine.json", json::value(about_machine(config)));
  collection.add("config.json", json::value(about_config(config)));
  std::string files;
  list_files(config.data(), files);
  list_files(config.anchor(), files);
  collection.add("files.txt", std::move(files));
  collection.add("database.json", json::value(std::move(database.facts)));
  collection.add_answer("status.json", ask_daemon(config, "/v1/status"));
  collection.add_answer("doctor.json", ask_daemon(config, "/v1/doctor"));
  collection.add("metrics.txt", ask_daemon(config, "/metrics"));
  LogText log = log_of(options);
  collection.add("log.txt", std::move(log.text), log.before);
  return collection.take();
}

}  // namespace skerry::daemon
