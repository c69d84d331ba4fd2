#include "store/tokens.hpp"

#include <fmt/format.h>

#include "store/accounts.hpp"

namespace skerry::store {
namespace {

constexpr std::string_view columns =
    "id,hash,name,access,customers,created_at,expires_at,last_used_at,revoked_at";

std::optional<UnixMillis> time_of(const Cursor& cursor, int column) {
  if (cursor.is_null(column)) return std::nullopt;
  return cursor.integer(column);
}

// "read write": names of access without blanks.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    words.emplace_back(text.substr(0, blank));
    text = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
  }
  return words;
}

Token read_token(const Cursor& cursor) {
  Token token;
  token.id = cursor.id<RecordId>(0);
  token.hash = cursor.hash(1);
  token.name = cursor.text(2);
  token.access = split(cursor.text(3));
  token.customers = split_ids(cursor.text(4));
  token.created_at = cursor.integer(5);
  token.expires_at = time_of(cursor, 6);
  token.last_used_at = time_of(cursor, 7);
  token.revoked_at = time_of(cursor, 8);
  return token;
}

}  // namespace

Result<void> insert_token(Connection& connection, const Token& token) {
  {
    Cursor taken =
        connection.query("SELECT 1 FROM token WHERE name=?1 AND revoked_at IS NULL", token.name);
    if (taken.next()) {
      const std::string detail = fmt::format("the name {} is taken by another token", token.name);
      return fail(Error(Errc::duplicate_key, detail, "choose another name, or revoke that token",
                        {{"/name", "duplicate_key", detail}}));
    }
  }
  const std::string access = fmt::format("{}", fmt::join(token.access, " "));
  connection.execute(
      "INSERT INTO token(id,hash,name,access,customers,created_at,expires_at) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7)",
      token.id, token.hash, token.name, access, join_ids(token.customers), token.created_at,
      token.expires_at);
  return {};
}

std::optional<Token> find_token(Connection& connection, const RecordId& id) {
  const std::string sql = fmt::format("SELECT {} FROM token WHERE id=?1", columns);
  Cursor cursor = connection.query(sql, id);
  if (!cursor.next()) return std::nullopt;
  return read_token(cursor);
}

std::optional<Token> find_token_by_hash(Connection& connection, const Hash& hash) {
  const std::string sql = fmt::format("SELECT {} FROM token WHERE hash=?1", columns);
  Cursor cursor = connection.query(sql, hash);
  if (!cursor.next()) return std::nullopt;
  return read_token(cursor);
}

std::vector<Token> list_tokens(Connection& connection) {
  std::vector<Token> tokens;
  const std::string sql = fmt::format("SELECT {} FROM token ORDER BY id", columns);
  Cursor cursor = connection.query(sql);
  while (cursor.next()) tokens.push_back(read_token(cursor));
  return tokens;
}

Result<Token> revoke_token(Connection& connection, const RecordId& id, UnixMillis now) {
  connection.execute("UPDATE token SET revoked_at=?2 WHERE id=?1 AND revoked_at IS NULL", id, now);
  auto token = find_token(connection, id);
  if (!token)
    return fail(Errc::not_found, fmt::format("no token has the id {}", to_string(id)),
                "skerry token list");
  return std::move(*token);
}

void note_token_use(Connection& connection, const RecordId& id, UnixMillis now) {
  connection.execute("UPDATE token SET last_used_at=?2 WHERE id=?1", id, now);
}

}  // namespace skerry::store
