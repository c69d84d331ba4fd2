#include "core/merge.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json_member.hpp"

namespace skerry {
namespace {

// Nobody but the writer wrote between what the writer saw and now.
bool is_fast_forward(const Register& current, const Proposal& proposal) {
  return (proposal.base && *proposal.base == current.version) ||
         (current.author == proposal.author && !proposal.author.is_zero() && proposal.follows_own);
}

bool later(const Register& current, const Proposal& proposal) {
  return std::pair(proposal.effective, proposal.author) >
         std::pair(current.effective, current.author);
}

bool proposal_wins(MergePolicy policy, const Register& current, const Proposal& proposal) {
  switch (policy) {
    case MergePolicy::last_writer:
      return later(current, proposal);
    case MergePolicy::central:
      return !current.author.is_zero() && later(current, proposal);
    case MergePolicy::manual:
      return false;  // stands as it is until a person decides
  }
  return false;
}

Merged merge_shared(const Field& field, const Register& current, const Proposal& proposal) {
  if (is_fast_forward(current, proposal)) return {MergeOutcome::fast_forward, proposal.value};
  // Of two who wrote the same, the later one is the author from now on: otherwise the earlier one's
  // next write would pass for a successor of a value that the later one had confirmed.
  if (proposal.value == current.value)
    return {later(current, proposal) ? MergeOutcome::joined : MergeOutcome::agreed, current.value};
  if (proposal_wins(field.policy, current, proposal)) return {MergeOutcome::won, proposal.value};
  return {MergeOutcome::lost, current.value};
}

bool contains(const json::array& set, const json::value& element) {
  return std::find(set.begin(), set.end(), element) != set.end();
}

json::array elements(const json::value& value) {
  return value.is_array() ? value.get_array() : json::array();
}

// Observed-remove: takes away what the writer saw and removed, adds what the writer added.
Merged merge_set(const Register& current, const Proposal& proposal) {
  const json::array seen = elements(proposal.old_value);
  const json::array wanted = elements(proposal.value);
  std::vector<json::value> merged;
  for (const json::value& element : elements(current.value))
    if (!contains(seen, element) || contains(wanted, element)) merged.push_back(element);
  for (const json::value& element : wanted)
    if (!contains(seen, element) &&
        std::find(merged.begin(), merged.end(), element) == merged.end())
      merged.push_back(element);
  std::sort(merged.begin(), merged.end(), [](const json::value& a, const json::value& b) {
    return a.as_string() < b.as_string();
  });
  json::value value = json::array(merged.begin(), merged.end());
  const bool whole = value == proposal.value;
  return {whole ? MergeOutcome::fast_forward : MergeOutcome::joined, std::move(value)};
}

std::vector<std::string_view> keys_of(const json::value& a, const json::value& b) {
  std::set<std::string_view> keys;
  for (const json::value* each : {&a, &b})
    if (const json::object* object = each->if_object())
      for (const auto& [key, value] : *object) keys.insert(key);
  return {keys.begin(), keys.end()};
}

void put(json::object& map, std::string_view key, const json::value& value) {
  if (value.is_null())
    map.erase(key);
  else
    map[key] = value;
}

// The object in canonical form: keys in order, null when there is none.
json::value canonical_map(const json::object& map) {
  std::map<std::string_view, const json::value*> sorted;
  for (const auto& [key, value] : map) sorted.emplace(key, &value);
  json::object ordered;
  for (const auto& [key, value] : sorted) ordered[key] = *value;
  if (ordered.empty()) return nullptr;
  return ordered;
}

// Every key is a register of its own: what the writer changed goes over what is there. Where both
// changed one key, the field's policy decides for all of these, by the newest write of either side.
Merged merge_map(const Field& field, const Register& current, const Proposal& proposal) {
  json::object merged = current.value.is_object() ? current.value.get_object() : json::object();
  const bool wins = proposal_wins(field.policy, current, proposal);
  std::vector<std::string> clashes;
  for (const std::string_view key : keys_of(proposal.old_value, proposal.value)) {
    const json::value& seen = member_of(proposal.old_value, key);
    const json::value& wanted = member_of(proposal.value, key);
    const json::value& present = member_of(current.value, key);
    if (wanted == seen || wanted == present) continue;
    const bool concurrent = present != seen;
    if (concurrent) clashes.emplace_back(key);
    if (!concurrent || wins) put(merged, key, wanted);
  }
  json::value value = canonical_map(merged);
  if (!clashes.empty())
    return {wins ? MergeOutcome::won : MergeOutcome::lost, std::move(value), std::move(clashes)};
  if (value == current.value) return {MergeOutcome::agreed, std::move(value)};
  const bool whole = value == proposal.value;
  return {whole ? MergeOutcome::fast_forward : MergeOutcome::joined, std::move(value)};
}

std::ptrdiff_t rank(const Field& field, const json::value& value) {
  const json::string* text = value.if_string();
  if (!text) return -1;
  return std::find(field.options.begin(), field.options.end(), std::string_view(*text)) -
         field.options.begin();
}

// The later state of the declared order; a step down needs a writer who saw the present state.
Merged merge_lifecycle(const Field& field, const Register& current, const Proposal& proposal) {
  if (is_fast_forward(current, proposal) ||
      rank(field, proposal.value) > rank(field, current.value))
    return {MergeOutcome::fast_forward, proposal.value};
  if (proposal.value == current.value) return {MergeOutcome::agreed, current.value};
  return {MergeOutcome::joined, current.value};
}

Merged merge_fact(const Register& current, const Proposal& proposal) {
  if (current.value.is_null()) return {MergeOutcome::fast_forward, proposal.value};
  if (current.value == proposal.value) return {MergeOutcome::agreed, current.value};
  return {MergeOutcome::refused, current.value};
}

// The home site is the one that wrote the value; central's own edits are proposals to it.
Merged merge_site_owned(const Register& current, const Proposal& proposal) {
  if (current.author.is_zero() || current.author == proposal.author)
    return {MergeOutcome::fast_forward, proposal.value};
  return {MergeOutcome::refused, current.value};
}

}  // namespace

Merged merge_field(const Field& field, const Register& current, const Proposal& proposal) {
  switch (field.merge) {
    case MergeClass::central:
      return {MergeOutcome::refused, current.value};
    case MergeClass::site:
      return merge_site_owned(current, proposal);
    case MergeClass::fact:
      return merge_fact(current, proposal);
    case MergeClass::shared:
    case MergeClass::group:
      return merge_shared(field, current, proposal);
    case MergeClass::set:
      return merge_set(current, proposal);
    case MergeClass::map:
      return merge_map(field, current, proposal);
    case MergeClass::lifecycle:
      return merge_lifecycle(field, current, proposal);
  }
  return {MergeOutcome::refused, current.value};
}

json::value replay_field(const Field& field, const json::value& current,
                         const json::value& old_value, const json::value& new_value) {
  if (field.merge == MergeClass::set)
    return merge_set({current, {}, {}, {}}, {new_value, old_value, {}, {}, {}}).value;
  if (field.merge != MergeClass::map) return new_value;
  json::object map = current.is_object() ? current.get_object() : json::object();
  for (const std::string_view key : keys_of(old_value, new_value))
    if (member_of(old_value, key) != member_of(new_value, key))
      put(map, key, member_of(new_value, key));
  return canonical_map(map);
}

}  // namespace skerry
