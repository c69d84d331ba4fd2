#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <tuple>
#include <unordered_set>

#include "core/check.hpp"
#include "store/scope_moves.hpp"
#include "store/tombstone.hpp"
#include "sync/bundle_name.hpp"
#include "sync/pack.hpp"
#include "sync/positions.hpp"
#include "sync/state_line.hpp"

namespace skerry::sync {
namespace {

using store::Connection;

constexpr std::int64_t batch_rows = 1000;

// One thing central has a version of, on its way into a bundle.
struct Due {
  std::int64_t version = 0;
  RecordId id;
  std::string_view table;  // a kind's name, "tombstone", "scope_move", "conflict" or "ingest"
  std::int64_t seq = 0;    // of "ingest": the site's row; its id is zero
};

bool before(const Due& a, const Due& b) {
  return std::tie(a.version, a.id) < std::tie(b.version, b.id);
}

// The tables with versions, each with the statement that walks along its index (version, id).
const std::vector<std::pair<std::string_view, std::string>>& version_walks() {
  static const auto walks = [] {
    std::vector<std::pair<std::string_view, std::string>> built;
    const auto add = [&](std::string_view table, std::string_view id) {
      built.emplace_back(table, fmt::format("SELECT version,{1} FROM {0} WHERE version>0 AND "
                                            "(version,{1})>(?1,?2) ORDER BY version,{1} LIMIT ?3",
                                            table, id));
    };
    for (const Kind& kind : all_kinds()) add(kind.name, "id");
    add("tombstone", "record");
    add("conflict", "id");
    add("scope_move", "record");
    return built;
  }();
  return walks;
}

// What is the same in every piece of one packing.
struct Down {
  Party to;
  crypto::AgeRecipient recipient;
  store::Site site;
  std::unordered_set<RecordId> scope;  // unless the site sees all
  CentralLife life;
  DownPosition base;  // where the site stands
  DownPosition upto;  // where it will stand behind the last piece
  // The site has all fields with versions up to here: lines hold the others only.
  std::int64_t fields_from = 0;
  std::optional<StateBody::Ack> ack;
  std::int64_t epoch = 0;  // number of the site's epoch whose results are due; 0: none
  Hash series{};
  bool snapshot = false;
};

// The next ones in the order of versions, at most batch_rows.
std::vector<Due> next_due(Connection& connection, const Down& down, const Due& after) {
  std::vector<Due> batch;
  for (const auto& [table, sql] : version_walks()) {
    auto cursor = connection.query(sql, after.version, after.id, batch_rows);
    while (cursor.next()) batch.push_back({cursor.integer(0), cursor.id<RecordId>(1), table});
  }
  auto results = connection.query(
      "SELECT told_n,seq FROM ingest WHERE epoch=?1 AND told_n IS NOT NULL AND told_n>?2 "
      "ORDER BY told_n LIMIT ?3",
      down.epoch, after.version, batch_rows);
  while (results.next())
    batch.push_back({results.integer(0), RecordId{}, "ingest", results.integer(1)});
  std::sort(batch.begin(), batch.end(), before);
  if (static_cast<std::int64_t>(batch.size()) > batch_rows)
    batch.resize(static_cast<std::size_t>(batch_rows));
  return batch;
}

Result<void> read_ack(Connection& connection, Down& down) {
  if (!down.site.epoch) return {};
  const auto epoch = store::find_epoch(connection, *down.site.epoch);
  if (!epoch) return {};
  const auto [n, hash] = store::last_decided(connection, epoch->number, down.upto.n);
  if (n == 0) return {};
  down.ack = StateBody::Ack{epoch->epoch, n, hash, epoch->durable};
  down.epoch = epoch->number;
  return {};
}

// Where the next piece of a snapshot begins: "<upto>-<part>-<version>-<series>-<id>".
struct Resume {
  std::int64_t upto = 0;
  std::int64_t part = 1;
  Hash series{};
  Due after;
};

std::string to_text(const Resume& resume) {
  return fmt::format("{}-{}-{}-{}-{}", resume.upto, resume.part, resume.after.version,
                     to_hex(resume.series), to_string(resume.after.id));
}

bool read_number(std::string_view& text, std::int64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto used = static_cast<std::size_t>(end - text.data());
  if (error != std::errc{} || number < 0 || used >= text.size() || text[used] != '-') return false;
  text.remove_prefix(used + 1);
  return true;
}

Result<std::optional<Resume>> parse_resume(std::string_view text) {
  if (text.empty()) return std::optional<Resume>();
  constexpr std::size_t hash_digits = 64;
  Resume resume;
  const bool numbers = read_number(text, resume.upto) && read_number(text, resume.part) &&
                       read_number(text, resume.after.version) && text.size() > hash_digits;
  const auto series = numbers ? hash_from_hex(text.substr(0, hash_digits)) : std::nullopt;
  const auto id = series ? parse_id<RecordId>(text.substr(hash_digits + 1)) : std::nullopt;
  if (!id || resume.part < 2)
    return fail(Errc::bad_request, "the place to resume at is none that central gave");
  resume.series = *series;
  resume.after.id = *id;
  return std::optional(resume);
}

Result<Down> prepare(const Node& node, const store::Site& site,
                     const std::optional<Resume>& resume) {
  const store::Reader reader = node.database.read();
  const store::ReadTransaction transaction(*reader);
  Down down;
  down.site = site;
  down.to = Party::site(site.id);
  SKERRY_TRY(down.recipient, crypto::AgeRecipient::parse(site.age_recipient));
  for (const RecordId& customer : store::read_scope(*reader, site)) down.scope.insert(customer);
  const store::LogHead head = store::read_head(*reader, "own");
  down.life = life_of(head);
  down.upto = {down.life, head.seq, head.hash};
  down.base = {down.life, 0, Hash{}};
  // Before its first row central's log has no hash but zero.
  const bool at_start = site.down.at.n == 0 && site.down.hash == Hash{};
  const bool in_log =
      site.down.at.n <= head.seq && store::hash_at(*reader, site.down.at.n) == site.down.hash;
  const bool known = site.down.at.ord == down.life.ord && (at_start || in_log);
  if (known) {
    down.base = {down.life, site.down.at.n, site.down.hash};
    down.fields_from = store::fields_from_of(*reader, site, site.down.at.n);
  }
  down.snapshot = !known;
  // Pieces of two packings of one position need not be cut at the same places.
  node.random.fill(down.series);
  if (resume && down.snapshot) {
    const auto hash = store::hash_at(*reader, resume->upto);
    if (!hash) return fail(Errc::bad_request, "the place to resume at is not in central's log");
    down.upto = {down.life, resume->upto, *hash};
    down.series = resume->series;
  }
  SKERRY_TRY_VOID(read_ack(*reader, down));
  return down;
}

bool sees(const Down& down, const RecordId& customer) {
  return down.site.sees_all || down.scope.contains(customer);
}

bool sees(const Down& down, const Kind& kind, const store::Scope& scope) {
  if (kind.scope == ScopePath::nowhere) return false;
  return kind.scope == ScopePath::everywhere || sees(down, scope.customer) ||
         down.scope.contains(scope.place);
}

// A deletion, told to those who saw the record. What a snapshot does not name is gone anyway.
std::optional<std::string> line_of_tombstone(Connection& connection, const Down& down,
                                             const Due& due) {
  const auto tombstone = store::find_tombstone(connection, due.id);
  if (!tombstone || down.snapshot || !sees(down, *tombstone->kind, tombstone->scope))
    return std::nullopt;
  return encode_record_gone({tombstone->kind, tombstone->record, tombstone->version, true});
}

// Told to those who saw the record where it was and do not see it where it is.
std::optional<std::string> line_of_move(Connection& connection, const Down& down, const Due& due) {
  if (down.snapshot || down.site.sees_all) return std::nullopt;
  const auto left = store::customers_left(connection, due.id, due.version);
  if (std::none_of(left.begin(), left.end(), [&](const auto& id) { return sees(down, id); }))
    return std::nullopt;
  auto cursor = connection.query("SELECT kind FROM scope_move WHERE record=?1 LIMIT 1", due.id);
  const Kind* kind = cursor.next() ? find_kind(cursor.text(0)) : nullptr;
  SKERRY_CHECK(kind != nullptr);
  const auto record = store::find_record(connection, *kind, due.id);
  if (record && sees(down, *kind, record->scope)) return std::nullopt;
  return encode_record_gone({kind, due.id, {down.life.ord, due.version}, false});
}

std::optional<std::string> line_of_result(Connection& connection, const Down& down,
                                          const Due& due) {
  auto cursor = connection.query("SELECT disposition,detail FROM ingest WHERE epoch=?1 AND seq=?2",
                                 down.epoch, due.seq);
  if (!cursor.next()) return std::nullopt;
  const auto disposition = parse_disposition(cursor.text(0));
  SKERRY_CHECK(disposition.has_value());
  return encode_row_result({due.seq, *disposition, std::string(cursor.text(1))});
}

// The line of what is due, or nullopt when it is out of the site's scope or gone meanwhile.
std::optional<std::string> line_of(Connection& connection, const Down& down, const Due& due) {
  if (due.table == "tombstone") return line_of_tombstone(connection, down, due);
  if (due.table == "scope_move") return line_of_move(connection, down, due);
  if (due.table == "ingest") return line_of_result(connection, down, due);
  if (due.table == "conflict") {
    const auto conflict = store::find_conflict(connection, due.id);
    const bool wanted = conflict && sees(down, conflict->scope_customer);
    return wanted ? std::optional(encode_conflict(*conflict)) : std::nullopt;
  }
  const auto record = store::find_record(connection, *find_kind(due.table), due.id);
  if (!record || !sees(down, *record->kind, record->scope)) return std::nullopt;
  // Where it came from, the site may have seen nothing of it.
  const bool whole = store::moved_since(connection, due.id, down.fields_from);
  return encode_record_state(*record, whole ? 0 : down.fields_from);
}

// Walks along the versions and fills one piece after another.
class Packer {
 public:
  Packer(const Node& node, Down down, const std::optional<Resume>& resume)
      : node_(node), down_(std::move(down)) {
    go_behind(down_.base.n);
    if (!resume || !down_.snapshot) return;
    after_ = resume->after;
    part_ = resume->part;
  }

