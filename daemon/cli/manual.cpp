#include "daemon/cli/manual.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>

#include "daemon/exit_meanings.hpp"

namespace skerry::daemon {
namespace {

constexpr auto every = [](const CLI::App*) { return true; };

// A command that does something: "backup create", with what it takes.
struct Verb {
  std::string path;  // without the program's name
  const CLI::App* app;
};

void collect(const CLI::App& app, const std::string& path, std::vector<Verb>& verbs) {
  const auto children = app.get_subcommands(every);
  if (children.empty()) verbs.push_back({path, &app});
  for (const CLI::App* child : children)
    collect(*child, path.empty() ? child->get_name() : path + ' ' + child->get_name(), verbs);
}

std::vector<Verb> verbs_of(const CLI::App& app) {
  std::vector<Verb> verbs;
  collect(app, "", verbs);
  return verbs;
}

// "--map", "-q"; positional ones and --help are left out.
std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    if (option == app.get_help_ptr()) continue;
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    for (const std::string& name : option->get_snames()) flags.push_back("-" + name);
  }
  return flags;
}

// Whether a word follows it.
bool takes_value(const CLI::Option& option) { return option.get_expected_max() != 0; }

// "site central" where one of these is taken. CLI11 names them in the type: "TEXT:{site,central}".
std::string choices_of(const CLI::Option& option, const Offers& offers) {
  if (const auto offered = offers.find(&option); offered != offers.end()) return offered->second;
  std::string type = option.get_type_name();
  const std::size_t begin = type.find('{'), end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos) return {};
  std::replace(type.begin(), type.end(), ',', ' ');
  return type.substr(begin + 1, end - begin - 1);
}

// Text as man(7) shows it: no escapes, no line that begins like a request, hyphens one can copy.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (out.empty() && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

void append_option(std::string& page, const CLI::Option& option) {
  if (option.get_positional())
    page += fmt::format(".TP\n.I {}\n", roff(option.get_name(true)));
  else
    page += fmt::format(".TP\n.B {}\n", roff(option.get_name()));
  page += roff(option.get_description().empty() ? "see the manual" : option.get_description());
  page += '\n';
}

std::string synopsis(const Verb& verb) {
  std::string line = fmt::format(".B skerry {}\n", roff(verb.path));
  for (const CLI::Option* option : verb.app->get_options())
    if (option->get_positional())
      line += fmt::format(fmt::runtime(option->get_required() ? ".I {}\n" : ".RI [ {} ]\n"),
                          roff(option->get_name(true)));
  return line;
}

std::string join(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

// Names of the next words behind each beginning of a command: "backup" → "create list …"; and of
// the values behind an option, where there is a choice of them.
void append_cases(const CLI::App& app, const Offers& offers, const std::string& path,
                  const std::string& common, std::string& cases, std::string& values) {
  std::vector<std::string> words;
  const auto children = app.get_subcommands(every);
  for (const CLI::App* child : children) words.push_back(child->get_name());
  if (!path.empty())
    for (std::string& flag : flags_of(app)) words.push_back(std::move(flag));
  for (const CLI::Option* option : app.get_options()) {
    const std::string choices = choices_of(*option, offers);
    if (choices.empty()) continue;
    if (option->get_positional()) words.insert(words.begin(), choices);
    for (const std::string& name : option->get_lnames())
      values += fmt::format("  '{} --{}') words='{}' ;;\n", path, name, choices);
  }
  cases += fmt::format("    '{}') words='{} {}' ;;\n", path, join(words), common);
  for (const CLI::App* child : children)
    append_cases(*child, offers, path.empty() ? child->get_name() : path + ' ' + child->get_name(),
                 common, cases, values);
}

// One function for both shells: zsh runs it through bashcompinit. Words that are no command, such
// as values and files, do not lengthen the path.
std::string for_bash(const CLI::App& app, const Offers& offers) {
  std::string cases, values;
  append_cases(app, offers, "", join(flags_of(app)) + " --help", cases, values);
  std::string paths;
  const std::function<void(const CLI::App&, const std::string&)> visit =
      [&](const CLI::App& parent, const std::string& path) {
        for (const CLI::App* child : parent.get_subcommands(every)) {
          const std::string own = path.empty() ? child->get_name() : path + ' ' + child->get_name();
          paths += fmt::format("{}'{}'", paths.empty() ? "" : "|", own);
          visit(*child, own);
        }
      };
  visit(app, "");
  return fmt::format(R"(_skerry() {{
  local word next path='' words i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${{COMP_WORDS[i]}}
    next="${{path:+$path }}$word"
    case $next in
    {}) path=$next ;;
    esac
  done
  case $path in
{}  esac
  case "$path ${{COMP_WORDS[COMP_CWORD-1]}}" in
{}  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}")
}}
complete -o default -F _skerry skerry
)",
                     paths, cases, values);
}

