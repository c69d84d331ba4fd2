#include "store/import_records.hpp"

#include <cstring>
#include <fmt/format.h>
#include <optional>
#include <unordered_map>

#include "core/check.hpp"
#include "crypto/sha256.hpp"

namespace skerry::store {
namespace {

// What a row asks for. A group's value is an object of its members, null for those without a value.
struct ImportRow {
  std::vector<std::optional<json::value>> values;  // by field; nullopt: the file has no column
};

struct Match {
  RecordId id;
  std::int64_t revision = 0;
};

// The records, at most two, whose field `position` is `value`.
std::vector<Match> find_by_key(Connection& connection, const Kind& kind, std::size_t position,
                               const json::value& value, const RecordId* group) {
  const Field& field = kind.fields[position];
  Cursor cursor = connection.statement(
      fmt::format("SELECT id,revision FROM {} WHERE {}=?1{} LIMIT 2", kind.name, field.name,
                  group ? fmt::format(" AND {}=?2", field.unique_within) : ""));
  bind_value(cursor, 1, field, value);
  if (group) cursor.bind(2, *group);
  std::vector<Match> found;
  while (cursor.next()) found.push_back({cursor.id<RecordId>(0), cursor.integer(1)});
  return found;
}

// What both passes do with a file: bind its columns, read its rows, resolve what they name.
class ImportPass : public CsvSink {
 public:
  ImportPass(const ImportPlace& place, const Kind& kind, const ImportOptions& options)
      : place_(place), kind_(kind), options_(options), key_(kind.find_field(kind.match_key)) {
    report_.dry_run = options.dry_run;
  }

  bool header(const std::vector<std::string>& names) final {
    std::vector<TableError> errors;
    auto bound = bind_columns(kind_, place_.role, names, options_.mapping, errors);
    if (!bound) {
      refusal_ = std::move(bound).error();
      return false;
    }
    columns_ = std::move(*bound);
    report_.ignored_columns = columns_.ignored;
    for (TableError& each : errors) error(std::move(each));
    return errors.empty();
  }

  void error(TableError error) final {
    if (report_.errors.size() < options_.errors_max)
      report_.errors.push_back(std::move(error));
    else
      ++report_.errors_left_out;
  }

  // The file may be refused as a whole: a wrong mapping.
  Result<ImportReport> take() {
    if (refusal_) return fail(std::move(*refusal_));
    return std::move(report_);
  }
  bool clean() const { return !refusal_ && report_.errors.empty(); }

 protected:
  // nullopt when the row has errors; they are reported.
  std::optional<ImportRow> read_row(Connection& connection, std::int64_t number,
                                    std::span<const std::string_view> cells) {
    ++report_.rows;
    ImportRow row;
    row.values.resize(kind_.fields.size());
    bool good = true;
    for (const ImportColumn& column : columns_.columns) {
      json::value value = read_column(connection, column, number, cells[column.cell], good);
      std::optional<json::value>& field = row.values[column.field];
      if (column.member < 0) {
        field = std::move(value);
      } else {
        if (!field) field = json::object();
        field->as_object()[column.what->name] = std::move(value);
      }
    }
    return good ? std::optional(std::move(row)) : std::nullopt;
  }

  // The key the row is recognised by; nullptr when it has none.
  const json::value* key_of(const ImportRow& row) const {
    if (key_ < 0) return nullptr;
    const auto& value = row.values[static_cast<std::size_t>(key_)];
    return value && !value->is_null() ? &*value : nullptr;
  }

  // The record within which the key is unique; zero for a key that is unique everywhere.
  RecordId group_of_key(const ImportRow& row) const {
    if (!is_within()) return {};
    const int group = kind_.find_field(kind_.fields[static_cast<std::size_t>(key_)].unique_within);
    SKERRY_CHECK(group >= 0);
    const auto& value = row.values[static_cast<std::size_t>(group)];
    const auto id = parse_id<RecordId>(value.value().as_string());
    SKERRY_CHECK(id.has_value());
    return *id;
  }

  // False when several records have the key; that is reported.
  bool find_match(Connection& connection, std::int64_t number, const ImportRow& row,
                  std::optional<Match>& match) {
    const json::value* key = key_of(row);
    if (!key) return true;
    const RecordId group = group_of_key(row);
    const auto found = find_by_key(connection, kind_, static_cast<std::size_t>(key_), *key,
                                   is_within() ? &group : nullptr);
    if (found.size() > 1) {
      error({number, key_header(), "ambiguous_key",
             fmt::format("more than one {} has {} {}", kind_.name, kind_.match_key,
                         std::string_view(key->as_string()))});
      return false;
    }
    if (!found.empty()) match = found.front();
    return true;
  }

