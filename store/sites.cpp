#include "store/sites.hpp"

#include <array>

#include "core/check.hpp"

namespace skerry::store {
namespace {

constexpr std::string_view site_columns =
    "number,id,name,status,scope,code_hash,sign_key,age_recipient,epoch,invited_at,admitted_at,"
    "contact_at,clock_suspect,down_ord,down_n,down_hash";
constexpr std::array<std::string_view, 3> status_names{"invited", "active", "revoked"};

template <class T, class Read>
std::optional<T> nullable(const Cursor& cursor, int column, Read read) {
  if (cursor.is_null(column)) return std::nullopt;
  return read(column);
}

SiteStatus parse_status(std::string_view text) {
  for (std::size_t i = 0; i < status_names.size(); ++i)
    if (status_names[i] == text) return static_cast<SiteStatus>(i);
  throw StorageError(Errc::io_failed, "a site has an unknown status");
}

Site read_site(const Cursor& cursor) {
  const auto time = [&](int column) { return cursor.integer(column); };
  Site site;
  site.number = cursor.integer(0);
  site.id = cursor.id<SiteId>(1);
  site.name = cursor.text(2);
  site.status = parse_status(cursor.text(3));
  site.sees_all = cursor.text(4) == "all";
  site.code_hash = nullable<Hash>(cursor, 5, [&](int column) { return cursor.hash(column); });
  site.sign_key = cursor.text(6);
  site.age_recipient = cursor.text(7);
  site.epoch = nullable<EpochId>(cursor, 8, [&](int column) { return cursor.id<EpochId>(column); });
  site.invited_at = cursor.integer(9);
  site.admitted_at = nullable<UnixMillis>(cursor, 10, time);
  site.contact_at = nullable<UnixMillis>(cursor, 11, time);
  site.clock_suspect = cursor.integer(12) != 0;
  site.down = {{cursor.integer(13), cursor.integer(14)}, cursor.hash(15)};
  return site;
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
  return find_by(connection, "number", number);
}

std::vector<Site> list_sites(Connection& connection) {
  std::vector<Site> sites;
  Cursor cursor =
      connection.query("SELECT " + std::string(site_columns) + " FROM site ORDER BY number");
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

void insert_site(Connection& connection, Site& site, const std::vector<RecordId>& scope) {
  connection.execute(
      "INSERT INTO site(id,name,status,scope,code_hash,invited_at,clock_suspect,down_ord,down_n,"
      "down_hash) VALUES(?1,?2,?3,?4,?5,?6,0,0,0,?7)",
      site.id, site.name, to_text(site.status), site.sees_all ? "all" : "set", site.code_hash,
      site.invited_at, site.down.hash);
  site.number = connection.last_insert_rowid();
  for (const RecordId& customer : scope) add_to_scope(connection, site, customer);
}

void update_site(Connection& connection, const Site& site) {
  connection.execute(
      "UPDATE site SET name=?2,status=?3,code_hash=?4,sign_key=?5,age_recipient=?6,epoch=?7,"
      "admitted_at=?8,contact_at=?9,clock_suspect=?10,down_ord=?11,down_n=?12,down_hash=?13,"
      "invited_at=?14 "
      "WHERE number=?1",
      site.number, site.name, to_text(site.status), site.code_hash, site.sign_key,
      site.age_recipient, site.epoch, site.admitted_at, site.contact_at, site.clock_suspect,
      site.down.at.ord, site.down.at.n, site.down.hash, site.invited_at);
}

std::vector<RecordId> read_scope(Connection& connection, const Site& site) {
  std::vector<RecordId> customers;
  Cursor cursor = connection.query(
      "SELECT customer FROM site_scope WHERE site=?1 ORDER BY customer", site.number);
  while (cursor.next()) customers.push_back(cursor.id<RecordId>(0));
  return customers;
}

bool in_scope(Connection& connection, const Site& site, const RecordId& customer) {
  if (site.sees_all) return true;
  return connection
      .query("SELECT 1 FROM site_scope WHERE site=?1 AND customer=?2", site.number, customer)
      .next();
}

bool in_scope(Connection& connection, const Site& site, const Kind& kind, const Scope& scope) {
  if (kind.scope == ScopePath::nowhere) return false;
  if (kind.scope == ScopePath::everywhere || in_scope(connection, site, scope.customer))
    return true;
  return !scope.place.is_zero() && in_scope(connection, site, scope.place);
}

void add_to_scope(Connection& connection, const Site& site, const RecordId& customer) {
  connection.execute(
      "INSERT INTO site_scope(site,customer) VALUES(?1,?2) ON CONFLICT(site,customer) DO NOTHING",
      site.number, customer);
}

std::optional<SiteEpoch> find_epoch(Connection& connection, const EpochId& epoch) {
  Cursor cursor = connection.query(
      "SELECT number,head,head_hash,durable FROM site_epoch WHERE epoch=?1", epoch);
  if (!cursor.next()) return std::nullopt;
  return SiteEpoch{cursor.integer(0), epoch, cursor.integer(1), cursor.hash(2), cursor.integer(3)};
}

SiteEpoch insert_epoch(Connection& connection, const Site& site, const EpochId& epoch) {
  const Hash zero{};
  connection.execute(
      "INSERT INTO site_epoch(site,epoch,head,head_hash,durable) VALUES(?1,?2,0,?3,0)", site.number,
      epoch, zero);
  return SiteEpoch{connection.last_insert_rowid(), epoch, 0, zero, 0};
}

void update_epoch(Connection& connection, const SiteEpoch& epoch) {
  connection.execute("UPDATE site_epoch SET head=?2,head_hash=?3,durable=?4 WHERE number=?1",
                     epoch.number, epoch.head, epoch.head_hash, epoch.durable);
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
      "INSERT INTO ingest(epoch,seq,hash,n,disposition,detail,told_n) VALUES(?1,?2,?3,?4,?5,?6,?7)",
      epoch, seq, row.hash, row.n, to_text(row.disposition), detail,
      tell ? std::optional(row.n) : std::nullopt);
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
