#include "sync/import.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include "licensing/receipts.hpp"
#include "licensing/usage_facts.hpp"
#include "store/conflict_rules.hpp"
#include "store/inbox.hpp"
#include "store/site_scope.hpp"
#include "sync/bundle_reader.hpp"
#include "sync/self_check.hpp"
#include "sync/senders.hpp"
#include "sync/take_changes.hpp"
#include "sync/take_state.hpp"

namespace skerry::sync {
namespace {

using store::Connection;

Result<void> check_recipient(const store::Identity& identity, const Party& to) {
  const Party me = identity.role == Role::central ? Party::central() : Party::site(identity.id);
  if (to == me) return {};
  return fail(Errc::wrong_recipient,
              fmt::format("the bundle is for {}, this is {}", to_string(to), to_string(me)),
              "carry it to where it belongs; nothing was changed here");
}

// In clear only where the gap is inspected and this machine's administrator said so.
Result<void> check_encryption(const Manifest& manifest, const BundleOptions& options) {
  const bool in_clear = manifest.payload && manifest.payload->encryption == PayloadEncryption::none;
  if (!in_clear || options.accept_unencrypted) return {};
  return fail(Errc::forbidden, "the bundle is not encrypted, which this machine does not take",
              "have it written encrypted, or set exchange.accept_unencrypted = 1 here");
}

// The command for a bundle that no exchange takes.
std::string what_takes(BundleKind kind) {
  switch (kind) {
    case BundleKind::enrol:
      return "skerry site admit FILE";
    case BundleKind::invitation:
      return "skerry enrol FILE";
    case BundleKind::saved:
      return "skerry backup reapply FILE";
    default:
      return "do not use it; ask its sender";
  }
}

json::object counts_json(const TakenCounts& counts) {
  return {{"rows", counts.rows},
          {"known", counts.known},
          {"applied", counts.applied},
          {"superseded", counts.superseded},
          {"conflicts", counts.conflicts},
          {"rejected", counts.rejected},
          {"held", counts.held},
          {"released", counts.released},
          {"quarantined", counts.quarantined}};
}

std::string_view outcome_of(const TakenChanges& taken) {
  if (taken.rows_refused) return "noted";
  if (taken.counts.quarantined > 0) return "quarantined";
  return taken.counts.news ? "applied" : "duplicate";
}

std::string_view outcome_of(const StateCounts& counts) {
  if (counts.refusal) return "noted";
  if (counts.waiting) return "waiting";
  return counts.duplicate && !counts.renewed ? "duplicate" : "applied";
}

json::object counts_json(const StateCounts& counts) {
  return {{"records", counts.records},     {"changed", counts.changed},
          {"removed", counts.removed},     {"confirmed", counts.confirmed},
          {"conflicts", counts.conflicts}, {"refused", counts.refused}};
}

// What was not simply applied is said, too.
std::string detail_of(const TakenCounts& counts) {
  std::string text = fmt::format("{} new rows, {} known", counts.rows, counts.known);
  const auto add = [&](std::int64_t number, std::string_view what) {
    if (number > 0) fmt::format_to(std::back_inserter(text), ", {} {}", number, what);
  };
  add(counts.conflicts, "in conflict");
  add(counts.rejected, "rejected");
  add(counts.held, "held");
  add(counts.released, "released");
  add(counts.quarantined, "kept in quarantine");
  return text;
}

std::string detail_of(const StateCounts& counts) {
  std::string text = fmt::format("{} records, {} changed here, {} own rows confirmed",
                                 counts.records, counts.changed, counts.confirmed);
  if (counts.refused > 0)
    fmt::format_to(std::back_inserter(text), ", {} of them not as written", counts.refused);
  return text;
}

std::string describe(const TakenChanges& taken) {
  std::string text = taken.rows_refused ? taken.rows_refused->detail : detail_of(taken.counts);
  if (taken.new_life) text += "; central had lost memory and began a new life";
  if (taken.copy) text += "; its sender is a copy of the site";
  if (taken.behind) text += "; it is late, or its sender was put back and is told so";
  return text;
}

std::string describe(const StateCounts& counts) {
  std::string text = counts.refusal ? counts.refusal->detail : detail_of(counts);
  if (counts.differs)
    text += "; what this site holds is not what central has: the whole state comes once more";
  if (counts.ended) text += "; it is of a life of central that has ended";
  if (counts.renewed) text += "; a new epoch of this site's log began";
  return text;
}

// An unverified file may claim any sender: its row names none.
store::InboxEntry inbox_entry(const Node& node, const ImportOutcome& outcome, bool verified,
                              const Hash& sha256, const std::string& name, Door door) {
  store::InboxEntry entry;
  entry.sha256 = sha256;
  entry.name = name;
  if (outcome.kind) entry.kind = to_string(*outcome.kind);
  if (verified && outcome.from && outcome.from->role == Role::site) entry.sender = outcome.from->id;
  entry.outcome = outcome.outcome;
  entry.detail = outcome.detail;
  entry.received_at = node.clock.wall_ms();
  entry.open_door = door == Door::open;
  return entry;
}

class Import {
 public:
  Import(const Node& node, const std::string& name, Door door)
      : node_(node), name_(name), door_(door) {}

