// One SQLite connection and its statements. Errors of SQLite are broken surroundings: they throw
// StorageError, which the nets catch (docs/design: "three kinds of error"). Not thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/bytes.hpp"
#include "core/ids.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace skerry::store {

class StorageError : public std::runtime_error {
 public:
  // `code` tells a full disk (Errc::storage_full) from any other failure (Errc::io_failed).
  StorageError(Errc code, const std::string& what) : std::runtime_error(what), code_(code) {}
  Errc code() const { return code_; }

 private:
  Errc code_;
};

// A running statement. Resets in its destructor, so that no statement left half read pins the
// connection's snapshot and blocks checkpoints. Columns are numbered from 0, parameters from 1.
// Text and blobs that it returns live until the next next() or the end of the cursor; text and
// blobs bound to it must live until the statement has run.
class Cursor {
 public:
  explicit Cursor(sqlite3_stmt* statement) : statement_(statement) {}
  Cursor(Cursor&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Cursor& operator=(Cursor&&) = delete;
  ~Cursor();

  void bind(int parameter, std::nullptr_t);
  void bind(int parameter, std::int64_t value);
  void bind(int parameter, int value) { bind(parameter, std::int64_t{value}); }
  void bind(int parameter, bool value) { bind(parameter, std::int64_t{value}); }
  void bind(int parameter, std::string_view text);
  void bind(int parameter, const char* text) { bind(parameter, std::string_view(text)); }
  void bind(int parameter, ByteView blob);
  template <class Tag>
  void bind(int parameter, const Id<Tag>& id) {
    bind(parameter, id.view());
  }
  void bind(int parameter, const Hash& hash) { bind(parameter, ByteView(hash)); }
  template <class T>
  void bind(int parameter, const std::optional<T>& value) {
    if (value) bind(parameter, *value);
    else bind(parameter, nullptr);
  }

  // Steps to the next row; false at the end.
  bool next();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;  // 0 for null
  std::string_view text(int column) const;  // empty for null
  ByteView blob(int column) const;
  template <class IdType>
  IdType id(int column) const {
    const auto id = id_from_bytes<IdType>(blob(column));
    return id ? *id : IdType{};
  }
  Hash hash(int column) const;

 private:
  sqlite3_stmt* statement_;
};

class Connection {
 public:
  enum class Mode { read_write, read_only };

  // Opens `file` with our pragmas: WAL, synchronous=FULL, foreign keys off (the sync layer decides),
  // trusted_schema off, defensive. read_write creates the file.
  static std::unique_ptr<Connection> open(const std::filesystem::path& file, Mode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // A cursor over the statement `sql`, which is prepared once and cached by its text. A statement
  // that is in use is prepared a second time, so queries nest.
  Cursor statement(std::string_view sql);

  // Binds in order and runs to the end; returns the number of rows changed.
  template <class... Args>
  std::int64_t execute(std::string_view sql, const Args&... args) {
    Cursor cursor = query(sql, args...);
    while (cursor.next()) {
    }
    return changes();
  }
  // Binds in order; the caller steps.
  template <class... Args>
  Cursor query(std::string_view sql, const Args&... args) {
    Cursor cursor = statement(sql);
    int parameter = 0;
    (cursor.bind(++parameter, args), ...);
    return cursor;
  }

  // Several statements without parameters: migrations.
  void execute_script(const std::string& script);
  std::int64_t changes() const;
  std::int64_t last_insert_rowid() const;
  // True while some statement has not been reset (TOOLCHAIN: it would pin the snapshot).
  bool any_statement_busy() const;

  // Only for the files of store/sqlite.
  sqlite3* handle() const { return handle_; }

 private:
  explicit Connection(sqlite3* handle) : handle_(handle) {}
  sqlite3* handle_;
  std::unordered_map<std::string, std::vector<sqlite3_stmt*>> statements_;
};

}  // namespace skerry::store