  // Packs the next piece; the ack rides in the last, when every effect is there.
  Result<PackedBundle> next_piece() {
    const BundleKind kind = down_.snapshot ? BundleKind::snapshot : BundleKind::state;
    const EpochId epoch{down_.life.nonce};
    Manifest manifest = new_manifest(node_, kind, Party::central(), epoch, down_.to);
    SKERRY_TRY(auto writer,
               BundleWriter::create(node_.spool, node_.random, {&down_.recipient, 1},
                                    {manifest.id, manifest.from, manifest.to}, node_.options));
    SKERRY_TRY(const auto cut, fill(writer));
    const bool last = !cut;
    StateBody body = body_of(cut);
    if (cut && !down_.snapshot) {
      if (body.upto.n == body.base.n)
        return fail(
            Errc::limit_exceeded,
            fmt::format("what row {} of central's log changed does not fit into one bundle", *cut));
      go_behind(body.upto.n);
    }
    SKERRY_TRY_VOID(note_waypoint(body, last));
    manifest.extra = to_json(body);
    const auto lines = static_cast<std::int64_t>(writer.lines());
    SKERRY_TRY(auto file, writer.finish(std::move(manifest), {&node_.keys.sign, 1}));
    const auto name =
        down_bundle_name(down_.site.id, down_.life.ord, static_cast<std::uint64_t>(body.base.n),
                         static_cast<std::uint64_t>(body.upto.n), static_cast<unsigned>(part_));
    PackedBundle packed{
        std::move(file), name, Party::central(), down_.to, body.base.n + 1, body.upto.n, lines,
        !last,           {}};
    ++part_;
    if (!down_.snapshot)
      piece_base_ = body.upto;
    else if (!last)
      packed.resume = to_text({down_.upto.n, part_, down_.series, after_});
    return packed;
  }

