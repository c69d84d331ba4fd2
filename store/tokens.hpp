// Access tokens at rest: the SHA-256 of each, never the token itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

struct Token {
  RecordId id;
  Hash hash{};
  std::string name;
  std::vector<std::string> access;  // "read", "write", "admin"
  std::vector<RecordId> customers;  // whose records it is for; empty: everybody's
  UnixMillis created_at = 0;
  std::optional<UnixMillis> expires_at;
  std::optional<UnixMillis> last_used_at;
  std::optional<UnixMillis> revoked_at;
};

inline constexpr std::size_t token_name_characters_max = 100;

// Errc::duplicate_key when a token that is not revoked has the name.
Result<void> insert_token(Connection& connection, const Token& token);
std::optional<Token> find_token(Connection& connection, const RecordId& id);
std::optional<Token> find_token_by_hash(Connection& connection, const Hash& hash);
// In the order of creation, the revoked ones too.
std::vector<Token> list_tokens(Connection& connection);
// Errc::not_found. Revoking twice keeps the first time.
Result<Token> revoke_token(Connection& connection, const RecordId& id, UnixMillis now);
void note_token_use(Connection& connection, const RecordId& id, UnixMillis now);

}  // namespace skerry::store
