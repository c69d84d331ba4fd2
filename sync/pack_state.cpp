#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <tuple>
#include <unordered_set>

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
  std::string_view table;  // a kind's name, "tombstone" or "conflict"
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
    return built;
  }();
  return walks;
}

// The next ones in the order of versions, at most batch_rows.
std::vector<Due> next_due(Connection& connection, const Due& after) {
  std::vector<Due> batch;
  for (const auto& [table, sql] : version_walks()) {
    auto cursor = connection.query(sql, after.version, after.id, batch_rows);
    while (cursor.next()) batch.push_back({cursor.integer(0), cursor.id<RecordId>(1), table});
  }
  std::sort(batch.begin(), batch.end(), before);
  if (static_cast<std::int64_t>(batch.size()) > batch_rows)
    batch.resize(static_cast<std::size_t>(batch_rows));
  return batch;
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
  std::optional<StateBody::Ack> ack;
  std::vector<std::string> results;  // lines
  bool snapshot = false;
};

Result<void> read_ack(Connection& connection, Down& down) {
  if (!down.site.epoch) return {};
  const auto epoch = store::find_epoch(connection, *down.site.epoch);
  if (!epoch) return {};
  const auto [n, hash] = store::last_decided(connection, epoch->number, down.upto.n);
  if (n == 0) return {};
  down.ack = StateBody::Ack{epoch->epoch, n, hash, epoch->durable};
  const auto reported = store::last_decided(connection, epoch->number, down.base.n);
  auto cursor = connection.query(
      "SELECT seq,disposition,detail FROM ingest WHERE epoch=?1 AND seq>?2 AND seq<=?3 AND "
      "disposition<>'applied' ORDER BY seq",
      epoch->number, reported.first, n);
  while (cursor.next()) {
    const auto disposition = parse_disposition(cursor.text(1));
    down.results.push_back(
        encode_row_result({cursor.integer(0), disposition.value_or(Disposition::rejected),
                           std::string(cursor.text(2))}));
  }
  return {};
}

// Where the next piece of a snapshot begins: "<upto>-<part>-<version>-<id>".
struct Resume {
  std::int64_t upto = 0;
  std::int64_t part = 1;
  std::int64_t version = 0;
  RecordId id;
};

std::string to_text(const Resume& resume) {
  return fmt::format("{}-{}-{}-{}", resume.upto, resume.part, resume.version, to_string(resume.id));
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
  Resume resume;
  const bool numbers = read_number(text, resume.upto) && read_number(text, resume.part) &&
                       read_number(text, resume.version);
  const auto id = parse_id<RecordId>(text);
  if (!numbers || !id || resume.part < 2)
    return fail(Errc::bad_request, "the place to resume at is none that central gave");
  resume.id = *id;
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
  const bool known = site.down.at.ord == down.life.ord && site.down.at.n <= head.seq &&
                     store::hash_at(*reader, site.down.at.n) == site.down.hash;
  if (known) down.base = {down.life, site.down.at.n, site.down.hash};
  down.snapshot = !known;
  if (resume && down.snapshot) {
    const auto hash = store::hash_at(*reader, resume->upto);
    if (!hash) return fail(Errc::bad_request, "the place to resume at is not in central's log");
    down.upto = {down.life, resume->upto, *hash};
  }
  SKERRY_TRY_VOID(read_ack(*reader, down));
  return down;
}

bool sees(const Down& down, const RecordId& customer) {
  return down.site.sees_all || down.scope.contains(customer);
}

// The line of what is due, or nullopt when it is out of the site's scope or gone meanwhile.
std::optional<std::string> line_of(Connection& connection, const Down& down, const Due& due) {
  if (due.table == "tombstone") {
    const auto tombstone = store::find_tombstone(connection, due.id);
    const bool wanted = tombstone && !down.snapshot && sees(down, tombstone->scope_customer);
    return wanted ? std::optional(encode_record_gone(*tombstone)) : std::nullopt;
  }
  if (due.table == "conflict") {
    const auto conflict = store::find_conflict(connection, due.id);
    const bool wanted = conflict && sees(down, conflict->scope_customer);
    return wanted ? std::optional(encode_conflict(*conflict)) : std::nullopt;
  }
  const auto record = store::find_record(connection, *find_kind(due.table), due.id);
  const bool wanted = record && sees(down, record->scope_customer);
  return wanted ? std::optional(encode_record_state(*record, down.base.n)) : std::nullopt;
}

// Walks along the versions and fills one piece after another.
class Packer {
 public:
  Packer(const Node& node, Down down, const std::optional<Resume>& resume)
      : node_(node), down_(std::move(down)) {
    after_.version = down_.base.n;
    after_.id.bytes.fill(0xff);  // behind everything of the base's version
    if (!resume || !down_.snapshot) return;
    after_ = {resume->version, resume->id, {}};
    part_ = resume->part;
  }

  // Packs the next piece; the ack and the results ride in the last.
  Result<PackedBundle> next_piece() {
    const BundleKind kind = down_.snapshot ? BundleKind::snapshot : BundleKind::state;
    const EpochId epoch{down_.life.nonce};
    Manifest manifest = new_manifest(node_, kind, Party::central(), epoch, down_.to);
    SKERRY_TRY(auto writer,
               BundleWriter::create(node_.spool, node_.random, {&down_.recipient, 1},
                                    {manifest.id, manifest.from, manifest.to}, node_.options));
    SKERRY_TRY(const bool last, fill(writer));
    StateBody body = body_of(last);
    SKERRY_TRY_VOID(note_waypoint(body));
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
      packed.resume = to_text({down_.upto.n, part_, after_.version, after_.id});
    return packed;
  }

 private:
  // Adds lines until nothing is left (true) or the piece is full (false).
  Result<bool> fill(BundleWriter& writer) {
    while (true) {
      const store::Reader reader = node_.database.read();
      const auto batch = next_due(*reader, after_);
      for (const Due& due : batch) {
        const auto line = line_of(*reader, down_, due);
        if (line && !writer.has_room(line->size())) return false;
        if (line) SKERRY_TRY_VOID(writer.add_line(*line));
        after_ = due;
      }
      if (static_cast<std::int64_t>(batch.size()) == batch_rows) continue;
      for (; results_added_ < down_.results.size(); ++results_added_) {
        const std::string& line = down_.results[results_added_];
        if (!writer.has_room(line.size())) return false;
        SKERRY_TRY_VOID(writer.add_line(line));
      }
      return true;
    }
  }

  StateBody body_of(bool last) {
    StateBody body;
    body.base = piece_base_.value_or(down_.base);
    body.upto = down_.upto;
    body.part = part_;
    body.last_part = last;
    body.series = down_.upto.hash;
    if (last) body.ack = down_.ack;
    // A piece in the middle ends before the version it was cut in.
    if (!last && !down_.snapshot)
      body.upto.n = std::clamp(after_.version - 1, body.base.n, down_.upto.n);
    return body;
  }

  Result<void> note_waypoint(StateBody& body) {
    const auto work = [&](Connection& connection) -> Result<void> {
      if (body.upto.n != down_.upto.n)
        body.upto.hash = store::hash_at(connection, body.upto.n).value_or(Hash{});
      store::add_waypoint(connection, down_.site, body.upto.n, body.upto.hash);
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
  std::size_t results_added_ = 0;
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