 private:
  void go_behind(std::int64_t n) {
    after_ = Due{};
    after_.version = n;
    after_.id.bytes.fill(0xff);
  }

  // Adds lines until nothing is left, or until the piece is full: then the version of the line that
  // did not fit.
  Result<std::optional<std::int64_t>> fill(BundleWriter& writer) {
    while (true) {
      const store::Reader reader = node_.database.read();
      const auto batch = next_due(*reader, down_, after_);
      for (const Due& due : batch) {
        const auto line = line_of(*reader, down_, due);
        if (line && !writer.has_room(line->size())) return std::optional(due.version);
        if (line) SKERRY_TRY_VOID(writer.add_line(*line));
        after_ = due;
      }
      if (static_cast<std::int64_t>(batch.size()) < batch_rows) return std::nullopt;
    }
  }

  StateBody body_of(std::optional<std::int64_t> cut) {
    StateBody body;
    body.base = piece_base_.value_or(down_.base);
    body.upto = down_.upto;
    body.part = part_;
    body.last_part = !cut;
    body.series = down_.series;
    if (!cut) body.ack = down_.ack;
    // A piece in the middle ends before the version it was cut in; the next one repeats the lines
    // of that version, so that losing it loses nothing.
    if (cut && !down_.snapshot) body.upto.n = std::clamp(*cut - 1, body.base.n, down_.upto.n);
    return body;
  }

