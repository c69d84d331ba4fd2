#include "licensing/relay_licences.hpp"

#include <fmt/format.h>
#include <utility>

namespace skerry::licensing {
namespace {

using store::Connection;
using store::Cursor;

RelayLicence read_row(Cursor& rows) {
  RelayLicence licence;
  licence.id = rows.id<RecordId>(0);
  licence.licence = rows.text(1);
  licence.pool = rows.text(2);
  licence.file = rows.text(3);
  licence.key = rows.text(4);
  licence.seats = rows.integer(5);
  if (!rows.is_null(6)) licence.expires_at = rows.integer(6);
  licence.added_at = rows.integer(7);
  return licence;
}

std::optional<RelayLicence> first_of(Cursor rows) {
  if (!rows.next()) return std::nullopt;
  return read_row(rows);
}

}  // namespace

Result<void> insert_relay_licence(Connection& connection, const RelayLicence& licence) {
  if (connection.query("SELECT 1 FROM relay_licence WHERE licence=?1", licence.licence).next())
    return fail(Errc::already_exists, fmt::format("licence {} is here already", licence.licence),
                "remove it first, to put it into another pool or renew it");
  connection.execute(
      "INSERT INTO relay_licence(id,licence,pool,file,key,seats,expires_at,added_at) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
      licence.id, licence.licence, licence.pool, licence.file, licence.key, licence.seats,
      licence.expires_at, licence.added_at);
  return {};
}

std::optional<RelayLicence> find_relay_licence(Connection& connection, const RecordId& id) {
  return first_of(
      connection.query("SELECT id,licence,pool,file,key,seats,expires_at,added_at "
                       "FROM relay_licence WHERE id=?1",
                       id));
}

std::optional<RelayLicence> remove_relay_licence(Connection& connection, std::string_view licence) {
  auto found =
      first_of(connection.query("SELECT id,licence,pool,file,key,seats,expires_at,added_at "
                                "FROM relay_licence WHERE licence=?1",
                                licence));
  connection.execute("DELETE FROM relay_licence WHERE licence=?1", licence);
  return found;
}

std::vector<RelayLicence> list_relay_licences(Connection& connection,
                                              const std::optional<std::string>& pool) {
  std::vector<RelayLicence> all;
  Cursor rows = connection.query(
      "SELECT id,licence,pool,file,key,seats,expires_at,added_at FROM relay_licence "
      "WHERE ?1 IS NULL OR pool=?1 ORDER BY number",
      pool);
  while (rows.next()) all.push_back(read_row(rows));
  return all;
}

RelayShelf::Licences RelayShelf::pool(const std::string& name) const {
  const MutexLock lock(mutex_);
  const auto found = pools_.find(name);
  if (found != pools_.end()) return found->second;
  return name.empty() ? std::make_shared<const std::vector<RecordId>>() : nullptr;
}

std::vector<RecordId> RelayShelf::all() const {
  const MutexLock lock(mutex_);
  std::vector<RecordId> ids;
  for (const auto& [name, licences] : pools_)
    ids.insert(ids.end(), licences->begin(), licences->end());
  return ids;
}

// A pool that was filled once in this run stays known when its last licence goes: it is empty, and
// not unknown.
void RelayShelf::load(store::Database& database) {
  const MutexLock lock(mutex_);
  const store::Reader reader = database.read();
  std::map<std::string, std::vector<RecordId>> read;
  Cursor rows = reader->query("SELECT pool,id FROM relay_licence ORDER BY number");
  while (rows.next()) read[std::string(rows.text(0))].push_back(rows.id<RecordId>(1));
  for (auto& [name, licences] : pools_) licences = std::make_shared<const std::vector<RecordId>>();
  for (auto& [name, licences] : read)
    pools_[name] = std::make_shared<const std::vector<RecordId>>(std::move(licences));
}

std::vector<Allowance> RelayAllowances::by_code(Connection& connection, const Hash& digest,
                                                UnixMillis now) {
  return catalogue_.by_code(connection, digest, now);
}

std::vector<Allowance> RelayAllowances::by_customers(Connection& connection,
                                                     std::span<const RecordId> customers,
                                                     UnixMillis now) {
  return catalogue_.by_customers(connection, customers, now);
}

std::optional<Allowance> RelayAllowances::by_id(Connection& connection, const RecordId& entitlement,
                                                UnixMillis now) {
  if (auto known = catalogue_.by_id(connection, entitlement, now)) return known;
  const auto licence = find_relay_licence(connection, entitlement);
  if (!licence) return std::nullopt;
  Allowance allowance;
  allowance.entitlement = entitlement;
  allowance.product_sku = relay_product;
  allowance.edition = licence->pool;
  allowance.status = Status::active;
  allowance.seats = {licence->seats};
  allowance.concurrency = lease_.heartbeats ? Concurrency::concurrent : Concurrency::node_lock;
  allowance.lease_seconds = lease_.ttl_seconds;
  allowance.starts_at = licence->added_at;
  allowance.expires_at = licence->expires_at;
  return allowance;
}

}  // namespace skerry::licensing