std::string fish_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text)
    out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "'";
}

void append_fish(const CLI::App& app, const Offers& offers, const std::string& seen,
                 std::string& lines) {
  const auto files =
      app.get_options([](const CLI::Option* option) { return option->get_name(true) == "FILE"; });
  for (const CLI::Option* option : app.get_options()) {
    if (option == app.get_help_ptr()) continue;
    const std::string choices = choices_of(*option, offers);
    const std::string words = choices.empty() ? "" : " -a " + fish_word(choices);
    const std::string values = choices.empty() ? "" : " -f" + words;
    for (const std::string& name : option->get_lnames())
      lines += fmt::format("complete -c skerry -n {} -l {}{}{} -d {}\n", fish_word(seen), name,
                           takes_value(*option) ? " -r" : "", values,
                           fish_word(option->get_description()));
    if (option->get_positional() && !choices.empty())
      lines += fmt::format("complete -c skerry -n {}{}\n", fish_word(seen),
                           files.empty() ? values : words);
  }
  const auto children = app.get_subcommands(every);
  std::vector<std::string> names;
  for (const CLI::App* child : children) names.push_back(child->get_name());
  for (const CLI::App* child : children) {
    const std::string here =
        seen == "true"
            ? "__fish_use_subcommand"
            : fmt::format("{}; and not __fish_seen_subcommand_from {}", seen, join(names));
    lines += fmt::format("complete -c skerry -f -n {} -a {} -d {}\n", fish_word(here),
                         child->get_name(), fish_word(child->get_description()));
    const std::string below = fmt::format("{}__fish_seen_subcommand_from {}",
                                          seen == "true" ? "" : seen + "; and ", child->get_name());
    append_fish(*child, offers, below, lines);
  }
}

}  // namespace

std::string manual_page(const CLI::App& app, std::string_view version) {
  std::string page = fmt::format(
      ".TH SKERRY 1 \"\" \"skerry {}\" \"Skerry\"\n.SH NAME\nskerry \\- {}\n.SH SYNOPSIS\n"
      ".B skerry\n.RI [ options ]\n.I noun verb\n.RI [ options ]\n.SH DESCRIPTION\n"
      "One program for a site that is cut off and for the vendor's central.\n"
      ".B skerry serve\nis the daemon; the other commands talk to the running daemon over its "
      "socket.\nThe result goes to stdout, what is said about it to stderr.\n.SH OPTIONS\n",
      version, roff("one register for a vendor and sites that are cut off"));
  for (const CLI::Option* option : app.get_options()) append_option(page, *option);
  page += ".SH COMMANDS\n";
  for (const Verb& verb : verbs_of(app)) {
    page += ".SS skerry " + roff(verb.path) + '\n';
    page += synopsis(verb) + ".PP\n" + roff(verb.app->get_description()) + ".\n";
    for (const CLI::Option* option : verb.app->get_options())
      if (option != verb.app->get_help_ptr()) append_option(page, *option);
    if (const std::string example = verb.app->get_footer(); !example.empty())
      page += ".PP\n" + roff(example) + '\n';
  }
  page += ".SH EXIT STATUS\n";
  for (const auto& [exit, meaning] : exit_meanings)
    page += fmt::format(".TP\n.B {}\n{}\n", static_cast<int>(exit), meaning);
  page +=
      ".SH FILES\n.TP\n.I /etc/skerry/skerry.toml\nthe configuration of an installed machine\n"
      ".TP\n.I /var/lib/skerry\nits data\n"
      ".TP\n.I /usr/share/doc/skerry/html/index.html\nthe manual\n"
      ".SH ENVIRONMENT\n.TP\n.B SKERRY_DATA\nthe data folder\n.TP\n.B SKERRY_CONFIG\n"
      "the configuration file\n";
  return page;
}

std::optional<std::string> completion(const CLI::App& app, const Offers& offers,
                                      std::string_view shell) {
  if (shell == "bash") return for_bash(app, offers);
  if (shell == "zsh")
    return "#compdef skerry\nautoload -U +X bashcompinit && bashcompinit\n" + for_bash(app, offers);
  if (shell != "fish") return std::nullopt;
  std::string lines;
  append_fish(app, offers, "true", lines);
  return lines;
}

}  // namespace skerry::daemon
