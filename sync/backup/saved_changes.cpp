#include "sync/backup/saved_changes.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "core/json_text.hpp"
#include "core/merge.hpp"
#include "core/text.hpp"
#include "store/lost_ranges.hpp"
#include "store/sites.hpp"
#include "store/tombstone.hpp"
#include "store/upstream.hpp"
#include "store/write_records.hpp"
#include "sync/bundle_reader.hpp"
#include "sync/json_fields.hpp"

namespace skerry::sync {
namespace {

using store::Connection;

constexpr std::size_t skipped_max = 100;
constexpr std::size_t shown_bytes_max = 300;  // of what a change would have written
constexpr std::int64_t batch_rows = 2000;
constexpr std::int64_t seq_max = (std::int64_t{1} << 53) - 1;

// A machine that has no id yet goes by that of its log.
Party self(const store::Identity& identity, const EpochId& epoch) {
  if (identity.role == Role::central) return Party::central();
  SiteId id = identity.id;
  if (id.is_zero()) id.bytes = epoch.bytes;
  return Party::site(id);
}

// A site's rows for its central: all that it did not confirm, and what it confirmed that is in no
// backup, so that they fit behind what it has even if it is put back, too.
Result<void> pack_for_central(const Node& node, const RestoreCost& cost, const EpochId& next,
                              const EmitBundle& emit) {
  PackChanges what;
  what.goes_on_in = next;
  for (const SharedLog& log : cost.logs) what.in_backup.push_back({log.epoch, log.shared, {}});
  return pack_changes(node, what, [&](PackedBundle&& packed) -> Result<void> {
    if (packed.last < packed.first) return {};
    return emit(std::move(packed));
  });
}

// One piece of one chain for the machine itself: from row `log.shared` + 1 on, and as far as it
// fits; `log.shared` moves on.
Result<PackedBundle> pack_piece(const Node& node, const Party& me, SharedLog& log) {
  Manifest manifest = new_manifest(node, BundleKind::saved, me, log.epoch, me);
  const crypto::AgeRecipient own = node.keys.age.recipient();
  SKERRY_TRY(auto writer,
             BundleWriter::create(node.spool, node.random, {&own, 1},
                                  {manifest.id, manifest.from, manifest.to}, node.options));
  const std::int64_t first = log.shared + 1;
  for (bool full = false; !full && log.shared < log.end;) {
    const store::Reader reader = node.database.read();
    auto cursor = reader->query(
        "SELECT seq,line FROM change_log WHERE log=?1 AND seq>?2 ORDER BY seq LIMIT ?3", log.log,
        log.shared, batch_rows);
    while (!full && cursor.next()) {
      const std::string_view line = cursor.text(1);
      const bool wanted = is_own_change(line);
      full = wanted && !writer.has_room(line.size());
      if (full) break;
      if (wanted) SKERRY_TRY_VOID(writer.add_line(line));
      log.shared = cursor.integer(0);
    }
  }
  manifest.extra = {{"range", json::object{{"first", first}, {"last", log.shared}}}};
  const auto lines = static_cast<std::int64_t>(writer.lines());
  SKERRY_TRY(auto file, writer.finish(std::move(manifest), {&node.keys.sign, 1}));
  const std::string name =
      fmt::format("saved-{}-{}-{}.skb", to_string(log.epoch).substr(0, 8), first, log.shared);
  return PackedBundle{std::move(file),      name, me, me, first, log.shared, lines,
                      log.shared < log.end, {}};
}

Result<void> pack_for_itself(const Node& node, const store::Identity& identity, RestoreCost cost,
                             const EmitBundle& emit) {
  for (SharedLog& log : cost.logs)
    while (log.shared < log.end) {
      SKERRY_TRY(PackedBundle packed, pack_piece(node, self(identity, log.epoch), log));
      if (packed.lines > 0) SKERRY_TRY_VOID(emit(std::move(packed)));
    }
  return {};
}

// Where a file leads with one record.
struct End {
  bool removed = false;
  std::map<std::size_t, json::value> values;  // by the field's position
};

class Applier {
 public:
  Applier(Connection& connection, const Node& node, Role role)
      : connection_(connection),
        now_(node.clock.wall_ms()),
        writer_(connection, node.log, role, node.random) {}

