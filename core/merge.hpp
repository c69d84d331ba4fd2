// The merge rule of each field class, as pure functions (SYNC 4.4). Central applies them to every
// field of every row a site sends; nobody else merges.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/hlc.hpp"
#include "core/ids.hpp"
#include "core/kinds/kinds.hpp"
#include "core/strict_json.hpp"
#include "core/version.hpp"

namespace skerry {

// A field as central holds it.
struct Register {
  json::value value;
  Version version;
  SiteId author;       // zero: central
  HlcStamp effective;  // already clamped (effective_stamp)
};

// What a site wrote.
struct Proposal {
  json::value value;
  json::value old_value;        // what the writer saw
  std::optional<Version> base;  // the version the writer saw; absent: never at central
  SiteId author;
  HlcStamp effective;  // already clamped
  // The author's own earlier value, where that is the current one, is of the proposal's past: no
  // other machine that is the same site wrote it.
  bool follows_own = true;
};

enum class MergeOutcome {
  fast_forward,  // nobody else wrote since the base: the proposal stands
  joined,        // both stand, by the rule of the class; no conflict
  agreed,        // both wrote the same value; no conflict
  won,           // concurrent: the proposal stands, the current value goes to a conflict record
  lost,          // concurrent: the current value stands, the proposal goes to a conflict record
  refused,       // the author may not write this field
};

struct Merged {
  MergeOutcome outcome;
  // What the field holds from now on; of a map that lost, with the keys nobody else changed.
  json::value value;
  std::vector<std::string> clashes = {};  // of a map: the keys that both changed
};

Merged merge_field(const Field& field, const Register& current, const Proposal& proposal);

// The field as a site shows it while its write waits for central: what was changed, over `current`.
json::value replay_field(const Field& field, const json::value& current,
                         const json::value& old_value, const json::value& new_value);

inline bool is_conflict(MergeOutcome outcome) {
  return outcome == MergeOutcome::won || outcome == MergeOutcome::lost;
}

}  // namespace skerry
