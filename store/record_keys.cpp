// The keys of records, for store/write_records.hpp.
#include <algorithm>
#include <fmt/format.h>

#include "core/check.hpp"
#include "store/custom_fields.hpp"
#include "store/record_sql.hpp"
#include "store/write_records.hpp"

namespace skerry::store {
namespace {

// `other`: who has it, or nullopt for somebody whom the author does not see.
tl::unexpected<Error> taken(const Kind& kind, std::string_view key,
                            const std::optional<RecordId>& other, const std::string& pointer,
                            std::string detail) {
  detail += other ? fmt::format("is taken by {}", to_string(*other)) : "is taken";
  std::string next = fmt::format("choose another {}", key);
  if (other)
    next += fmt::format(", or change the {} that has it: GET /v1/{}/{}", kind.name, kind.plural,
                        to_string(*other));
  return fail(
      Error(Errc::duplicate_key, detail, std::move(next), {{pointer, "duplicate_key", detail}}));
}

}  // namespace

std::optional<RecordId> find_same_key(Connection& connection, const Record& record,
                                      std::size_t position) {
  const Field& field = record.kind->fields[position];
  const json::value& value = record.values[position];
  if (field.unique == Unique::no || value.is_null()) return std::nullopt;
  Cursor cursor = connection.statement(sql_of(*record.kind).same_key[position]);
  bind_value(cursor, 1, field, value);
  cursor.bind(2, record.id);
  if (field.unique == Unique::within) {
    const int group = record.kind->find_field(field.unique_within);
    SKERRY_CHECK(group >= 0);
    bind_value(cursor, 3, record.kind->field(static_cast<std::size_t>(group)),
               record.value(field.unique_within));
  }
  if (!cursor.next()) return std::nullopt;
  return cursor.id<RecordId>(0);
}

Result<void> RecordWriter::check_unique(const Record& record, const Field& field,
                                        std::size_t position, const Author& author) {
  auto other = find_same_key(connection_, record, position);
  if (!other) return {};
  if (!sees(connection_, author, *record.kind, *other)) other.reset();
  return taken(*record.kind, field.name, other, fmt::format("/{}", field.name),
               fmt::format("{} ", std::string_view(record.values[position].as_string())));
}

Result<void> RecordWriter::check_custom_unique(const Record& record, const json::value& before,
                                               const Author& author) {
  const auto shared = find_same_custom(connection_, record, before);
  if (shared.empty()) return {};
  const auto& [key, other] = shared.front();
  const bool seen = sees(connection_, author, *record.kind, other);
  return taken(*record.kind, key, seen ? std::optional(other) : std::nullopt,
               fmt::format("/custom/{}", key), {});
}

std::vector<std::size_t> changed_keys(const Kind& kind, const std::vector<std::size_t>& fields) {
  const auto among = [&](int position) {
    return std::find(fields.begin(), fields.end(), static_cast<std::size_t>(position)) !=
           fields.end();
  };
  std::vector<std::size_t> keys;
  for (std::size_t i = 0; i < kind.fields.size(); ++i) {
    const Field& field = kind.fields[i];
    if (field.unique == Unique::no) continue;
    const bool regrouped =
        field.unique == Unique::within && among(kind.find_field(field.unique_within));
    if (regrouped || among(static_cast<int>(i))) keys.push_back(i);
  }
  return keys;
}

}  // namespace skerry::store