  Result<void> note_waypoint(StateBody& body, bool last) {
    const auto work = [&](Connection& connection) -> Result<void> {
      if (body.upto.n != down_.upto.n)
        body.upto.hash = store::hash_at(connection, body.upto.n).value_or(Hash{});
      // Records changed again behind a cut come in a later piece, with the fields they lack.
      const std::int64_t fields_from = last || down_.snapshot ? body.upto.n : down_.fields_from;
      store::add_waypoint(connection, down_.site, body.upto.n, body.upto.hash, fields_from);
      body.waypoints = store::waypoints_from(connection, down_.site, body.base.n);
      const std::pair base(body.base.n, body.base.hash);
      if (std::find(body.waypoints.begin(), body.waypoints.end(), base) == body.waypoints.end())
        body.waypoints.insert(body.waypoints.begin(), base);
      return {};
    };
    return node_.database.write(work);
  }

  const Node& node_;
  Down down_;
  Due after_;
  std::optional<DownPosition> piece_base_;
  std::int64_t part_ = 1;
};

}  // namespace

Result<void> pack_state(const Node& node, const store::Site& site, const PackState& what,
                        const EmitBundle& emit) {
  if (site.status != store::SiteStatus::active)
    return fail(Errc::not_enrolled,
                fmt::format("site {} is {}, not active", site.name, to_text(site.status)),
                "skerry site list");
  SKERRY_TRY(const auto resume, parse_resume(what.resume));
  SKERRY_TRY(Down down, prepare(node, site, resume));
  const bool nothing_due = !down.snapshot && down.base.n == down.upto.n;
  if (nothing_due && !what.always) return {};
  Packer packer(node, std::move(down), resume);
  for (std::int64_t piece = 1; piece <= what.pieces_max; ++piece) {
    SKERRY_TRY(PackedBundle packed, packer.next_piece());
    const bool more = packed.more;
    SKERRY_TRY_VOID(emit(std::move(packed)));
    if (!more) break;
  }
  return {};
}

}  // namespace skerry::sync
