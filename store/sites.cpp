#include "store/sites.hpp"

#include <array>

#include "core/check.hpp"

namespace skerry::store {
namespace {

constexpr std::string_view site_columns =
    "row,id,name,status,scope,sign_key,age_recipient,epoch,invited_at,admitted_at,contact_at,"
    "app_version,schema,clock_suspect,code_hash,confirmed_ord,confirmed,confirmed_hash,scope_reset,"
    "expected,digest_at,compared,differs,repair";
constexpr std::string_view epoch_columns =
    "number,epoch,head,head_hash,durable,fenced,fork_at,copy_at,behind,began_n,site";
constexpr std::array<std::string_view, 4> status_names{"invited", "active", "fenced", "revoked"};

template <class T, class Read>
std::optional<T> nullable(const Cursor& cursor, int column, Read read) {
  if (cursor.is_null(column)) return std::nullopt;
  return read(column);
}

const Kind& site_kind() {
  static const Kind* const kind = find_kind("site");
  SKERRY_CHECK(kind != nullptr);
  return *kind;
}

SiteStatus parse_status(std::string_view text) {
  for (std::size_t i = 0; i < status_names.size(); ++i)
    if (status_names[i] == text) return static_cast<SiteStatus>(i);
  throw StorageError(Errc::database_damaged, "a site has an unknown status");
}

Site read_site(const Cursor& cursor) {
  const auto time = [&](int column) { return cursor.integer(column); };
  Site site;
  site.number = cursor.integer(0);
  site.id = cursor.id<SiteId>(1);
  site.name = cursor.text(2);
  site.status = parse_status(cursor.text(3));
  site.sees_all = cursor.text(4) == "all";
  site.sign_key = cursor.text(5);
  site.age_recipient = cursor.text(6);
  site.epoch = parse_id<EpochId>(cursor.text(7));
  site.invited_at = cursor.integer(8);
  site.admitted_at = nullable<UnixMillis>(cursor, 9, time);
  site.contact_at = nullable<UnixMillis>(cursor, 10, time);
  site.app_version = cursor.text(11);
  site.schema = cursor.integer(12);
  site.clock_suspect = cursor.integer(13) != 0;
  site.code_hash = nullable<Hash>(cursor, 14, [&](int column) { return cursor.hash(column); });
  site.down = {{cursor.integer(15), cursor.integer(16)}, cursor.hash(17)};
  site.scope_reset = cursor.integer(18);
  site.expected =
      nullable<EpochId>(cursor, 19, [&](int column) { return cursor.id<EpochId>(column); });
  site.comparison = {cursor.integer(20), cursor.integer(21), cursor.integer(22) != 0,
                     cursor.integer(23)};
  return site;
}

SiteEpoch read_epoch(const Cursor& cursor) {
  const auto number = [&](int column) { return cursor.integer(column); };
  return {cursor.integer(0),
          cursor.id<EpochId>(1),
          cursor.integer(2),
          cursor.hash(3),
          cursor.integer(4),
          cursor.integer(5) != 0,
          nullable<std::int64_t>(cursor, 6, number),
          nullable<UnixMillis>(cursor, 7, number),
          cursor.integer(8) != 0,
          cursor.integer(9),
          cursor.integer(10)};
}

template <class Parameter>
std::optional<Site> find_by(Connection& connection, std::string_view column,
                            const Parameter& parameter) {
  const std::string sql =
      "SELECT " + std::string(site_columns) + " FROM site WHERE " + std::string(column) + "=?1";
  Cursor cursor = connection.query(sql, parameter);
  if (!cursor.next()) return std::nullopt;
  return read_site(cursor);
}

}  // namespace

std::string_view to_text(SiteStatus status) {
  return status_names[static_cast<std::size_t>(status)];
}

std::optional<Site> find_site(Connection& connection, const SiteId& id) {
  return find_by(connection, "id", id);
}

std::optional<Site> find_site_by_number(Connection& connection, std::int64_t number) {
  return find_by(connection, "row", number);
}

std::vector<Site> list_sites(Connection& connection) {
  std::vector<Site> sites;
  Cursor cursor =
      connection.query("SELECT " + std::string(site_columns) + " FROM site ORDER BY row");
  while (cursor.next()) sites.push_back(read_site(cursor));
  return sites;
}

std::vector<Site> find_sites_by_text(Connection& connection, std::string_view text) {
  std::vector<Site> found;
  for (Site& site : list_sites(connection))
    if (site.name == text || (text.size() >= 4 && to_string(site.id).starts_with(text)))
      found.push_back(std::move(site));
  return found;
}

Result<Site> make_site(Connection& connection, RecordWriter& writer, const SiteId& id,
                       FieldValues values, const Author& author) {
  SKERRY_TRY_VOID(writer.make(site_kind(), RecordId{id.bytes}, std::move(values), author));
  return find_site(connection, id).value();
}

Result<void> change_site(Connection& connection, RecordWriter& writer, const Site& site,
                         const Author& author) {
  const auto record = find_record(connection, site_kind(), site.record_id());
  SKERRY_CHECK(record.has_value());
  FieldValues changed;
  const auto set = [&](std::string_view name, json::value value) {
    const auto field = static_cast<std::size_t>(site_kind().find_field(name));
    if (record->values[field] != value) changed.push_back({field, std::move(value)});
  };
  const auto key = [](const std::string& text) {
    return text.empty() ? json::value() : json::value(text);
  };
  set("status", json::string(to_text(site.status)));
  set("sign_key", key(site.sign_key));
  set("age_recipient", key(site.age_recipient));
  if (changed.empty()) return {};
  SKERRY_TRY_VOID(writer.set(*record, changed, author));
  return {};
}

void note_site(Connection& connection, const Site& site) {
  const auto epoch = site.epoch ? std::optional(to_string(*site.epoch)) : std::nullopt;
  connection.execute(
      "UPDATE site SET epoch=?2,invited_at=?3,admitted_at=?4,contact_at=?5,app_version=?6,"
      "schema=?7,clock_suspect=?8,code_hash=?9,confirmed_ord=?10,confirmed=?11,confirmed_hash=?12,"
      "expected=?13 WHERE row=?1",
      site.number, epoch, site.invited_at, site.admitted_at, site.contact_at,
      site.app_version.empty() ? std::nullopt : std::optional(site.app_version),
      site.schema == 0 ? std::nullopt : std::optional(site.schema), site.clock_suspect,
      site.code_hash, site.down.at.ord, site.down.at.n, site.down.hash, site.expected);
}

void note_comparison(Connection& connection, const Site& site) {
  const Comparison& made = site.comparison;
  connection.execute("UPDATE site SET digest_at=?2,compared=?3,differs=?4,repair=?5 WHERE row=?1",
                     site.number, made.digest_at, made.at, made.differs, made.repair);
}

std::optional<SiteEpoch> find_epoch(Connection& connection, const EpochId& epoch) {
  static const std::string sql =
      "SELECT " + std::string(epoch_columns) + " FROM site_epoch WHERE epoch=?1";
  Cursor cursor = connection.query(sql, epoch);
  if (!cursor.next()) return std::nullopt;
  return read_epoch(cursor);
}

std::vector<SiteEpoch> list_epochs(Connection& connection, const Site& site, std::size_t limit) {
  std::vector<SiteEpoch> epochs;
  static const std::string sql = "SELECT " + std::string(epoch_columns) +
                                 " FROM site_epoch WHERE site=?1 ORDER BY number DESC LIMIT ?2";
  Cursor cursor = connection.query(sql, site.number, static_cast<std::int64_t>(limit));
  while (cursor.next()) epochs.push_back(read_epoch(cursor));
  return epochs;
}

SiteEpoch insert_epoch(Connection& connection, const Site& site, const EpochId& epoch) {
  const Hash zero{};
  connection.execute(
      "INSERT INTO site_epoch(site,epoch,head,head_hash,durable) VALUES(?1,?2,0,?3,0)", site.number,
      epoch, zero);
  SiteEpoch inserted;
  inserted.number = connection.last_insert_rowid();
  inserted.epoch = epoch;
  inserted.site = site.number;
  return inserted;
}

void update_epoch(Connection& connection, const SiteEpoch& epoch) {
  connection.execute(
      "UPDATE site_epoch SET head=?2,head_hash=?3,durable=?4,fenced=?5,fork_at=?6,copy_at=?7,"
      "behind=?8,began_n=?9 WHERE number=?1",
      epoch.number, epoch.head, epoch.head_hash, epoch.durable, epoch.fenced, epoch.fork_at,
      epoch.copy_at, epoch.behind, epoch.began_n);
}

std::optional<Ingested> find_ingested(Connection& connection, std::int64_t epoch,
                                      std::int64_t seq) {
  Cursor cursor = connection.query(
      "SELECT hash,n,disposition FROM ingest WHERE epoch=?1 AND seq=?2", epoch, seq);
  if (!cursor.next()) return std::nullopt;
  const auto disposition = parse_disposition(cursor.text(2));
  SKERRY_CHECK(disposition.has_value());
  return Ingested{cursor.hash(0), cursor.integer(1), *disposition};
}

void insert_ingested(Connection& connection, std::int64_t epoch, std::int64_t seq,
                     const Ingested& row, std::string_view detail) {
  const bool tell = row.disposition != Disposition::applied;
  connection.execute(
      "INSERT INTO ingest(epoch,seq,hash,n,disposition,detail,told_n,uid) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
      epoch, seq, row.hash, row.n, to_text(row.disposition), detail,
      tell ? std::optional(row.n) : std::nullopt, row.uid);
}

void update_disposition(Connection& connection, std::int64_t epoch, std::int64_t seq,
                        Disposition disposition, std::string_view detail, std::int64_t n) {
  connection.execute(
      "UPDATE ingest SET disposition=?3,detail=?4,told_n=?5 WHERE epoch=?1 AND seq=?2", epoch, seq,
      to_text(disposition), detail, n);
}

std::pair<std::int64_t, Hash> last_decided(Connection& connection, std::int64_t epoch,
                                           std::int64_t n) {
  Cursor cursor = connection.query(
      "SELECT seq,hash FROM ingest WHERE epoch=?1 AND n<=?2 ORDER BY seq DESC LIMIT 1", epoch, n);
  if (!cursor.next()) return {0, Hash{}};
  return {cursor.integer(0), cursor.hash(1)};
}

std::optional<Hash> hash_at(Connection& connection, std::int64_t n) {
  Cursor cursor = connection.query("SELECT hash FROM change_log WHERE n=?1", n);
  if (!cursor.next()) return std::nullopt;
  return cursor.hash(0);
}

std::optional<std::string> line_at(Connection& connection, std::int64_t n) {
  Cursor cursor = connection.query("SELECT line FROM change_log WHERE n=?1", n);
  if (!cursor.next()) return std::nullopt;
  return std::string(cursor.text(0));
}

void add_waypoint(Connection& connection, const Site& site, std::int64_t n, const Hash& hash,
                  std::int64_t fields_from) {
  connection.execute(
      "INSERT INTO waypoint(site,n,hash,fields_from) VALUES(?1,?2,?3,?4) ON CONFLICT(site,n) "
      "DO UPDATE SET fields_from=min(fields_from,excluded.fields_from)",
      site.number, n, hash, fields_from);
}

std::int64_t fields_from_of(Connection& connection, const Site& site, std::int64_t n) {
  Cursor cursor =
      connection.query("SELECT fields_from FROM waypoint WHERE site=?1 AND n=?2", site.number, n);
  return cursor.next() ? cursor.integer(0) : n;
}

std::vector<std::pair<std::int64_t, Hash>> waypoints_from(Connection& connection, const Site& site,
                                                          std::int64_t from_n) {
  std::vector<std::pair<std::int64_t, Hash>> waypoints;
  Cursor cursor = connection.query(
      "SELECT n,hash FROM waypoint WHERE site=?1 AND n>=?2 ORDER BY n DESC LIMIT ?3", site.number,
      from_n, waypoints_max);
  while (cursor.next()) waypoints.emplace_back(cursor.integer(0), cursor.hash(1));
  return {waypoints.rbegin(), waypoints.rend()};
}

}  // namespace skerry::store
