#include "store/accounts.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "store/identity.hpp"

namespace skerry::store {
namespace {

constexpr std::string_view claimed = "claimed";  // in the table meta

constexpr std::string_view columns =
    "id,revision,name,role,customers,created_at,expires_at,disabled_at,signed_in_at,password,"
    "password_at,code_hash,code_until";

std::optional<UnixMillis> time_of(const Cursor& cursor, int column) {
  if (cursor.is_null(column)) return std::nullopt;
  return cursor.integer(column);
}

Account read_account(const Cursor& cursor) {
  Account account;
  account.id = cursor.id<RecordId>(0);
  account.revision = cursor.integer(1);
  account.name = cursor.text(2);
  account.role = cursor.text(3);
  account.customers = split_ids(cursor.text(4));
  account.created_at = cursor.integer(5);
  account.expires_at = time_of(cursor, 6);
  account.disabled_at = time_of(cursor, 7);
  account.signed_in_at = time_of(cursor, 8);
  if (!cursor.is_null(9)) account.password = cursor.text(9);
  account.password_at = time_of(cursor, 10);
  if (!cursor.is_null(11)) account.code_hash = cursor.hash(11);
  account.code_until = time_of(cursor, 12);
  return account;
}

template <class Key>
std::optional<Account> find_by(Connection& connection, std::string_view column, const Key& key) {
  const std::string sql = fmt::format("SELECT {} FROM account WHERE {}=?1", columns, column);
  Cursor cursor = connection.query(sql, key);
  if (!cursor.next()) return std::nullopt;
  return read_account(cursor);
}

}  // namespace

std::string_view account_name_complaint(std::string_view name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto may_stand = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') ||
           std::string_view(".-_@").find(c) != std::string_view::npos;
  };
  if (!name.empty() && name.size() <= account_name_bytes_max && is_letter(name.front()) &&
      std::ranges::all_of(name, may_stand))
    return {};
  return "must be 1 to 64 of a-z, 0-9, '.', '-', '_' and '@', and begin with a letter";
}

Result<void> insert_account(Connection& connection, const Account& account) {
  if (find_account_by_name(connection, account.name)) {
    const std::string detail = fmt::format("the name {} is taken by another user", account.name);
    return fail(Error(Errc::duplicate_key, detail, "choose another name",
                      {{"/name", "duplicate_key", detail}}));
  }
  connection.execute(
      "INSERT INTO account(id,revision,name,role,customers,created_at,expires_at,code_hash,"
      "code_until) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
      account.id, account.revision, account.name, account.role, join_ids(account.customers),
      account.created_at, account.expires_at, account.code_hash, account.code_until);
  return {};
}

std::optional<Account> find_account(Connection& connection, const RecordId& id) {
  return find_by(connection, "id", id);
}

std::optional<Account> find_account_by_name(Connection& connection, std::string_view name) {
  return find_by(connection, "name", name);
}

std::optional<Account> find_account_by_code(Connection& connection, const Hash& code) {
  return find_by(connection, "code_hash", code);
}

std::vector<Account> list_accounts(Connection& connection) {
  std::vector<Account> accounts;
  const std::string sql = fmt::format("SELECT {} FROM account ORDER BY name", columns);
  Cursor cursor = connection.query(sql);
  while (cursor.next()) accounts.push_back(read_account(cursor));
  return accounts;
}

void update_account(Connection& connection, Account& account) {
  ++account.revision;
  connection.execute(
      "UPDATE account SET revision=?2,role=?3,customers=?4,expires_at=?5,disabled_at=?6,"
      "password=?7,password_at=?8,code_hash=?9,code_until=?10 WHERE id=?1",
      account.id, account.revision, account.role, join_ids(account.customers), account.expires_at,
      account.disabled_at, account.password, account.password_at, account.code_hash,
      account.code_until);
  if (account.role == "admin" && account.password) write_meta(connection, claimed, "1");
}

void note_sign_in(Connection& connection, const RecordId& id, UnixMillis now) {
  connection.execute("UPDATE account SET signed_in_at=?2 WHERE id=?1", id, now);
}

bool is_claimed(Connection& connection) { return read_meta(connection, claimed).has_value(); }

std::string join_ids(const std::vector<RecordId>& ids) {
  std::string text;
  for (const RecordId& id : ids) text.append(text.empty() ? "" : " ").append(to_string(id));
  return text;
}

std::vector<RecordId> split_ids(std::string_view text) {
  std::vector<RecordId> ids;
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    if (const auto id = parse_id<RecordId>(text.substr(0, blank))) ids.push_back(*id);
    text = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
  }
  return ids;
}

}  // namespace skerry::store
