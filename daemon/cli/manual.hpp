// The command line described for others: a manual page and completion for shells, from the tree
// that parses it, so that none of the three says something else.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace skerry::daemon {

// skerry(1), in the language of man(7).
std::string manual_page(const CLI::App& app, std::string_view version);

// The words, with blanks between them, that an option is completed to beside those it is held to.
using Offers = std::map<const CLI::Option*, std::string>;

// For "bash", "zsh" or "fish"; nullopt for any other shell.
std::optional<std::string> completion(const CLI::App& app, const Offers& offers,
                                      std::string_view shell);

}  // namespace skerry::daemon
