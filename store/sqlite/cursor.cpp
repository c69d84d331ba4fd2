#include <cstring>
#include <sqlite3.h>

#include "core/check.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace skerry::store {
namespace {

void check_bound(sqlite3_stmt* statement, int code) {
  if (code == SQLITE_OK) return;
  throw_sqlite_error(sqlite3_db_handle(statement), code, sqlite3_sql(statement));
}

}  // namespace

Cursor::~Cursor() {
  if (cached_ == nullptr) return;
  sqlite3_reset(statement_);  // repeats the error of next(), which has been reported
  sqlite3_clear_bindings(statement_);
  cached_->in_use = false;
}

void Cursor::bind(int parameter, std::nullptr_t) {
  check_bound(statement_, sqlite3_bind_null(statement_, parameter));
}

void Cursor::bind(int parameter, std::int64_t value) {
  check_bound(statement_, sqlite3_bind_int64(statement_, parameter, value));
}

void Cursor::bind(int parameter, std::string_view text) {
  // A null pointer would bind NULL instead of the empty text.
  const char* data = text.data() != nullptr ? text.data() : "";
  check_bound(statement_, sqlite3_bind_text64(statement_, parameter, data, text.size(),
                                              SQLITE_STATIC, SQLITE_UTF8));
}

void Cursor::bind(int parameter, ByteView blob) {
  const void* data = blob.data() != nullptr ? static_cast<const void*>(blob.data()) : "";
  check_bound(statement_,
              sqlite3_bind_blob64(statement_, parameter, data, blob.size(), SQLITE_STATIC));
}

void Cursor::bind_copy(int parameter, ByteView blob) {
  check_bound(statement_, sqlite3_bind_blob64(statement_, parameter, blob.data(), blob.size(),
                                              SQLITE_TRANSIENT));
}

bool Cursor::next() {
  SKERRY_CHECK(cached_ != nullptr);
  if (ended_) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  ended_ = true;
  if (code == SQLITE_DONE) return false;
  throw_sqlite_error(sqlite3_db_handle(statement_), code, sqlite3_sql(statement_));
}

bool Cursor::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Cursor::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Cursor::text(int column) const {
  // In this order: column_text may convert, and column_bytes then tells the converted length.
  const unsigned char* data = sqlite3_column_text(statement_, column);
  const auto length = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::string_view() : as_text({data, length});
}

ByteView Cursor::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const auto length = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return {static_cast<const std::uint8_t*>(data), data == nullptr ? 0 : length};
}

Hash Cursor::hash(int column) const {
  Hash hash{};
  const ByteView bytes = blob(column);
  if (bytes.size() == hash.size()) std::memcpy(hash.data(), bytes.data(), hash.size());
  return hash;
}

}  // namespace skerry::store
