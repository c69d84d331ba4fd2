#include "daemon/run_command.hpp"

#include <cstdlib>

#include "store/sqlite/connection.hpp"

namespace skerry::daemon {
namespace {

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::optional<std::string> if_given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

Result<Exit> run(const Common& common, const Command& command, Terminal& terminal) {
  const ConfigPlaces places{if_given(common.data), if_given(common.config), environment};
  SKERRY_TRY(const Config config,
             command.any_config ? load_any_config(places) : load_config(places));
  try {
    return command.run(config, terminal);
  } catch (const store::StorageError& error) {
    return fail(error.as_error());
  }
}

}  // namespace

int run_command(const Common& common, const Command& command) {
  Terminal terminal(common.json);
  auto outcome = run(common, command, terminal);
  if (auto written = terminal.check_written(); outcome && !written)
    outcome = tl::unexpected<Error>(std::move(written).error());
  if (outcome) return static_cast<int>(*outcome);
  terminal.error(outcome.error());
  return static_cast<int>(info(outcome.error().code).exit);
}

}  // namespace skerry::daemon
