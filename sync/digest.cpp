#include "sync/digest.hpp"

#include <fmt/format.h>

#include "core/json_text.hpp"
#include "crypto/sha256.hpp"
#include "store/change_log.hpp"
#include "store/record.hpp"
#include "store/shadow.hpp"
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

// Adds what it is given, in the order it comes.
class Digester {
 public:
  void add(const store::Record& record) {
    const std::string line = digest_line(record);
    hash_.update(as_bytes(line));
    ++records_;
  }
  ScopeDigest finish(store::Connection& connection) {
    const auto upstream = store::read_upstream(connection);
    return {hash_.finish(), records_,
            upstream ? upstream->n : store::read_head(connection, "own").n};
  }

 private:
  crypto::Sha256 hash_;
  std::int64_t records_ = 0;
};

// Every record of the kind in the order of ids, in batches.
template <class Take>
void each_record(store::Connection& connection, const Kind& kind, const Take& take) {
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
      take(record);
    }
  }
}

}  // namespace

ScopeDigest digest_records(store::Connection& connection, const std::optional<store::Site>& site) {
  Digester digester;
  for (const Kind& kind : all_kinds()) {
    if (kind.scope == ScopePath::nowhere) continue;
    each_record(connection, kind, [&](const store::Record& record) {
      if (!site || store::in_scope(connection, *site, kind, record.scope)) digester.add(record);
    });
  }
  return digester.finish(connection);
}

std::optional<ScopeDigest> digest_of_central(store::Connection& connection, Version upto) {
  Digester digester;
  bool later = false;
  const auto add = [&](const store::Record& record) {
    later = later || upto < store::newest_version(record);
    digester.add(record);
  };
  for (const Kind& kind : all_kinds()) {
    if (kind.scope == ScopePath::nowhere) continue;
    const std::vector<store::Record> shadows = store::list_shadows(connection, kind);
    auto shadow = shadows.begin();
    each_record(connection, kind, [&](const store::Record& record) {
      for (; shadow != shadows.end() && shadow->id < record.id; ++shadow) add(*shadow);
      const bool has_shadow = shadow != shadows.end() && shadow->id == record.id;
      if (!has_shadow && record.stamps.at_central()) add(record);
    });
    for (; shadow != shadows.end(); ++shadow) add(*shadow);
  }
  if (later) return std::nullopt;
  return digester.finish(connection);
}

}  // namespace skerry::sync
