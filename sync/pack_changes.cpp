#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <vector>

#include "store/lost_ranges.hpp"
#include "store/own_epochs.hpp"
#include "store/trust.hpp"
#include "sync/bundle_name.hpp"
#include "sync/pack.hpp"
#include "sync/positions.hpp"
#include "sync/site_keys.hpp"
#include "sync/trust.hpp"

namespace skerry::sync {
namespace {

constexpr std::int64_t batch_rows = 2000;

// What is the same in every piece of one packing.
struct Up {
  Party from;
  Trust trust;
  EpochId current;
  std::optional<DownPosition> down;
  std::optional<ChangesBody::Compared> compared;
  std::vector<LostRows> lost;
  json::array new_keys;  // the last of this site
  bool copy = false;
  bool withheld = false;  // no rows go out: the keys that would read them may be revoked
};

// The rows of one epoch that are due, `first` and what follows.
struct DueRows {
  store::OwnEpoch epoch;
  std::int64_t first = 0;
};

Result<Hash> hash_before(store::Connection& connection, const DueRows& due) {
  if (due.first < due.epoch.first)
    return fail(Errc::bad_input,
                fmt::format("rows 1 to {} of this site's log are not here any more: central "
                            "confirmed that they are in a verified backup",
                            due.epoch.first - 1),
                fmt::format("skerry bundle export --from {}", due.epoch.first));
  const auto hash = store::own_hash_at(connection, due.epoch.log, due.first - 1);
  if (hash) return *hash;
  return fail(Errc::bad_input, "this site's log has no row " + std::to_string(due.first - 1));
}

// Our own lines: quotes inside their strings are escaped, so this is the member and nothing else.
bool continues_transaction(std::string_view line) {
  return line.find(",\"tx\":") != std::string_view::npos;
}

// Adds rows to one piece; body.last and last_hash follow. The rows of one transaction come into one
// piece, since central decides them together; one larger than a piece is cut all the same.
class RowAdder {
 public:
  RowAdder(BundleWriter& writer, ChangesBody& body) : writer_(writer), body_(body) {}

  // False: the piece is full, and ends with body.last.
  Result<bool> add(std::int64_t seq, const Hash& hash, std::string_view line) {
    const bool continues = continues_transaction(line) && rows_.size() < together_rows_max;
    if (!continues) {
      SKERRY_TRY(const bool added, flush());
      if (!added) return false;
    }
    rows_.push_back({seq, hash, std::string(line)});
    bytes_ += line.size() + 1;
    return true;
  }

  Result<bool> flush() {
    const bool begun = body_.last >= body_.first;
    if (rows_.size() > 1 && begun && !writer_.has_room_for(rows_.size(), bytes_)) return false;
    for (const Row& row : rows_) {
      if (!writer_.has_room(row.line.size())) return false;
      SKERRY_TRY_VOID(writer_.add_line(row.line));
      body_.last = row.seq;
      body_.last_hash = row.hash;
    }
    rows_.clear();
    bytes_ = 0;
    return true;
  }

