// The people who sign in at this machine: their role, their password's hash, the one-time code by
// which they choose one. An account belongs to the machine and never travels.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

struct Account {
  RecordId id;
  std::int64_t revision = 1;
  std::string name;                 // account_name_complaint() has none
  std::string role;                 // api/roles.hpp
  std::vector<RecordId> customers;  // whose records it is for; empty: everybody's
  UnixMillis created_at = 0;
  std::optional<UnixMillis> expires_at;
  std::optional<UnixMillis> disabled_at;
  std::optional<UnixMillis> signed_in_at;
  std::optional<std::string> password;  // as crypto::hash_password() made it; nullopt: none yet
  std::optional<UnixMillis> password_at;
  std::optional<Hash> code_hash;
  std::optional<UnixMillis> code_until;
};

inline constexpr std::size_t account_name_bytes_max = 64;

// Why `name` is none: 1 to 64 of a–z, 0–9, '.', '-', '_', '@', the first a letter. Empty when it is
// one.
std::string_view account_name_complaint(std::string_view name);

// Errc::duplicate_key when the name is taken, by a disabled account too.
Result<void> insert_account(Connection& connection, const Account& account);
std::optional<Account> find_account(Connection& connection, const RecordId& id);
std::optional<Account> find_account_by_name(Connection& connection, std::string_view name);
std::optional<Account> find_account_by_code(Connection& connection, const Hash& code);
// In the order of their names.
std::vector<Account> list_accounts(Connection& connection);
// Everything but id, name and created_at, with the next revision, which `account` has afterwards.
void update_account(Connection& connection, Account& account);
// Beside the revision: a sign-in is no change of the account.
void note_sign_in(Connection& connection, const RecordId& id, UnixMillis now);

// Whether somebody ever chose the password of an administrator here: until then the machine is
// nobody's, and afterwards it stays somebody's, whatever becomes of that account.
bool is_claimed(Connection& connection);

// Ids with blanks between them, as `customers` has them; what is no id is left out.
std::string join_ids(const std::vector<RecordId>& ids);
std::vector<RecordId> split_ids(std::string_view text);

}  // namespace skerry::store
