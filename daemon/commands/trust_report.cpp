#include "daemon/commands/trust_report.hpp"

#include <algorithm>
#include <array>

#include "core/json_text.hpp"
#include "daemon/commands/commands.hpp"

namespace skerry::daemon {
namespace {

constexpr auto key_lists =
    std::to_array<std::pair<std::string_view, std::string_view>>({{"sign_keys", "signing key"},
                                                                  {"recipients", "recipient"},
                                                                  {"roots", "root"},
                                                                  {"revoked", "revoked key"}});
constexpr std::array<std::string_view, 3> single_members{"central", "threshold", "expires_at"};

json::array keys_in(const json::object& trust, std::string_view name) {
  const json::value* list = trust.if_contains(name);
  return list != nullptr && list->is_array() ? list->get_array() : json::array();
}

// A root has a short name, which people know it by.
std::string key_text(const json::value& key) {
  if (const json::object* root = key.if_object()) return string_of(*root, "key");
  const json::string* text = key.if_string();
  return text != nullptr ? std::string(*text) : to_json_text(key);
}

// What is in `more` and not in `fewer`, by the names of the lists.
json::object keys_beyond(const json::object& fewer, const json::object& more) {
  json::object beyond;
  for (const auto& [name, title] : key_lists) {
    const json::array known = keys_in(fewer, name);
    json::array found;
    for (const json::value& key : keys_in(more, name))
      if (std::find(known.begin(), known.end(), key) == known.end()) found.push_back(key);
    if (!found.empty()) beyond[name] = std::move(found);
  }
  return beyond;
}

void show_keys(Terminal& terminal, std::string_view word, const json::object& keys) {
  for (const auto& [name, title] : key_lists)
    for (const json::value& key : keys_in(keys, name))
      terminal.line("  {:<9} {} {}", word, title, key_text(key));
}

}  // namespace

void show_trust(Terminal& terminal, const json::object& trust,
                const std::vector<std::string>& signers) {
  const std::int64_t generation = integer_of(trust, "generation");
  if (generation == 0)
    terminal.line("no offline root: the key of central's is trusted as it is");
  else
    terminal.line("generation  {}, made {}, expires {}", generation, string_of(trust, "made_at"),
                  string_of(trust, "expires_at"));
  terminal.line("central     \"{}\", {}", string_of(trust, "central"),
                string_of(trust, "fingerprint"));
  for (const json::value& key : keys_in(trust, "sign_keys"))
    terminal.line("  signs     with {}", key_text(key));
  for (const json::value& key : keys_in(trust, "recipients"))
    terminal.line("  reads     as {}", key_text(key));
  if (generation > 0)
    terminal.line("signed by   {} of {} roots", integer_of(trust, "threshold"),
                  objects_of(trust, "roots").size());
  for (const json::value& root : keys_in(trust, "roots")) {
    const std::string key = key_text(root);
    const bool signed_here = std::find(signers.begin(), signers.end(), key) != signers.end();
    terminal.line("  root      {}{}", key, signed_here ? "  has signed" : "");
  }
  for (const json::value& key : keys_in(trust, "revoked"))
    terminal.line("revoked     {}", key_text(key));
}

json::object trust_changes(const json::object& before, const json::object& now) {
  json::object was;
  for (const std::string_view name : single_members)
    if (before.at(name) != now.at(name)) was[name] = before.at(name);
  return {{"since", before.at("generation")},
          {"added", keys_beyond(before, now)},
          {"removed", keys_beyond(now, before)},
          {"before", std::move(was)}};
}

void show_trust_changes(Terminal& terminal, const json::object& changes) {
  terminal.line("since generation {}", integer_of(changes, "since"));
  const json::object& added = object_of(changes, "added");
  const json::object& removed = object_of(changes, "removed");
  show_keys(terminal, "new", added);
  show_keys(terminal, "gone", removed);
  if (added.empty() && removed.empty()) terminal.line("  no key is new, and none is gone");
  for (const auto& [name, value] : object_of(changes, "before"))
    terminal.line("  {:<9} {} {}", "was", std::string_view(name), key_text(value));
}

}  // namespace skerry::daemon
