#include "tests/simulation/person.hpp"

#include <algorithm>

#include "store/custom_fields.hpp"
#include "store/hard_delete.hpp"
#include "store/resolve_conflict.hpp"

namespace skerry::sim {
namespace {

const store::Author author{"uid:0", "api", "sim"};

const Kind& kind_named(std::string_view name) { return *find_kind(name); }

// What a user may be told in place of "done".
bool is_refusal(Errc code) {
  switch (code) {
    case Errc::already_exists:
    case Errc::duplicate_key:
    case Errc::in_use:
    case Errc::not_found:
    case Errc::owned_by_central:
    case Errc::read_only_copy:
    case Errc::reference_not_found:
    case Errc::validation_failed:
    case Errc::wrong_role:
      return true;
    default:
      return false;
  }
}

std::string show(const Kind& kind, const RecordId& id) {
  return fmt::format("{} {}", kind.name, to_string(id));
}

}  // namespace

template <class Work>
bool Person::submit(std::int64_t rows_max, Work work) {
  const std::int64_t seq_before = machine_.log->own().seq;
  auto job = [&](store::Connection& connection) -> Result<void> {
    store::RecordWriter writer(connection, *machine_.log, machine_.role(), machine_.random);
    return work(connection, writer);
  };
  const Result<void> done = machine_.database->write(job);
  if (!done) note_refusal(done.error());
  acknowledge(seq_before, done ? rows_max : 0);
  return done.has_value();
}

void Person::note_refusal(const Error& error) {
  if (!is_refusal(error.code)) throw Violation("local write", error.detail);
  journal_.say([&] { return fmt::format("  refused: {}", error.detail); });
  for (const Errc noted :
       {Errc::duplicate_key, Errc::in_use, Errc::owned_by_central, Errc::validation_failed})
    if (noted == error.code) journal_.happened(fmt::format("refused {}", info(noted).slug));
}

// The user was told that it is done: from here on it may never be lost (I2).
void Person::acknowledge(std::int64_t seq_before, std::int64_t rows_max) {
  const store::LogHead& head = machine_.log->own();
  if (head.seq > seq_before + rows_max)
    throw Violation("local write", fmt::format("one write made {} rows", head.seq - seq_before));
  machine_.read([&](store::Connection& connection) {
    const std::int64_t seen = machine_.is_central() ? 0 : store::read_upstream(connection)->n;
    auto rows = connection.query("SELECT seq,hash FROM change_log WHERE log=?1 AND seq>?2",
                                 head.number, seq_before);
    while (rows.next())
      machine_.acknowledged.push_back({head.epoch, rows.integer(0), rows.hash(1), seen});
  });
}

void Person::act() {
  switch (static_cast<Act>(rng_.weighted(swarm_.acts))) {
    case Act::create:
      return create(some_kind());
    case Act::change:
      return change();
    case Act::remove:
      return remove();
    case Act::remove_whole:
      return remove_whole();
    case Act::archive:
      return archive();
    case Act::disable:
      return disable();
    case Act::scrap:
      return scrap();
    case Act::move_many:
      return move_many();
    case Act::define:
      return define();
    case Act::resolve:
      return resolve();
  }
}

void Person::create(const Kind& kind) {
  if (kind.name == "custom_field") return define();
  if (const auto body = new_values(kind)) create(kind, *body);
}

bool Person::create(const Kind& kind, const json::object& body) {
  const auto values = read_new(kind, body);
  if (!values) throw Violation("harness", values.error().detail);
  journal_.say([&] {
    return fmt::format("{} creates {} {}", machine_.name(), kind.name, json::serialize(body));
  });
  return submit(1, [&](store::Connection&, store::RecordWriter& writer) -> Result<void> {
    SKERRY_TRY(const store::Record made, writer.create(kind, std::nullopt, *values, author));
    journal_.say([&] { return "  as " + to_string(made.id); });
    journal_.wrote(kind, ChangeOp::create);
    if (kind.find_field("custom") >= 0 && !made.value("custom").is_null())
      journal_.happened("custom value");
    return {};
  });
}

bool Person::update(const store::Record& record, const json::object& patch) {
  const Kind& kind = *record.kind;
  journal_.say([&] {
    return fmt::format("{} sets {} {}", machine_.name(), show(kind, record.id),
                       json::serialize(patch));
  });
  return submit(1, [&](store::Connection&, store::RecordWriter& writer) -> Result<void> {
    SKERRY_TRY(const store::Record after,
               writer.update(kind, record.id, patch, std::nullopt, author));
    if (after.revision != record.revision) journal_.wrote(kind, ChangeOp::set);
    return {};
  });
}

// As an atomic batch.
void Person::change_together() {
  std::vector<std::pair<std::optional<store::Record>, json::object>> writes;
  std::vector<const Kind*> kinds;
  for (std::size_t wanted = 2 + rng_.below(3); wanted > 0; --wanted) {
    const Kind& kind = some_kind();
    if (kind.name == "custom_field") continue;
    auto record = rng_.percent(60) ? some_record(kind) : std::nullopt;
    auto body = record ? patch_for(*record) : new_values(kind);
    if (!body) continue;
    journal_.say([&] {
      return fmt::format("{} writes together: {} {}", machine_.name(),
                         record ? show(kind, record->id) : std::string(kind.name),
                         json::serialize(*body));
    });
    kinds.push_back(&kind);
    writes.emplace_back(std::move(record), std::move(*body));
  }
  submit(std::ssize(writes), [&](store::Connection&, store::RecordWriter& writer) -> Result<void> {
    writer.write_together();
    for (std::size_t i = 0; i < writes.size(); ++i) {
      const auto& [record, body] = writes[i];
      if (record) {
        SKERRY_TRY_VOID(writer.update(*kinds[i], record->id, body, std::nullopt, author));
        continue;
      }
      SKERRY_TRY(auto values, read_new(*kinds[i], body));
      SKERRY_TRY_VOID(writer.create(*kinds[i], std::nullopt, std::move(values), author));
    }
    if (writes.size() > 1) journal_.happened("written together");
    return {};
  });
}

void Person::change() {
  if (swarm_.together_percent > 0 && rng_.percent(swarm_.together_percent))
    return change_together();
  const auto record = some_record(some_kind());
  if (record) update(*record, patch_for(*record));
}

void Person::remove() {
  const Kind& kind = some_kind();
  const auto id = some_id(kind);
  if (!id) return;
  journal_.say([&] { return fmt::format("{} removes {}", machine_.name(), show(kind, *id)); });
  const bool removed = submit(1, [&](store::Connection&, store::RecordWriter& writer) {
    return writer.remove(kind, *id, std::nullopt, author);
  });
  if (removed) journal_.wrote(kind, ChangeOp::remove);
}

void Person::remove_whole() {
  const auto record = some_record(some_kind());
  if (!record) return;
  const Kind& kind = *record->kind;
  const auto dependants = machine_.read([&](store::Connection& connection) {
    return must(store::find_dependants(connection, kind, record->id), "dependants");
  });
  journal_.say([&] {
    return fmt::format("{} removes {} with {} dependants", machine_.name(), show(kind, record->id),
                       dependants.records.size());
  });
  const auto rows =
      static_cast<std::int64_t>(dependants.records.size() + dependants.mentions.size()) + 1;
  const bool removed =
      submit(rows, [&](store::Connection& connection, store::RecordWriter& writer) -> Result<void> {
        SKERRY_TRY_VOID(store::hard_delete(connection, writer, kind, record->id, std::nullopt,
                                           store::confirmation_of(*record).text,
                                           dependants.token(record->id), author));
        return {};
      });
  if (!removed) return;
  journal_.wrote(kind, ChangeOp::remove);
  if (!dependants.records.empty()) journal_.happened("delete with dependants");
}

void Person::archive() {
  const auto record = some_record(some_kind());
  if (!record) return;
  const bool archived = !record->value("archived_at").is_null();
  if (update(*record, {{"archived_at", archived ? json::value() : some_day()}}))
    journal_.happened(archived ? "unarchive" : "archive");
}

void Person::disable() {
  const auto customer = some_record(kind_named("customer"));
  if (!customer) return;
  const bool disabled = !customer->value("disabled_at").is_null();
  if (update(*customer, {{"disabled_at", disabled ? json::value() : some_day()}}))
    journal_.happened(disabled ? "enable" : "disable");
}

void Person::scrap() {
  const auto asset = some_record(kind_named("asset"));
  if (!asset || !asset->value("scrapped_on").is_null()) return;
  json::object patch{{"scrapped_on", "2026-02-03"}};
  if (rng_.percent(50)) {
    patch["disposal_reason"] = "worn out";
    patch["disposal_price"] = fmt::format("{}.50", rng_.below(3));
  }
  if (update(*asset, patch)) journal_.happened("scrap");
}

// As the API does it for everything that filters select: one request, one move for each asset.
void Person::move_many() {
  const auto to = some_id(kind_named("location"));
  std::vector<RecordId> assets;
  for (std::size_t wanted = 1 + rng_.below(4); wanted > 0; --wanted) {
    const auto asset = some_id(kind_named("asset"));
    if (asset && std::find(assets.begin(), assets.end(), *asset) == assets.end())
      assets.push_back(*asset);
  }
  if (!to || assets.empty()) return;
  json::object body{{"to_location", to_string(*to)}};
  body[rng_.percent(30) ? "shipped_at" : "arrived_at"] = some_day();
  journal_.say([&] {
    return fmt::format("{} moves {} assets {}", machine_.name(), assets.size(),
                       json::serialize(body));
  });
  const Kind& kind = kind_named("move");
  const bool moved =
      submit(static_cast<std::int64_t>(assets.size()),
             [&](store::Connection&, store::RecordWriter& writer) -> Result<void> {
               for (const RecordId& asset : assets) {
                 body["asset"] = to_string(asset);
                 SKERRY_TRY(FieldValues values, read_new(kind, body));
                 SKERRY_TRY_VOID(writer.create(kind, std::nullopt, std::move(values), author));
               }
               return {};
             });
  if (!moved) return;
  for (std::size_t i = 0; i < assets.size(); ++i) journal_.wrote(kind, ChangeOp::create);
  if (assets.size() > 1) journal_.happened("move many");
}

void Person::define() {
  if (create(kind_named("custom_field"), new_custom_field())) journal_.happened("custom field");
}

void Person::resolve() {
  const auto open = machine_.read([](store::Connection& connection) {
    store::ConflictQuery query;
    query.open = true;
    return store::list_conflicts(connection, query);
  });
  if (open.empty()) return;
  const store::Conflict& conflict = rng_.pick(open);
  const int field = conflict.kind->find_field(conflict.field);
  constexpr std::array<const char*, 3> choices{"resolve winner", "resolve loser", "resolve value"};
  const char* const choice = choices[rng_.below(field < 0 ? 2 : 3)];
  store::ConflictDecision decision = store::ConflictChoice::winner;
  if (choice == choices[1]) decision = store::ConflictChoice::loser;
  if (choice == choices[2])
    decision = value_for(*conflict.kind, conflict.kind->field(static_cast<std::size_t>(field)));
  journal_.say([&] {
    return fmt::format("{}: {} of {} about {}", machine_.name(), choice, to_string(conflict.id),
                       show(*conflict.kind, conflict.record));
  });
  const bool gone = machine_.read([&](store::Connection& connection) {
    return !store::record_exists(connection, *conflict.kind, conflict.record);
  });
  const bool decided =
      submit(1, [&](store::Connection& connection, store::RecordWriter&) -> Result<void> {
        SKERRY_TRY_VOID(store::resolve_conflict(connection, *machine_.log, machine_.role(),
                                                machine_.random, conflict.id, decision, author));
        return {};
      });
  if (decided) journal_.happened(choice);
  if (decided && gone && choice != choices[0]) journal_.happened("brought back");
}

}  // namespace skerry::sim
