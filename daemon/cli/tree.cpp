#include "daemon/cli/tree.hpp"

#include <fmt/format.h>

#include "api/roles.hpp"
#include "core/kinds/kinds.hpp"

namespace skerry::daemon {
namespace {

std::vector<std::string_view> list_words(CommandTree::Words words) {
  std::vector<std::string_view> list;
  switch (words) {
    case CommandTree::Words::roles:
      for (const api::RoleRow& role : api::all_roles()) list.push_back(role.name);
      break;
    case CommandTree::Words::kinds:
      for (const Kind& kind : all_kinds()) list.push_back(kind.name);
      break;
    case CommandTree::Words::plurals:
      for (const Kind& kind : all_kinds()) list.push_back(kind.plural);
      break;
    case CommandTree::Words::codes:
      for (int code = 0; code <= static_cast<int>(Errc::internal); ++code)
        list.push_back(info(static_cast<Errc>(code)).slug);
      break;
  }
  return list;
}

}  // namespace

CLI::App* CommandTree::add_plain(CLI::App* parent, const std::string& name, const std::string& doc,
                                 CommandBody run, bool any_config) {
  CLI::App* verb = parent->add_subcommand(name, doc);
  CommandBody body = [this, run = std::move(run)](const Config& config, Terminal& terminal) {
    auto exit = run(config, terminal);
    if (dry_run_ && exit) terminal.talk("nothing is written: it was a dry run");
    return exit;
  };
  verb->callback([this, command = Command{std::move(body), any_config}] { command_ = command; });
  return verb;
}

CLI::App* CommandTree::add_unconfigured(CLI::App* parent, const std::string& name,
                                        const std::string& doc,
                                        std::function<Result<Exit>(Terminal&)> run) {
  return add_plain(
      parent, name, doc,
      [run = std::move(run)](const Config&, Terminal& terminal) { return run(terminal); }, true);
}

CLI::App* CommandTree::add(CLI::App* parent, const std::string& name, const std::string& doc,
                           std::function<Result<Exit>(Session&)> run) {
  return add_plain(parent, name, doc,
                   [this, run = std::move(run)](const Config& config, Terminal& terminal) {
                     DaemonClient daemon(config, terminal);
                     daemon.set_reason(reason_);
                     daemon.set_dry_run(dry_run_);
                     Session session{config, terminal, daemon};
                     return run(session);
                   });
}

CLI::App* CommandTree::add_noun(const std::string& name, const std::string& doc) {
  CLI::App* noun = app_.add_subcommand(name, doc);
  noun->require_subcommand(1);
  return noun;
}

CLI::Option* CommandTree::repeatable(CLI::Option* option) {
  return option->take_all()->allow_extra_args(false);
}

void CommandTree::offer(CLI::Option* option, Words words) {
  offers_[option] = fmt::format("{}", fmt::join(list_words(words), " "));
}

std::string CommandTree::refuse_empty(const std::string& word) {
  return word.empty() ? "must not be empty" : "";
}

void CommandTree::example(CLI::App* verb, const std::string& line) {
  verb->footer("Example: " + line);
}

void CommandTree::add_dry_run(CLI::App* verb) {
  verb->add_flag("--dry-run", dry_run_, "only say what would be refused, and what would change");
}

void CommandTree::add_reason(CLI::App* verb) {
  verb->add_option("--reason", reason_, "why; kept in the log with the change");
}

}  // namespace skerry::daemon