  std::string key_header() const { return header_of(static_cast<std::size_t>(key_)); }
  std::string header_of(std::size_t field) const {
    for (const ImportColumn& column : columns_.columns)
      if (column.field == field) return column.header;
    return {};
  }

  const ImportPlace& place_;
  const Kind& kind_;
  const ImportOptions& options_;
  ImportReport report_;

 private:
  bool is_within() const {
    return kind_.fields[static_cast<std::size_t>(key_)].unique == Unique::within;
  }

  json::value read_column(Connection& connection, const ImportColumn& column, std::int64_t number,
                          std::string_view cell, bool& good) {
    std::vector<FieldError> complaints;
    json::value value = column.by_key ? resolve(connection, *column.what, cell, complaints)
                                      : read_cell(*column.what, cell, complaints);
    if (complaints.empty() && !column.by_key && column.what->type == FieldType::reference)
      check_reference(connection, *column.what, value, complaints);
    if (complaints.empty() && value.is_null() && column.what->required)
      complaints.push_back({{}, "required", "is required"});
    good &= complaints.empty();
    for (FieldError& each : complaints)
      error({number, column.header, std::move(each.code), std::move(each.detail)});
    return value;
  }

  static void check_reference(Connection& connection, const Field& field, const json::value& value,
                              std::vector<FieldError>& complaints) {
    if (value.is_null()) return;
    const auto id = parse_id<RecordId>(value.as_string());
    if (!id || !find_referenced(connection, field, *id))
      complaints.push_back({{}, "reference_not_found", "names no record"});
  }

  static json::value resolve(Connection& connection, const Field& field, std::string_view cell,
                             std::vector<FieldError>& complaints) {
    const std::string_view key = trim_blanks(cell);
    if (key.empty()) return nullptr;
    const Kind& kind = *kind_referred_by_key(field);
    const auto position = static_cast<std::size_t>(kind.find_field(kind.match_key));
    const auto found = find_by_key(connection, kind, position, json::string(key), nullptr);
    if (found.size() == 1) return json::string(to_string(found.front().id));
    complaints.push_back({{},
                          found.empty() ? "reference_not_found" : "ambiguous_key",
                          fmt::format("{} {} has the {} {}", found.empty() ? "no" : "more than one",
                                      kind.name, kind.match_key, key)});
    return nullptr;
  }

  int key_;
  ImportColumns columns_;
  std::optional<Error> refusal_;
};

// A key by the first 16 bytes of its SHA-256: the memory of a row does not depend on its key, and
// nobody makes two keys meet.
using KeyHash = std::array<std::uint8_t, 16>;
struct KeyHasher {
  std::size_t operator()(const KeyHash& hash) const noexcept {
    std::size_t value;
    std::memcpy(&value, hash.data(), sizeof value);
    return value;
  }
};

KeyHash hash_key(const RecordId& group, std::string_view key) {
  crypto::Sha256 sha;
  sha.update(group.view());
  sha.update(as_bytes(key));
  const Hash whole = sha.finish();
  KeyHash hash;
  std::memcpy(hash.data(), whole.data(), hash.size());
  return hash;
}

// The first pass: finds every error, on readers, while the writer serves others.
class CheckPass final : public ImportPass {
 public:
  using ImportPass::ImportPass;

  bool row(std::int64_t number, std::span<const std::string_view> cells) override {
    if (report_.rows % batch_rows == 0) batch_.reset();
    if (!batch_) batch_.emplace(place_.database);
    Connection& connection = *batch_->reader;
    const auto read = read_row(connection, number, cells);
    const json::value* key = read ? key_of(*read) : nullptr;
    if (!key) return true;
    const std::string_view text = key->as_string();
    const auto [at, fresh] = seen_.emplace(hash_key(group_of_key(*read), text), number);
    if (!fresh)
      error({number, key_header(), "duplicate_row",
             fmt::format("{} stands in row {} already", text, at->second)});
    std::optional<Match> match;
    find_match(connection, number, *read, match);
    return true;
  }

