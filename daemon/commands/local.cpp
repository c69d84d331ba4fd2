// init, version, explain: nothing of these needs a daemon.
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "core/field_codes.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/config_check.hpp"
#include "daemon/exit_meanings.hpp"
#include "daemon/init.hpp"
#include "sync/bundle_reader.hpp"

namespace skerry::daemon {

Result<Exit> run_version(Terminal& terminal) {
  terminal.document({{"program", "skerry"}, {"version", SKERRY_VERSION}});
  terminal.line("skerry {}", SKERRY_VERSION);
  return Exit::ok;
}

namespace {

// An exit code, as a timer's log has it: what it means, and every refusal that ends a command so.
Result<Exit> explain_exit(Terminal& terminal, int exit) {
  const auto found = std::ranges::find(
      exit_meanings, exit, [](const ExitMeaning& each) { return static_cast<int>(each.exit); });
  if (found == exit_meanings.end())
    return fail(Errc::usage, fmt::format("no command ends with the exit code {}", exit),
                "man skerry has those there are");
  terminal.line("exit code {}: {}", exit, found->meaning);
  json::array codes;
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
    const ErrcInfo& entry = info(static_cast<Errc>(code));
    if (static_cast<int>(entry.exit) != exit) continue;
    codes.emplace_back(entry.slug);
    terminal.line("{}: {}.", entry.slug, entry.title);
  }
  terminal.document({{"exit", exit}, {"meaning", found->meaning}, {"codes", std::move(codes)}});
  return Exit::ok;
}

// A code of one complaint: it has no status of its own.
Result<Exit> explain_field(Terminal& terminal, const std::string& code) {
  const FieldCode* entry = find_field_code(code);
  if (entry == nullptr)
    return fail(Errc::usage, fmt::format("there is no code '{}'", code),
                "codes stand in the member \"code\" of an answer, for example bundle_gap");
  terminal.document({{"code", entry->slug}, {"meaning", entry->meaning}});
  terminal.line("{}: {}.", entry->slug, entry->meaning);
  terminal.line("one complaint of several, with the place that it is about");
  return Exit::ok;
}

// There may be one in a data folder that this user may not look into.
Result<void> must_know_the_file(const Config& config) {
  std::error_code error;
  const bool is_known =
      !config.file.empty() || std::filesystem::exists(config.data() / "skerry.toml", error);
  if (is_known || error != std::errc::permission_denied) return {};
  return fail(Errc::forbidden,
              fmt::format("this user may not look for a configuration in {}", config.data_folder),
              "run this as root, or as the daemon's user");
}

}  // namespace

Result<Exit> run_explain(Terminal& terminal, const std::string& code) {
  int exit = 0;
  const char* const end = code.data() + code.size();
  if (const auto [stop, error] = std::from_chars(code.data(), end, exit);
      stop == end && error == std::errc())
    return explain_exit(terminal, exit);
  const ErrcInfo* entry = find_errc(code);
  if (entry == nullptr) return explain_field(terminal, code);
  exit = static_cast<int>(entry->exit);
  const std::string remedy = sync::bundle_remedy(entry->code);
  terminal.document({{"code", entry->slug},
                     {"title", entry->title},
                     {"http_status", entry->http_status},
                     {"exit", exit},
                     {"remedy", entry->remedy},
                     {"next", remedy}});
  terminal.line("{}: {}.", entry->slug, entry->title);
  terminal.line("{}.", entry->remedy);
  terminal.line("HTTP status {}, exit code {}", entry->http_status, exit);
  if (!remedy.empty()) terminal.line("of a bundle: {}", remedy);
  return Exit::ok;
}

Result<Exit> run_config_show(const Config& config, Terminal& terminal) {
  SKERRY_TRY_VOID(must_know_the_file(config));
  json::object values;
  for (const ConfigKey& key : config_keys()) values[key.name] = key.value_in(config);
  const std::string file =
      config.file.empty() ? "no file: every key has its default" : config.file.string();
  json::array drop_ins;
  for (const auto& each : config.drop_ins) drop_ins.emplace_back(each.string());
  terminal.document(
      {{"file", config.file.string()}, {"drop_ins", std::move(drop_ins)}, {"values", values}});
  terminal.line("# {}", file);
  for (const auto& each : config.drop_ins) terminal.line("# {}", each.string());
  for (const auto& [name, value] : values)
    terminal.line("{} = {}", std::string_view(name), to_json_text(value));
  return Exit::ok;
}

Result<Exit> run_config_check(const Config& config, Terminal& terminal) {
  SKERRY_TRY_VOID(must_know_the_file(config));
  SKERRY_TRY_VOID(check_config(config, Folders::looked_at));
  terminal.document({{"file", config.file.string()}, {"acceptable", true}});
  if (config.file.empty())
    terminal.line("there is no file: every key has its default");
  else
    terminal.line("{} is acceptable", config.file.string());
  return Exit::ok;
}

Result<Exit> run_init(const Config& config, Terminal& terminal, const std::string& role_text,
                      const std::string& name, bool dry_run) {
  const auto role = parse_role(role_text);
  if (!role)
    return fail(Errc::usage, fmt::format("--role: '{}' is neither site nor central", role_text),
                "skerry init --role site --name NAME");
  const InitOptions options{config.data(), config.anchor(), *role, name, config.file.empty()};
  SKERRY_TRY_VOID(dry_run ? check_init(options) : initialise(options));
  terminal.document({{"role", role_text}, {"name", name}, {"data_folder", config.data_folder}});
  terminal.line("{} \"{}\" {} initialised in {}", role_text, name, dry_run ? "would be" : "is",
                config.data_folder);
  if (dry_run) return Exit::ok;
  terminal.next(fmt::format("skerry serve --data {}", shell_word(config.data_folder)));
  return Exit::ok;
}

}  // namespace skerry::daemon
