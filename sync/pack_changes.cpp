#include <fmt/format.h>
#include <string>
#include <vector>

#include "sync/bundle_name.hpp"
#include "sync/pack.hpp"
#include "sync/positions.hpp"
#include "sync/trust.hpp"

namespace skerry::sync {
namespace {

constexpr std::int64_t batch_rows = 2000;

// What is the same in every piece of one packing.
struct Up {
  Party from;
  Trust trust;
  store::LogHead head;
  std::optional<DownPosition> down;
};

Result<Hash> hash_before(store::Connection& connection, const store::LogHead& head,
                         std::int64_t first) {
  if (first == 1) return Hash{};
  auto cursor = connection.query("SELECT hash FROM change_log WHERE log=?1 AND seq=?2", head.number,
                                 first - 1);
  if (!cursor.next())
    return fail(Errc::bad_input, "this site's log has no row " + std::to_string(first - 1));
  return cursor.hash(0);
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
Result<void> add_rows(const Node& node, const Up& up, BundleWriter& writer, ChangesBody& body) {
  RowAdder adder(writer, body);
  for (std::int64_t read = body.last; read < up.head.seq;) {
    const store::Reader reader = node.database.read();
    auto cursor = reader->query(
        "SELECT seq,hash,line FROM change_log WHERE log=?1 AND seq>?2 AND seq<=?3 ORDER BY seq "
        "LIMIT ?4",
        up.head.number, read, up.head.seq, batch_rows);
    while (cursor.next()) {
      read = cursor.integer(0);
      SKERRY_TRY(const bool added, adder.add(read, cursor.hash(1), cursor.text(2)));
      if (!added) return {};
    }
  }
  return adder.flush().map([](bool) {});
}

Result<PackedBundle> pack_piece(const Node& node, const Up& up, ChangesBody body) {
  const Party to = Party::central();
  Manifest manifest = new_manifest(node, BundleKind::changes, up.from, up.head.epoch, to);
  SKERRY_TRY(auto writer,
             BundleWriter::create(node.spool, node.random, up.trust.recipients,
                                  {manifest.id, manifest.from, manifest.to}, node.options));
  SKERRY_TRY_VOID(add_rows(node, up, writer, body));
  if (body.last < body.first && body.last < up.head.seq)
    return fail(Errc::limit_exceeded,
                fmt::format("row {} of this site's log does not fit into a bundle", body.first),
                "skerry backup create, and send the vendor a copy: a row like that is a defect");
  manifest.extra = to_json(body);
  const auto lines = static_cast<std::int64_t>(writer.lines());
  SKERRY_TRY(auto file, writer.finish(std::move(manifest), {&node.keys.sign, 1}));
  const auto name =
      up_bundle_name(up.from.id, up.head.epoch, static_cast<std::uint64_t>(body.first),
                     static_cast<std::uint64_t>(body.last));
  return PackedBundle{std::move(file),         name, up.from, to, body.first, body.last, lines,
                      body.last < up.head.seq, {}};
}

}  // namespace

Result<void> pack_changes(const Node& node, std::optional<std::int64_t> from,
                          const EmitBundle& emit, std::int64_t pieces_max) {
  Up up;
  ChangesBody body;
  {
    const store::Reader reader = node.database.read();
    SKERRY_TRY(up.trust, load_trust(*reader));
    const auto identity = store::read_identity(*reader);
    const auto upstream = store::read_upstream(*reader);
    if (!identity || !upstream) return fail(Errc::not_enrolled, "this site has no central yet");
    up.from = Party::site(identity->id);
    up.head = store::read_head(*reader, "own");
    if (upstream->life.ord > 0) up.down = DownPosition{upstream->life, upstream->n, upstream->hash};
    body.first = from.value_or(upstream->acked + 1);
    if (body.first < 1 || body.first > up.head.seq + 1)
      return fail(Errc::bad_input, "this site's log ends at row " + std::to_string(up.head.seq));
    SKERRY_TRY(body.prev_hash, hash_before(*reader, up.head, body.first));
  }
  body.head = up.head.seq;
  body.down = up.down;
  for (std::int64_t piece = 1; piece <= pieces_max; ++piece) {
    body.last = body.first - 1;
    body.last_hash = body.prev_hash;
    SKERRY_TRY(PackedBundle packed, pack_piece(node, up, body));
    const std::int64_t last = packed.last;
    const bool more = packed.more;
    SKERRY_TRY_VOID(emit(std::move(packed)));
    if (!more) break;
    const store::Reader reader = node.database.read();
    SKERRY_TRY(body.prev_hash, hash_before(*reader, up.head, last + 1));
    body.first = last + 1;
  }
  return {};
}

}  // namespace skerry::sync
