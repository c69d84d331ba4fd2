#include "sync/digest.hpp"

#include <fmt/format.h>

#include "core/json_text.hpp"
#include "crypto/sha256.hpp"
#include "store/change_log.hpp"
#include "store/record.hpp"
#include "store/site_scope.hpp"
#include "store/upstream.hpp"

namespace skerry::sync {
namespace {

constexpr std::int64_t batch_rows = 1000;

std::string digest_line(const store::Record& record) {
  std::string values;
  std::string versions;
  for (std::size_t i = 0; i < record.values.size(); ++i) {
    const std::string_view name = record.kind->fields[i].name;
    const Version version = record.stamps.of(name).version;
    versions += fmt::format("{}\"{}\":[{},{}]", i == 0 ? "" : ",", name, version.ord, version.n);
    if (record.values[i].is_null()) continue;
    values += fmt::format("{}\"{}\":", values.empty() ? "" : ",", name);
    append_json(values, record.values[i]);
  }
  return fmt::format("{{\"t\":\"{}\",\"id\":\"{}\",\"f\":{{{}}},\"v\":{{{}}}}}\n",
                     record.kind->name, to_string(record.id), values, versions);
}

}  // namespace

ScopeDigest digest_records(store::Connection& connection, const std::optional<store::Site>& site) {
  ScopeDigest digest;
  crypto::Sha256 hash;
  for (const Kind& kind : all_kinds()) {
    if (kind.scope == ScopePath::nowhere) continue;
    const std::string sql = fmt::format("SELECT {} FROM {} WHERE id>?1 ORDER BY id LIMIT ?2",
                                        store::select_columns(kind), kind.name);
    RecordId after;
    for (std::int64_t rows = batch_rows; rows == batch_rows;) {
      rows = 0;
      auto cursor = connection.query(sql, after, batch_rows);
      while (cursor.next()) {
        const store::Record record = store::read_record(cursor, kind);
        ++rows;
        after = record.id;
        if (site && !store::in_scope(connection, *site, kind, record.scope)) continue;
        const std::string line = digest_line(record);
        hash.update(as_bytes(line));
        ++digest.records;
      }
    }
  }
  digest.sha256 = hash.finish();
  const auto upstream = store::read_upstream(connection);
  digest.upto = upstream ? upstream->n : store::read_head(connection, "own").n;
  return digest;
}

}  // namespace skerry::sync
