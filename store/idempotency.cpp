#include "store/idempotency.hpp"

namespace skerry::store {

std::optional<KeptAnswer> find_kept_answer(Connection& connection, std::string_view principal,
                                           std::string_view key, UnixMillis now) {
  Cursor cursor = connection.query(
      "SELECT body_hash,status,headers,body FROM idempotency "
      "WHERE principal=?1 AND key=?2 AND created_at>?3",
      principal, key, now - kept_answer_ms);
  if (!cursor.next()) return std::nullopt;
  return KeptAnswer{cursor.hash(0), static_cast<int>(cursor.integer(1)),
                    std::string(cursor.text(2)), std::string(cursor.text(3))};
}

void keep_answer(Connection& connection, std::string_view principal, std::string_view key,
                 const KeptAnswer& answer, UnixMillis now) {
  connection.execute(
      "INSERT INTO idempotency(key,principal,body_hash,status,headers,body,created_at) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7) ON CONFLICT(principal,key) DO UPDATE SET "
      "body_hash=excluded.body_hash,status=excluded.status,headers=excluded.headers,"
      "body=excluded.body,created_at=excluded.created_at",
      key, principal, answer.request_hash, answer.status, answer.headers, answer.body, now);
}

UnixMillis newest_kept_answer(Connection& connection) {
  Cursor cursor = connection.query("SELECT max(created_at) FROM idempotency");
  return cursor.next() && !cursor.is_null(0) ? cursor.integer(0) : 0;
}

std::int64_t purge_kept_answers(Connection& connection, UnixMillis now, std::int64_t rows_max) {
  return connection.execute(
      "DELETE FROM idempotency WHERE (principal,key) IN "
      "(SELECT principal,key FROM idempotency WHERE created_at<=?1 ORDER BY created_at LIMIT ?2)",
      now - kept_answer_ms, rows_max);
}

}  // namespace skerry::store
