// Takes one bundle file in: verify, stage, apply in one transaction, note the outcome
// (SYNC 4.5–4.7). The same way for a file on a stick and for a body that came online.
#pragma once

#include <string>

#include "sync/node.hpp"
#include "sync/spool.hpp"

namespace skerry::sync {

struct ImportOutcome {
  // applied, duplicate, waiting; quarantined: rows were only kept; noted: what it says of the sides
  // had an effect, its lines had none; or the slug of the refusal.
  std::string outcome;
  std::string detail;  // for people
  std::string next;    // the remedy, for a refusal
  std::optional<Error> error;
  std::optional<BundleKind> kind;
  std::optional<Party> from;
  json::object counts;  // what it did, by name
  // The file, of a bundle that is damaged or not to be trusted: worth keeping.
  std::optional<SpooledFile> evidence;
  bool from_copy = false;  // the sender is a copy of its site: it is to be told, no more
  // At central: the sender is a site that holds nothing of this life. What is due to it makes it
  // send again what this life lacks, whatever became of its rows (H4).
  bool of_other_life = false;
  bool applied() const { return !error.has_value(); }
};

// Where a file came in: the open door is where everybody may send something, and the bundle's own
// signature is the authority.
enum class Door : std::uint8_t { ours, open };

// `name`: as the file was called, for the inbox. Every outcome is recorded in the inbox, refusals
// too; a refusal changes nothing else. By a node that only tries, nothing is recorded.
ImportOutcome import_bundle(const Node& node, SpooledFile file, const std::string& name,
                            Door door = Door::ours);

// For a file that is not even looked into, as one over the limit: recorded as refused for `error`.
ImportOutcome refuse_bundle(const Node& node, const Hash& sha256, const std::string& name,
                            Error error, Door door = Door::ours);

}  // namespace skerry::sync