  ImportOutcome run(SpooledFile file) {
    sha256_ = file.sha256;
    SpooledFile same{FileHandle(::fcntl(file.file.fd(), F_DUPFD_CLOEXEC, 0)), file.size, sha256_};
    if (auto done = take(std::move(file)); !done && !passed_over(done.error())) {
      if (is_evidence(done.error().code) && same.file.is_open())
        outcome_.evidence = std::move(same);
      refuse(std::move(done).error());
    }
    return std::move(outcome_);
  }

  ImportOutcome refuse_unseen(const Hash& sha256, Error error) {
    sha256_ = sha256;
    refuse(std::move(error));
    return std::move(outcome_);
  }

 private:
  // What lies on a medium since before its key was replaced had its effect, by itself or by a later
  // bundle with the same rows, and is no alarm.
  bool passed_over(const Error& error) {
    if (error.code != Errc::revoked_signer) return false;
    auto work = [&](Connection& connection) -> Result<bool> {
      const bool taken = store::was_taken(connection, sha256_);
      if (!taken && !came_since(connection)) return false;
      finish(connection, "duplicate",
             (taken ? "taken in before; " : "its rows came with another bundle; ") + error.detail,
             {});
      return true;
    };
    return write_or_try(node_, work).value_or(false);
  }

  // By the manifest's word, which nobody vouches for any more: nothing rests on it but the second
  // alarm. The first one is for a machine that was put back and has another key no more.
  bool came_since(Connection& connection) const {
    if (!unverified_ || unverified_->from.party.role != Role::site) return false;
    if (!store::was_met(connection, sha256_)) return false;
    const auto body = read_changes_body(unverified_->extra);
    return body &&
           holds_rows(connection, unverified_->from.party.id, unverified_->from.epoch, *body);
  }

  Result<void> take(SpooledFile file) {
    SKERRY_TRY(const store::Identity identity, identity_of(node_));
    const bool central = identity.role == Role::central;
    SKERRY_TRY(auto reader, BundleReader::open(std::move(file.file), [&](const Manifest& manifest,
                                                                         const crypto::KeyId& id) {
                 note(manifest);
                 unverified_ = manifest;
                 const store::Reader known = node_.database.read();
                 return central ? find_site_key(*known, manifest, id)
                                : find_central_key(*known, manifest, id);
               }));
    note(reader.manifest());
    verified_ = true;
    SKERRY_TRY_VOID(check_recipient(identity, reader.manifest().to));
    SKERRY_TRY_VOID(check_encryption(reader.manifest(), node_.options));
    SKERRY_TRY_VOID(stage(reader));
    const BundleKind kind = reader.manifest().kind;
    if (central && (kind == BundleKind::changes || kind == BundleKind::handover))
      return take_up(reader);
    if (!central && (kind == BundleKind::state || kind == BundleKind::snapshot))
      return take_down(reader, kind == BundleKind::snapshot);
    return fail(Errc::bad_input,
                fmt::format("a bundle of kind {} is not for an exchange here", to_string(kind)),
                what_takes(kind));
  }

  // Bundles that were on their way when this machine got other keys are for the earlier ones.
  Result<void> stage(BundleReader& reader) const {
    auto staged = reader.stage({&node_.keys.age, 1}, node_.spool);
    const bool other = !staged && staged.error().code == Errc::missing_key;
    if (other && !node_.keys.earlier.empty())
      staged = reader.stage(node_.keys.earlier, node_.spool);
    if (!staged && staged.error().code == Errc::missing_key && is_waiting_for_admission())
      staged.error().next =
          "central may have admitted another machine in place of this one: compare skerry site "
          "list there, and enrol this one with a new invitation";
    else if (!staged && staged.error().code == Errc::missing_key)
      staged.error().next = remedy_of_lost_keys(*node_.database.read(), reader.manifest());
    return staged;
  }

  // At a site that has answered an invitation.
  bool is_waiting_for_admission() const {
    const auto upstream = store::read_upstream(*node_.database.read());
    return upstream && upstream->life.ord == 0;
  }

