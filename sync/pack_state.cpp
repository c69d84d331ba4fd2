#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "licensing/site_certificate.hpp"
#include "store/own_epochs.hpp"
#include "store/trust.hpp"
#include "sync/bundle_name.hpp"
#include "sync/digest.hpp"
#include "sync/due.hpp"
#include "sync/pack.hpp"
#include "sync/positions.hpp"
#include "sync/trust_chain.hpp"

namespace skerry::sync {
namespace {

using store::Connection;

// What is the same in every piece of one packing.
struct Down {
  Party to;
  crypto::AgeRecipient recipient;
  CentralLife life;
  DownPosition stands;  // what the site said, if it is of this log; otherwise its beginning
  DownPosition base;    // of the first piece
  DownPosition upto;    // of the last one
  std::vector<Ack> acks;
  std::vector<store::LostRange> lost;
  Hash series{};
  bool acks_only = false;
  std::vector<store::TrustGeneration> trust;  // that the site has not said it holds
  crypto::KeyId to_key;                       // of the site, as central knows it
  bool has_others = false;  // a copy, or a machine that was put back, does not hold all this
  bool compares = false;    // a digest rides with what is sent
  bool is_due = false;      // … and is sent when nothing else is, with what is durable by now
  DueFor due_for;
};

// What central holds of each of the site's epochs, as far as `upto` tells the effects of it.
void read_acks(Connection& connection, Down& down) {
  const store::Site& site = down.due_for.site;
  down.due_for.epochs = store::list_epochs(connection, site, acks_max);
  for (const store::SiteEpoch& epoch : down.due_for.epochs) {
    const bool active = site.epoch == epoch.epoch;
    down.has_others = down.has_others || (active ? epoch.behind : epoch.copy_at.has_value());
    const auto [n, hash] = store::last_decided(connection, epoch.number, down.upto.n);
    down.acks.push_back(
        {epoch.epoch, n, hash, epoch.durable, standing_of(site, epoch), epoch.fork_at});
  }
}

// What central lost of its own lives, the newest.
std::vector<store::LostRange> lost_of_central(Connection& connection) {
  const auto lives = store::read_own_epochs(connection);
  auto lost = store::list_missing(connection);
  std::erase_if(lost, [&](const store::LostRange& range) {
    return std::none_of(lives.begin(), lives.end(),
                        [&](const auto& life) { return life.epoch == range.epoch; });
  });
  if (lost.size() > lost_rows_max) lost.erase(lost.begin(), lost.end() - lost_rows_max);
  return lost;
}

// The whole state instead of what is new.
void begin_snapshot(Down& down) {
  down.base = {down.life, 0, Hash{}};
  down.due_for.base = down.due_for.fields_from = 0;
  down.due_for.snapshot = true;
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

// Whether the position is of central's log; before its first row that has no hash but zero.
bool is_in_log(Connection& connection, const store::LogHead& head, const store::DownCursor& down) {
  if (down.at.ord != head.ord) return false;
  if (down.at.n == 0 && down.hash == Hash{}) return true;
  return down.at.n <= head.n && store::hash_at(connection, down.at.n) == down.hash;
}

// Where the site stands when somebody says that it needs from row `from` on.
Result<store::DownCursor> told(Connection& connection, const store::LogHead& head,
                               std::int64_t from) {
  if (from > head.n + 1)
    return fail(
        Errc::bad_input, fmt::format("central's log ends at row {}", head.n),
        fmt::format("give a row from 1 to {}: the one that the site's refusal names; without "
                    "--from goes what the site has not confirmed",
                    head.n + 1));
  store::DownCursor down;
  down.at = {head.ord, from - 1};
  down.hash = store::hash_at(connection, from - 1).value_or(Hash{});
  return down;
}

// Since the last digest; also when the clock was put back since.
bool is_day_over(const store::Comparison& comparison, const Node& node) {
  const std::int64_t since = node.clock.wall_ms() - comparison.digest_at;
  return since < 0 || since >= node.options.digest_every_ms;
}

Result<Down> prepare(const Node& node, const SiteId& id, const std::optional<std::int64_t>& from,
                     const std::optional<Resume>& resume) {
  const store::Reader reader = node.database.read();
  Down down;
  DueFor& due_for = down.due_for;
  due_for.site = store::find_site(*reader, id).value();
  store::DownCursor reported = due_for.site.down;
  down.to = Party::site(id);
  SKERRY_TRY(down.recipient, crypto::AgeRecipient::parse(due_for.site.age_recipient));
  SKERRY_TRY(const auto site_key, crypto::VerifyKey::from_text(due_for.site.sign_key));
  down.to_key = site_key.key_id();
  const std::int64_t number = due_for.site.number;
  down.trust =
      store::trust_after(*reader, store::trust_of_site(*reader, number), carried_trust_bytes_max);
  const store::LogHead head = store::read_head(*reader, "own");
  if (from) {
    SKERRY_TRY(reported, told(*reader, head, *from));
  }
  down.life = life_of(head);
  down.upto = {down.life, head.n, head.hash};
  down.stands = {down.life, 0, Hash{}};
  const bool known = is_in_log(*reader, head, reported) && from != 1;
  if (known) {
    down.stands = down.base = {down.life, reported.at.n, reported.hash};
    due_for.base = reported.at.n;
    due_for.fields_from = store::fields_from_of(*reader, due_for.site, reported.at.n);
  }
  const store::Comparison& comparison = due_for.site.comparison;
  const std::int64_t whole_since = std::max(due_for.site.scope_reset, comparison.repair);
  if (!known || resume || due_for.base < whole_since) begin_snapshot(down);
  const bool day_over = is_day_over(comparison, node);
  // As long as both are not known to be the same again, too.
  down.compares = !resume && (from || day_over || comparison.repair > 0);
  down.is_due = !resume && day_over && !comparison.is_alarm();
  // Pieces of two packings of one position need not be cut at the same places.
  node.random.fill(down.series);
  if (resume) {
    const auto hash = store::hash_at(*reader, resume->upto);
    if (!hash) return fail(Errc::bad_request, "the place to resume at is not in central's log");
    down.upto = {down.life, resume->upto, *hash};
    down.series = resume->series;
  }
  due_for.life = down.life.ord;
  due_for.upto = down.upto.n;
  due_for.scope = store::ScopeView(*reader, due_for.site, due_for.base, due_for.fields_from);
  read_acks(*reader, down);
  down.lost = lost_of_central(*reader);
  return down;
}

// Walks along the versions and fills one piece after another.
class Packer {
 public:
  Packer(const Node& node, Down down, const std::optional<Resume>& resume)
      : node_(node), down_(std::move(down)) {
    go_behind(down_.base.n);
    if (!resume) return;
    after_ = resume->after;
    part_ = resume->part;
  }

  // Packs the next piece; the acks ride in the last, when every effect is there.
  Result<PackedBundle> next_piece() {
    const bool snapshot = down_.due_for.snapshot;
    const BundleKind kind = snapshot ? BundleKind::snapshot : BundleKind::state;
    const EpochId epoch{down_.life.nonce};
    Manifest manifest = new_manifest(node_, kind, Party::central(), epoch, down_.to);
    SKERRY_TRY(auto writer,
               BundleWriter::create(node_.spool, node_.random, {&down_.recipient, 1},
                                    {manifest.id, manifest.from, manifest.to}, node_.options));
    SKERRY_TRY(const auto cut, fill(writer));
    const bool last = !cut;
    StateBody body = body_of(cut);
    if (cut && !snapshot) {
      if (body.upto.n == body.base.n) return begin_anew();
      go_behind(body.upto.n);
    }
    if (last && part_ == 1 && down_.compares && !down_.acks_only) body.digest = digest();
    SKERRY_TRY_VOID(note_waypoint(body, last));
    manifest.extra = to_json(body);
    SKERRY_TRY_VOID(add_trust(manifest.extra));
    const auto lines = static_cast<std::int64_t>(writer.lines());
    SKERRY_TRY(auto file, writer.finish(std::move(manifest), {&node_.keys.sign, 1}));
    const auto name =
        down_bundle_name(down_.to.id, down_.life.ord, static_cast<std::uint64_t>(body.base.n),
                         static_cast<std::uint64_t>(body.upto.n), static_cast<unsigned>(part_));
    PackedBundle packed{
        std::move(file), name, Party::central(), down_.to, body.base.n + 1, body.upto.n, lines,
        !last,           {}};
    ++part_;
    if (!snapshot)
      piece_base_ = body.upto;
    else if (!last)
      packed.resume = to_text({down_.upto.n, part_, down_.series, after_});
    return packed;
  }

 private:
  Result<void> add_trust(json::object& extra) const {
    extra["to_key"] = down_.to_key;
    SKERRY_TRY(const auto site_key, crypto::VerifyKey::from_text(down_.due_for.site.sign_key));
    extra["certificate"] =
        licensing::site_certificate(node_.keys.sign, down_.due_for.site.id, site_key);
    if (down_.trust.empty()) return {};
    json::array carried;
    for (const store::TrustGeneration& generation : down_.trust) {
      SKERRY_TRY(json::value text, parse_json(generation.text));
      carried.push_back(std::move(text));
    }
    extra["trust"] = std::move(carried);
    return {};
  }

  // What one row of central's log changed does not fit into a piece, and a delta is not cut inside
  // a row: the pieces of a snapshot are.
  Result<PackedBundle> begin_anew() {
    begin_snapshot(down_);
    piece_base_.reset();
    part_ = 1;
    go_behind(0);
    return next_piece();
  }

  void go_behind(std::int64_t n) {
    after_ = Due{};
    after_.version = n;
    after_.id.bytes.fill(0xff);
  }

  // Adds lines until nothing is left, or until the piece is full: then the version of the line that
  // did not fit.
  Result<std::optional<std::int64_t>> fill(BundleWriter& writer) {
    for (bool empty = true; !down_.acks_only;) {
      const store::Reader reader = node_.database.read();
      newest_ = store::read_head(*reader, "own").n;
      const auto batch = next_due(*reader, down_.due_for, after_);
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const Due& due = batch[i];
        SKERRY_TRY(const bool room, add_lines(*reader, down_.due_for, due,
                                              [&](const std::string& line) -> Result<bool> {
                                                if (!writer.has_room(line.size())) return false;
                                                SKERRY_TRY_VOID(writer.add_line(line));
                                                return true;
                                              }));
        if (!room && empty && down_.due_for.snapshot)
          return fail(Errc::limit_exceeded,
                      fmt::format("what row {} of central's log changed is too long for a bundle",
                                  due.version));
        if (!room) return std::optional(due.version);
        // Behind all that has this place: a record that moved has two.
        if (i + 1 < batch.size() && place_of(batch[i + 1]) == place_of(due)) continue;
        after_ = due;
        empty = false;
      }
      if (std::ssize(batch) < due_batch_rows) break;
    }
    return std::nullopt;
  }

  StateBody body_of(std::optional<std::int64_t> cut) {
    StateBody body;
    body.base = piece_base_.value_or(down_.base);
    body.upto = down_.upto;
    body.part = part_;
    body.last_part = !cut;
    body.series = down_.series;
    if (!cut) {
      body.acks = down_.acks;
      body.lost = down_.lost;
    }
    // A piece in the middle ends before the version it was cut in; the next one repeats the lines
    // of that version, so that losing it loses nothing.
    if (cut && !down_.due_for.snapshot)
      body.upto.n = std::clamp(*cut - 1, body.base.n, down_.upto.n);
    body.newest = std::max(newest_, body.upto.n);
    return body;
  }

  // Of the moment that the bundle is of; once anything was written since, another time.
  std::optional<Hash> digest() {
    const store::Reader reader = node_.database.read();  // of one moment
    if (store::read_head(*reader, "own").n != down_.upto.n) return std::nullopt;
    return digest_records(*reader, down_.due_for.site).sha256;
  }

  Result<void> note_waypoint(StateBody& body, bool last) {
    const auto work = [&](Connection& connection) -> Result<void> {
      if (body.upto.n != down_.upto.n)
        body.upto.hash = store::hash_at(connection, body.upto.n).value_or(Hash{});
      // Records changed again behind a cut come in a later piece, with the fields they lack.
      const bool snapshot = down_.due_for.snapshot;
      const std::int64_t fields_from = last || snapshot ? body.upto.n : down_.due_for.fields_from;
      const store::Site& site = down_.due_for.site;
      store::add_waypoint(connection, site, body.upto.n, body.upto.hash, fields_from);
      const DownPosition& from = snapshot ? down_.stands : body.base;
      body.waypoints = store::waypoints_from(connection, site, from.n);
      const std::pair first(from.n, from.hash);
      if (std::find(body.waypoints.begin(), body.waypoints.end(), first) == body.waypoints.end())
        body.waypoints.insert(body.waypoints.begin(), first);
      if (body.digest) {
        store::Site now = store::find_site(connection, site.id).value();
        now.comparison.digest_at = node_.clock.wall_ms();
        store::note_comparison(connection, now);
      }
      return {};
    };
    return write_or_try(node_, work);
  }

  const Node& node_;
  Down down_;
  Due after_;
  std::optional<DownPosition> piece_base_;
  std::int64_t part_ = 1;
  std::int64_t newest_ = 0;  // what was read last is of this state of central's log
};

}  // namespace

Result<void> pack_state(const Node& node, const store::Site& site, const PackState& what,
                        const EmitBundle& emit) {
  if (site.status != store::SiteStatus::active)
    return fail(Errc::not_enrolled,
                fmt::format("site {} is {}, not active", site.name, to_text(site.status)),
                "skerry site list");
  SKERRY_TRY(const auto resume, parse_resume(what.resume));
  SKERRY_TRY(Down down, prepare(node, site.id, what.from, resume));
  if (what.acks_only) {
    down.acks_only = true;
    down.due_for.snapshot = false;
    down.base = down.upto;
  }
  const bool nothing_due = !down.due_for.snapshot && down.base.n == down.upto.n &&
                           !down.acks_only && !down.has_others && down.trust.empty() &&
                           !down.is_due;
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