 private:
  struct Row {
    std::int64_t seq;
    Hash hash;
    std::string line;
  };
  static constexpr std::size_t together_rows_max = 10'000;  // bounds the memory
  BundleWriter& writer_;
  ChangesBody& body_;
  std::vector<Row> rows_;
  std::uint64_t bytes_ = 0;
};

// Adds rows from body.last + 1 on while they fit.
Result<void> add_rows(const Node& node, const store::OwnEpoch& epoch, BundleWriter& writer,
                      ChangesBody& body) {
  RowAdder adder(writer, body);
  for (std::int64_t read = body.last; read < epoch.end;) {
    const store::Reader reader = node.database.read();
    auto cursor = reader->query(
        "SELECT seq,hash,line FROM change_log WHERE log=?1 AND seq>?2 AND seq<=?3 ORDER BY seq "
        "LIMIT ?4",
        epoch.log, read, epoch.end, batch_rows);
    while (cursor.next()) {
      read = cursor.integer(0);
      SKERRY_TRY(const bool added, adder.add(read, cursor.hash(1), cursor.text(2)));
      if (!added) return {};
    }
  }
  return adder.flush().map([](bool) {});
}

ChangesBody new_body(const Up& up, const DueRows& due) {
  ChangesBody body;
  body.first = due.first;
  body.head = due.epoch.end;
  if (up.current != due.epoch.epoch) body.current = up.current;
  body.previous = due.epoch.previous;
  body.parent = due.epoch.parent;
  body.down = up.down;
  body.compared = up.compared;
  body.lost = up.lost;
  return body;
}

Result<PackedBundle> pack_piece(const Node& node, const Up& up, const store::OwnEpoch& epoch,
                                ChangesBody body) {
  const Party to = Party::central();
  const BundleKind kind = up.copy ? BundleKind::handover : BundleKind::changes;
  Manifest manifest = new_manifest(node, kind, up.from, epoch.epoch, to);
  SKERRY_TRY(auto writer,
             BundleWriter::create(node.spool, node.random, up.trust.recipients,
                                  {manifest.id, manifest.from, manifest.to}, node.options));
  if (!up.withheld) SKERRY_TRY_VOID(add_rows(node, epoch, writer, body));
  const bool left = body.last < epoch.end;
  if (body.last < body.first && left && !up.withheld)
    return fail(Errc::limit_exceeded,
                fmt::format("row {} of this site's log does not fit into a bundle", body.first),
                "skerry backup create, and send the vendor a copy: a row like that is a defect");
  manifest.extra = to_json(body);
  manifest.extra["generation"] = up.trust.generation;
  if (!up.new_keys.empty()) manifest.extra["keys"] = up.new_keys;
  const auto lines = static_cast<std::int64_t>(writer.lines());
  SKERRY_TRY(auto file, writer.finish(std::move(manifest), {&node.keys.sign, 1}));
  const auto name = up_bundle_name(up.from.id, epoch.epoch, static_cast<std::uint64_t>(body.first),
                                   static_cast<std::uint64_t>(body.last));
  const bool more = left && !up.withheld;
  const std::int64_t passed = up.withheld ? epoch.end : body.last;
  return PackedBundle{std::move(file), name,  up.from, to, body.first,
                      body.last,       lines, more,    {}, passed};
}

std::vector<LostRows> lost_rows(store::Connection& connection) {
  std::vector<LostRows> lost;
  for (const store::LostRange& range : store::list_lost(connection))
    if (!range.told) lost.push_back({range.epoch, range.first, range.last});
  if (lost.size() > lost_rows_max) lost.erase(lost.begin(), lost.end() - lost_rows_max);
  return lost;
}

std::int64_t last_of(const std::vector<LogPlace>& places, const EpochId& epoch) {
  std::int64_t last = 0;
  for (const LogPlace& place : places)
    if (place.epoch == epoch) last = std::max(last, place.seq);
  return last;
}

// The last row that need not go.
std::int64_t known_upto(const PackChanges& what, const store::OwnEpoch& epoch, bool copy) {
  const std::int64_t gone = epoch.first - 1;
  if (copy) return gone;
  if (!what.goes_on_in) return std::max(epoch.acked, gone);
  const std::int64_t safe = std::max(epoch.durable, last_of(what.in_backup, epoch.epoch));
  return std::max(std::min(epoch.acked, safe), gone);
}

// The last is of the epoch that is written now, with rows or without.
Result<std::vector<DueRows>> find_due(store::Connection& connection, const PackChanges& what,
                                      bool copy) {
  std::vector<DueRows> due;
  for (store::OwnEpoch& epoch : store::read_own_epochs(connection)) {
    const std::int64_t first =
        std::max(known_upto(what, epoch, copy), last_of(what.sent, epoch.epoch)) + 1;
    if (!due.empty() && due.back().first > due.back().epoch.end) due.pop_back();
    due.push_back({std::move(epoch), first});
  }
  DueRows& current = due.back();
  current.first = what.from.value_or(current.first);
  if (current.first < 1 || current.first > current.epoch.end + 1)
    return fail(
        Errc::bad_input, "this site's log ends at row " + std::to_string(current.epoch.end),
        fmt::format("give a row from 1 to {}: the one that central's refusal names; without "
                    "--from goes what central has not confirmed",
                    current.epoch.end + 1));
  return due;
}

}  // namespace

Result<void> pack_changes(const Node& node, const PackChanges& what, const EmitBundle& emit) {
  Up up;
  std::vector<DueRows> due;
  {
    const store::Reader reader = node.database.read();
    SKERRY_TRY(up.trust, load_trust(*reader));
    const auto identity = store::read_identity(*reader);
    const auto upstream = store::read_upstream(*reader);
    if (!identity || !upstream) return fail(Errc::not_enrolled, "this site has no central yet");
    up.from = Party::site(identity->id);
    if (upstream->life.ord > 0) up.down = DownPosition{upstream->life, upstream->n, upstream->hash};
    if (up.down && upstream->compared > 0) up.compared = {upstream->compared, !upstream->differs};
    up.copy = upstream->copy_since.has_value();
    // What a restore saves stays on this machine until somebody carries it: it must not be less.
    up.withheld = !what.goes_on_in && up.trust.generation < store::trust_seen(*reader);
    up.lost = lost_rows(*reader);
    for (const std::string& text : store::list_last_keys(*reader, new_keys_max)) {
      SKERRY_TRY(json::value statement, parse_json(text));
      up.new_keys.push_back(std::move(statement));
    }
    SKERRY_TRY(due, find_due(*reader, what, up.copy));
    up.current = what.goes_on_in.value_or(due.back().epoch.epoch);
  }
  auto rows = due.begin();
  for (std::int64_t piece = 1; piece <= what.pieces_max && rows != due.end(); ++piece) {
    ChangesBody body = new_body(up, *rows);
    {
      const store::Reader reader = node.database.read();
      SKERRY_TRY(body.prev_hash, hash_before(*reader, *rows));
    }
    body.last = body.first - 1;
    body.last_hash = body.prev_hash;
    SKERRY_TRY(PackedBundle packed, pack_piece(node, up, rows->epoch, std::move(body)));
    rows->first = packed.last + 1;
    if (!packed.more) ++rows;
    packed.more = rows != due.end();
    SKERRY_TRY_VOID(emit(std::move(packed)));
  }
  return {};
}

}  // namespace skerry::sync
