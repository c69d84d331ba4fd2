// The protocol's decisions about whole bundles (SYNC 4.5), sans I/O: what is known goes in, what to
// do comes out. The store-bound parts (take_changes, take_state, pack_*) carry the decisions out;
// the simulator runs the same code.
//
// Both sides ask the same two questions. Does the peer know my future? Then I lost memory: a site
// begins a new epoch, central a new life. Does the peer stand on my history? If not, one of us is
// another branch, and nothing is taken over until that is settled.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "sync/positions.hpp"

namespace skerry::sync {

enum class Action {
  apply,       // take in what is new
  stage,       // a piece of a snapshot whose last piece is not here yet
  duplicate,   // known already: nothing to do but to note the contact
  report,      // no lines, of an epoch that is not begun before its parent's rows are here
  quarantine,  // keep the rows, take nothing in
  refuse,      // the lines cannot be used; what else the verdict asks for is done all the same
};

// ---- at a site

// One epoch of the site's own line of rows.
struct OwnRows {
  EpochId epoch;
  std::int64_t first = 1;  // the oldest row that is kept
  std::int64_t end = 0;    // the last row that counts
  std::int64_t acked = 0;
  std::int64_t durable = 0;
  std::optional<Hash> hash_at_ack;  // own chain hash at the row the bundle acknowledges, if any

  bool operator==(const OwnRows&) const = default;
};

// What a site knows of itself and of central.
struct SiteKnowledge {
  SiteId id;                    // its own, for the remedies that central's people are told
  std::vector<OwnRows> epochs;  // the oldest first; the last is the one that is written
  CentralLife life;             // ord 0: holds nothing of central
  std::int64_t n = 0;
  Hash hash{};
  bool copy = false;     // central said that this machine is a copy
  bool differs = false;  // what it holds at n is not what central has there
};

// Why a machine begins a new epoch, or central a new life.
namespace why {
inline constexpr std::string_view behind_anchor = "behind_anchor";  // the anchor knows more
inline constexpr std::string_view no_anchor = "no_anchor";          // there was one
inline constexpr std::string_view restored = "restored";            // by skerry backup restore
inline constexpr std::string_view moved = "moved";                  // to another machine
inline constexpr std::string_view behind_peer = "behind_peer";      // the peer knows more
inline constexpr std::string_view fork = "fork";                    // the peer has another branch
inline constexpr std::string_view rows_gone = "rows_gone";          // that the peer needs
inline constexpr std::string_view authorised = "authorised";        // by central's administrator
}  // namespace why

// A new epoch that goes on behind row `end` of epochs[epoch]: what was written behind it, there and
// in later epochs, is issued again.
struct Renewal {
  std::string_view why;
  std::size_t epoch = 0;
  std::int64_t end = 0;
  std::optional<Hash> hash{};  // of that row, where this machine does not keep it
  // Rows of this machine's own that it does not have any more.
  std::optional<LostRows> lost{};
  bool operator==(const Renewal&) const = default;
};

struct StateVerdict {
  Action action = Action::apply;
  std::optional<Error> refusal;  // with Action::refuse
  bool new_life = false;         // the snapshot replaces what is held of central
  bool copy = false;             // this machine is a copy from now on
  bool ended = false;            // of a life of central that is over: it has nothing to say
  std::optional<Renewal> renewal;
};

// A "state" or "snapshot" bundle. Refusals: Errc::bundle_gap, Errc::wrong_history,
// Errc::read_only_copy.
StateVerdict judge_state(const SiteKnowledge& site, const StateBody& body, bool snapshot);

// The site's epochs with what counts as decided after the bundle was taken in. A row counts only
// when central names this site's own hash at it, or has taken in an epoch that goes on behind it;
// in a new life of central only what that life says.
std::vector<OwnRows> confirmed_by(const SiteKnowledge& site, const StateBody& body);

// ---- at central

// What central knows of one epoch of a site.
struct EpochKnowledge {
  Standing standing = Standing::active;
  bool fenced = false;  // its rows are a copy's
  std::int64_t head = 0;
  std::optional<std::int64_t> fork_at = std::nullopt;  // the last row that its branches share
};

struct CentralKnowledge {
  CentralLife life;
  std::int64_t n = 0;                      // last row of its log
  std::optional<Hash> hash_at_down;        // its own at the position the site reports, of this life
  bool expects_any = false;                // the site has no epoch yet
  std::int64_t began_n = 0;                // SiteEpoch::began_n of the site's epoch
  std::optional<EpochKnowledge> epoch;     // the bundle's; absent: never heard of
  std::optional<Hash> hash_before;         // its hash of the row before the bundle's first
  std::optional<Hash> hash_at_last;        // … and of the bundle's last
  bool site_lost_last = false;             // the site said that it has that one no more
  std::optional<EpochKnowledge> current;   // of body.current, when the body names one
  std::optional<EpochKnowledge> previous;  // of body.previous
  std::optional<EpochKnowledge> parent;    // of body.parent, and its hash of that row
  std::optional<Hash> hash_at_parent;
};

struct ChangesVerdict {
  Action action = Action::apply;
  std::optional<Error> refusal;            // with Action::refuse
  std::optional<std::int64_t> life_after;  // begin a life with a larger ord
  bool activate = false;                   // the epoch is the one to write from now on
  bool fence = false;                      // an epoch never heard of is a copy's
  bool copy = false;                       // the sender is a copy
  bool report = false;                     // the site stands where the body says
  // The sender's log ends before what central has of it: the bundle is late, or its sender was put
  // back and does not know it.
  bool behind = false;
  bool late = false;  // it was on its way when its sender was put back
};

// A "changes" or "handover" bundle. Refusals: Errc::bundle_gap, Errc::wrong_history.
ChangesVerdict judge_changes(const CentralKnowledge& central, const ChangesBody& body);

// The ord of a new life: later than the clock says, than this life, and than any known of.
std::int64_t next_ord(std::int64_t now_seconds, std::int64_t own, std::int64_t known);
// Lives of later than the year 9999, and than central's own, are nobody's: a claim of one would end
// the numbers.
inline constexpr std::int64_t ord_claimed_max = 253'402'300'799;

}  // namespace skerry::sync
