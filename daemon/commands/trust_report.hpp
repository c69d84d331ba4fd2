// What a generation of trust says, and what is other than in the one before it: for the holders,
// who sign no key that they have not seen.
#pragma once

#include "core/strict_json.hpp"
#include "daemon/terminal.hpp"

namespace skerry::daemon {

// `trust`: as api::trust_json() has it.
void show_trust(Terminal& terminal, const json::object& trust,
                const std::vector<std::string>& signers);

// Of two generations: {since, added, removed, before}. `added` and `removed` hold keys by the names
// of trust_json()'s lists, `before` what was another name, threshold or expiry.
json::object trust_changes(const json::object& before, const json::object& now);
void show_trust_changes(Terminal& terminal, const json::object& changes);

}  // namespace skerry::daemon