  // Of every line, before the first is taken.
  void look_ahead(std::string_view line) {
    const auto change = decode_change(line);
    if (!change) return;
    End& end = ends_[change->record];
    end.removed = change->op == ChangeOp::remove;
    for (const FieldChange& field : change->fields) end.values[field.field] = field.new_value;
  }
  void take(std::string_view line) {
    ++done_.changes;
    const auto change = decode_change(line);
    if (!change) return skip("a change", change.error().detail);
    const Result<bool> written = apply(*change);
    if (written && change->kind->name == "site") note_times(SiteId{change->record.bytes});
    if (!written)
      return skip(fmt::format("{} {}", change->kind->name, to_string(change->record)),
                  written.error().detail + what_was_meant(*change));
    ++(*written ? done_.written : done_.there);
  }
  Reapplied take_result() { return std::move(done_); }

 private:
  void skip(std::string_view what, std::string_view why) {
    ++done_.skipped_count;
    if (done_.skipped.size() < skipped_max)
      done_.skipped.push_back(fmt::format("{}: {}", what, why));
  }

  // So that somebody can enter it by hand.
  static std::string what_was_meant(const Change& change) {
    if (change.op == ChangeOp::remove) return "; it was to be deleted";
    json::object values;
    for (const FieldChange& field : change.fields)
      values[change.kind->fields[field.field].name] = field.new_value;
    const std::string text = to_json_text(values);
    const std::string_view shown = beginning_of(text, shown_bytes_max);
    return fmt::format("; meant was {}{}", shown, shown.size() < text.size() ? "…" : "");
  }

  // Of a site that is known by what was written again; its first bundle tells of its log.
  void note_times(const SiteId& id) {
    auto site = store::find_site(connection_, id);
    if (!site) return;
    if (site->invited_at == 0) site->invited_at = now_;
    if (site->status == store::SiteStatus::active && !site->admitted_at) site->admitted_at = now_;
    store::note_site(connection_, *site);
  }

  static store::Author author_of(const Change& change) {
    return {change.actor, change.source, change.request,
            change.reason.empty() ? "written before a restore" : change.reason, change.actor_name};
  }

  // Whether anything was to be written.
  Result<bool> apply(const Change& change) {
    // What central makes by acts of its own, sites and activation codes, is in no other log.
    if (change.kind->authority != Authority::central)
      SKERRY_TRY_VOID(store::check_written(*change.kind));
    const auto present = store::find_record(connection_, *change.kind, change.record);
    const bool deleted = !present && store::find_tombstone(connection_, change.record);
    if (deleted && ends_[change.record].removed && change.op != ChangeOp::restore) return false;
    switch (change.op) {
      case ChangeOp::create:
        if (deleted) return fail(Errc::precondition_failed, "it was deleted since");
        return present ? false : make(change);
      case ChangeOp::restore:
        return present ? false : revive(change);
      case ChangeOp::remove:
        if (deleted) return false;
        if (!present) break;  // the site that made it sends it again
        return writer_.remove(*change.kind, change.record, std::nullopt, author_of(change)).map([] {
          return true;
        });
      case ChangeOp::set:
        break;
    }
    if (!present) return fail(Errc::not_found, "it is not there");
    return set(*present, change);
  }

  Result<bool> make(const Change& change) {
    FieldValues values;
    for (const FieldChange& field : change.fields) values.push_back({field.field, field.new_value});
    return writer_.make(*change.kind, change.record, std::move(values), author_of(change))
        .map([](const store::Record&) { return true; });
  }

  Result<bool> revive(const Change& change) {
    SKERRY_TRY(const store::Record record,
               writer_.restore(*change.kind, change.record, {}, author_of(change), std::nullopt));
    return set_all(record, change).map([](bool) { return true; });
  }

  // Of a site's scope the log has who left and who entered (ADR 26), where all of them are lists.
  static Field described_in(const Change& change, const FieldChange& field,
                            const json::value& present) {
    Field described = change.kind->fields[field.field];
    if (described.type == FieldType::scope && present.is_array() && field.old_value.is_array() &&
        field.new_value.is_array())
      described.merge = MergeClass::set;
    return described;
  }

  Result<bool> set(const store::Record& present, Change change) {
    std::vector<FieldChange> due;
    for (FieldChange& field : change.fields) {
      const json::value& value = present.values[field.field];
      const Field described = described_in(change, field, value);
      const bool is_register =
          described.merge != MergeClass::map && described.merge != MergeClass::set;
      if (is_register && value != field.old_value && value != field.new_value) {
        // Written again before, when the file led on from this row's value to the present one.
        if (value == ends_[change.record].values[field.field]) continue;
        return fail(Errc::precondition_failed,
                    fmt::format("its {} was changed since", described.name));
      }
      due.push_back(std::move(field));
    }
    change.fields = std::move(due);
    return set_all(present, change);
  }