  Result<void> take_up(const BundleReader& reader) {
    const Manifest& manifest = reader.manifest();
    SKERRY_TRY(ChangesBody body, read_changes_body(manifest.extra));
    body.by_copy = manifest.kind == BundleKind::handover;
    auto work = [&](Connection& connection) -> Result<void> {
      auto site = store::find_site(connection, manifest.from.party.id);
      if (!site || site->status != store::SiteStatus::active)
        return fail(Errc::revoked_signer, "the site is not active any more");
      outcome_.of_other_life = !body.down || body.down->life != life_of(node_.log.own());
      site->clock_suspect = clock_suspect(manifest.clock.hlc, node_.clock.wall_ms());
      site->app_version = manifest.producer.app;
      site->schema = manifest.producer.schema;
      const std::int64_t before_n = node_.log.own().n;
      store::RecordWriter writer(connection, node_.log, Role::central, node_.random);
      const store::Author sender{"site:" + site->name, "sync", to_string(manifest.id)};
      SKERRY_TRY(news_, take_site_keys(connection, writer, *site, manifest, sender));
      SKERRY_TRY(const TakenChanges taken,
                 take_changes(connection, node_.log, node_.random, *site, manifest.from.epoch, body,
                              lines_of(reader), met_before(connection)));
      SKERRY_TRY_VOID(store::show_scope(connection, writer, *site, before_n, sender));
      licensing::start_activated(connection, writer, node_.clock.wall_ms(), sender);
      outcome_.from_copy = taken.copy;
      const std::int64_t by_rule =
          store::apply_rules(connection, node_.log, node_.random, before_n);
      if (taken.rows_taken)
        SKERRY_TRY_VOID(
            check_changes_taken(connection, manifest.from.epoch, body, lines_of(reader)));
      std::string detail = describe(taken);
      if (by_rule > 0) detail += fmt::format("; {} conflicts decided by rule", by_rule);
      finish(connection, outcome_of(taken), std::move(detail), counts_json(taken.counts));
      return {};
    };
    return write_or_try(node_, work);
  }

  Result<void> take_down(const BundleReader& reader, bool snapshot) {
    const Manifest& manifest = reader.manifest();
    SKERRY_TRY(const StateBody body, read_state_body(manifest.extra));
    auto work = [&](Connection& connection) -> Result<void> {
      SKERRY_TRY(const StateCounts counts,
                 take_state(connection, node_.log, node_.random, body, snapshot, manifest.clock.hlc,
                            lines_of(reader), to_string(manifest.id)));
      SKERRY_TRY_VOID(confirm_allocations(connection, to_string(manifest.id)));
      SKERRY_TRY(news_, take_trust(connection, node_.log, manifest));
      const std::string_view outcome = outcome_of(counts);
      const bool only_trust = outcome == "duplicate" && !news_.empty();
      finish(connection, only_trust ? "applied" : outcome, describe(counts), counts_json(counts));
      return {};
    };
    return write_or_try(node_, work);
  }

  // What central allocated to this site is confirmed with what it says next.
  Result<void> confirm_allocations(Connection& connection, const std::string& bundle) {
    const auto self = store::read_identity(connection);
    if (!self || !node_.log.check_writable()) return {};
    store::RecordWriter writer(connection, node_.log, Role::site, node_.random);
    SKERRY_TRY_VOID(licensing::confirm_allocations(
        connection, writer, *self, node_.random, node_.clock.wall_ms(), {"site", "sync", bundle}));
    return {};
  }

  Met met_before(Connection& connection) const {
    if (store::was_taken(connection, sha256_)) return Met::taken;
    return store::was_met(connection, sha256_) ? Met::refused : Met::never;
  }

  static LineSource lines_of(const BundleReader& reader) {
    return [&reader](const LineCallback& on_line) { return reader.for_each_line(on_line); };
  }

  void note(const Manifest& manifest) {
    outcome_.kind = manifest.kind;
    outcome_.from = manifest.from.party;
  }

  // Part of the transaction of the effect.
  void finish(Connection& connection, std::string_view outcome, std::string detail,
              json::object counts) {
    outcome_.outcome = outcome;
    outcome_.detail = std::move(detail) + news_;
    outcome_.counts = std::move(counts);
    store::write_inbox(connection, inbox_entry(node_, outcome_, verified_, sha256_, name_, door_));
  }

  // What is only early, late or somebody else's is no evidence of anything.
  static bool is_evidence(Errc code) {
    switch (code) {
      case Errc::corrupt_bundle:
      case Errc::limit_exceeded:
      case Errc::bad_signature:
      case Errc::unknown_signer:
      case Errc::revoked_signer:
      case Errc::missing_key:
      case Errc::unsupported_version:
      case Errc::internal:
        return true;
      default:
        return false;
    }
  }

  void refuse(Error error) {
    if (error.next.empty()) error.next = bundle_remedy(error.code);
    outcome_.outcome = info(error.code).slug;
    outcome_.detail = error.detail;
    outcome_.next = error.next;
    outcome_.counts = {};
    outcome_.error = std::move(error);
    if (node_.effect == Effect::tried) return;
    auto work = [&](Connection& connection) -> Result<void> {
      store::write_inbox(connection,
                         inbox_entry(node_, outcome_, verified_, sha256_, name_, door_));
      return {};
    };
    // A database that takes no note of a refusal has said so already, by the refusal itself.
    (void)node_.database.write(work);
  }

  const Node& node_;
  const std::string& name_;
  Door door_;
  Hash sha256_{};
  bool verified_ = false;
  std::optional<Manifest> unverified_;
  std::string news_;  // of keys, for the detail
  ImportOutcome outcome_;
};

}  // namespace

ImportOutcome import_bundle(const Node& node, SpooledFile file, const std::string& name,
                            Door door) {
  return Import(node, name, door).run(std::move(file));
}

ImportOutcome refuse_bundle(const Node& node, const Hash& sha256, const std::string& name,
                            Error error, Door door) {
  return Import(node, name, door).refuse_unseen(sha256, std::move(error));
}

}  // namespace skerry::sync