 private:
  // One snapshot for many look-ups is three times as fast; one for a whole file would keep the
  // write-ahead log from being checkpointed.
  static constexpr std::int64_t batch_rows = 500;
  struct Batch {
    Reader reader;
    ReadTransaction transaction;
    explicit Batch(Database& database) : reader(database.read()), transaction(*reader) {}
  };

  std::optional<Batch> batch_;
  std::unordered_map<KeyHash, std::int64_t, KeyHasher> seen_;
};

// The second pass: writes, inside one job. What changed since the first pass can still refuse a
// row.
class ApplyPass final : public ImportPass {
 public:
  ApplyPass(const ImportPlace& place, const Kind& kind, const ImportOptions& options,
            Connection& connection, const Author& author)
      : ImportPass(place, kind, options),
        connection_(connection),
        writer_(connection, place.log, place.role, place.random),
        author_(author) {
    for (const Field& field : kind.fields) defaults_.push_back(default_value(field));
  }

  bool row(std::int64_t number, std::span<const std::string_view> cells) override {
    auto read = read_row(connection_, number, cells);
    std::optional<Match> match;
    if (!read || !find_match(connection_, number, *read, match)) return true;
    if (match)
      update(number, *match, std::move(*read));
    else
      create(number, std::move(*read));
    return true;
  }

 private:
  void create(std::int64_t number, ImportRow row) {
    FieldValues values;
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      json::value value = row.values[i] ? std::move(*row.values[i]) : nullptr;
      if (value.is_object()) value = without_nulls(value.get_object());
      if (value.is_null()) value = defaults_[i];
      if (!value.is_null()) values.push_back({i, std::move(value)});
    }
    const auto record = writer_.create(kind_, std::nullopt, std::move(values), author_);
    if (!record) return refuse(number, record.error());
    ++report_.created;
  }

  void update(std::int64_t number, const Match& match, ImportRow row) {
    json::object patch;
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      if (!row.values[i]) continue;
      json::value& value = *row.values[i];
      patch[kind_.fields[i].name] = value.is_null() ? defaults_[i] : std::move(value);
    }
    const auto record = writer_.update(kind_, match.id, patch, match.revision, author_);
    if (!record) return refuse(number, record.error());
    ++(record->revision == match.revision ? report_.unchanged : report_.updated);
  }

  static json::value without_nulls(const json::object& group) {
    json::object members;
    for (const auto& [name, value] : group)
      if (!value.is_null()) members[name] = value;
    if (members.empty()) return nullptr;
    return members;
  }

  void refuse(std::int64_t number, const Error& reason) {
    if (reason.errors.empty())
      return error({number, {}, std::string(info(reason.code).slug), reason.detail});
    for (const FieldError& each : reason.errors)
      error({number, column_at(each.pointer), each.code, each.detail});
  }

  // Of a pointer such as "/account_ref" or "/address/city".
  std::string column_at(std::string_view pointer) const {
    if (!pointer.empty()) pointer.remove_prefix(1);
    const int field = kind_.find_field(pointer.substr(0, pointer.find('/')));
    return field < 0 ? std::string() : header_of(static_cast<std::size_t>(field));
  }

  Connection& connection_;
  RecordWriter writer_;
  const Author& author_;
  std::vector<json::value> defaults_;
};

}  // namespace

Result<ImportReport> import_records(const ImportPlace& place, const Kind& kind, int file,
                                    const ImportOptions& options, const Author& author) {
  {
    CheckPass check(place, kind, options);
    SKERRY_TRY_VOID(read_csv(file, options.limits, check));
    if (!check.clean()) return check.take();
  }

  // The report leaves the job beside its outcome, because a job is undone by failing.
  std::optional<Result<ImportReport>> report;
  auto job = [&](Connection& connection) -> Result<void> {
    ApplyPass apply(place, kind, options, connection, author);
    SKERRY_TRY_VOID(read_csv(file, options.limits, apply));
    const bool keep = apply.clean() && !options.dry_run;
    report = apply.take();
    if (keep) return {};
    return fail(Errc::bad_input, "undone: a dry run, or rows with errors");
  };
  const Result<void> outcome = place.database.write(job);
  const bool undone = report && (!*report || options.dry_run || !(*report)->errors.empty());
  if (!outcome && !undone) return fail(outcome.error());
  if (!*report) return fail(std::move(*report).error());
  ImportReport done = std::move(**report);
  if (!done.errors.empty()) done.created = done.updated = done.unchanged = 0;
  return done;
}

}  // namespace skerry::store