  Result<bool> set_all(const store::Record& present, const Change& change) {
    FieldValues values;
    for (const FieldChange& field : change.fields) {
      const json::value& value = present.values[field.field];
      json::value wanted =
          replay_field(described_in(change, field, value), value, field.old_value, field.new_value);
      if (wanted != value) values.push_back({field.field, std::move(wanted)});
    }
    if (values.empty()) return false;
    return writer_.set(present, values, author_of(change)).map([](const store::Record&) {
      return true;
    });
  }

  Connection& connection_;
  UnixMillis now_;
  store::RecordWriter writer_;
  std::map<RecordId, End> ends_;
  Reapplied done_;
};

// The rows that the bundle speaks for.
Result<store::LostRange> rows_of(const Manifest& manifest) {
  std::vector<FieldError> errors;
  JsonFields fields(manifest.extra, "", errors);
  store::LostRange rows{manifest.from.epoch, 0, 0};
  if (auto range = fields.object("range")) {
    rows.first = range->integer("first", 1, seq_max);
    rows.last = range->integer("last", 1, seq_max);
  }
  SKERRY_TRY_VOID(refuse_if_any(std::move(errors), "manifest.json"));
  return rows;
}

// What was left out is missing still, and so is all behind it.
void note_back(Connection& connection, const store::LostRange& rows, const Reapplied& done) {
  if (done.skipped_count > 0) return;
  for (const store::LostRange& lost : store::list_missing(connection))
    if (lost.epoch == rows.epoch && lost.missing_from() >= rows.first)
      store::note_found(connection, rows.epoch, rows.last);
}

// What to do where nothing better is known.
Error with_hint(Error error) {
  if (error.next.empty()) error.next = "give a file saved-….skb that skerry backup restore left";
  return error;
}

Result<BundleReader> open_saved(const Node& node, FileHandle file) {
  const crypto::VerifyKey own = node.keys.sign.verify_key();
  const KeyLookup lookup =
      [&](const Manifest&, const crypto::KeyId& id) -> Result<std::optional<crypto::VerifyKey>> {
    if (id == own.key_id()) return std::optional(own);
    return fail(Errc::unknown_signer, "the bundle is not of this machine",
                "apply it on the machine that was restored");
  };
  SKERRY_TRY(BundleReader reader, BundleReader::open(std::move(file), lookup));
  if (reader.manifest().kind != BundleKind::saved)
    return fail(Errc::wrong_recipient,
                fmt::format("this is a bundle of kind {} for {}", to_string(reader.manifest().kind),
                            to_string(reader.manifest().to)),
                "at central: skerry bundle import FILE, or take it there on a medium");
  SKERRY_TRY_VOID(reader.stage({&node.keys.age, 1}, node.spool));
  return reader;
}

}  // namespace

Result<void> pack_saved(const Node& node, const RestoreCost& cost, const EpochId& next,
                        const EmitBundle& emit) {
  if (cost.own == 0) return {};
  SKERRY_TRY(const store::Identity identity, identity_of(node));
  const bool has_central = [&] {
    const store::Reader reader = node.database.read();
    return store::read_upstream(*reader).has_value();
  }();
  return has_central ? pack_for_central(node, cost, next, emit)
                     : pack_for_itself(node, identity, cost, emit);
}

Result<Reapplied> reapply_saved(const Node& node, FileHandle file) {
  SKERRY_TRY(const store::Identity identity, identity_of(node));
  SKERRY_TRY(const BundleReader reader, open_saved(node, std::move(file)).map_error(with_hint));
  SKERRY_TRY(const store::LostRange rows, rows_of(reader.manifest()));
  auto work = [&](Connection& connection) -> Result<Reapplied> {
    Applier applier(connection, node, identity.role);
    SKERRY_TRY_VOID(reader.for_each_line([&](std::string_view line, std::uint64_t) -> Result<void> {
      applier.look_ahead(line);
      return {};
    }));
    SKERRY_TRY_VOID(reader.for_each_line([&](std::string_view line, std::uint64_t) -> Result<void> {
      applier.take(line);
      return {};
    }));
    Reapplied done = applier.take_result();
    note_back(connection, rows, done);
    return done;
  };
  return write_or_try(node, work);
}

}  // namespace skerry::sync
