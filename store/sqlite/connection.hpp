// One SQLite connection and its statements. Errors of SQLite are broken surroundings: they throw
// StorageError, which the nets catch (docs/design: "three kinds of error"). Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/bytes.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace skerry::store {

struct Deferred;

class StorageError : public std::runtime_error {
 public:
  // What failed: SQLite or its disk, or what SQLite was given to read.
  enum class Of { surroundings, contents };
  // `code` tells a full disk (Errc::storage_full) and what is damaged (Errc::database_damaged) from
  // any other failure (Errc::io_failed).
  StorageError(Errc code, const std::string& what, std::string next = {}, Of of = Of::surroundings)
      : std::runtime_error(what), code_(code), next_(std::move(next)), of_(of) {}
  Errc code() const { return code_; }
  // Another try would end alike.
  bool is_of_contents() const { return of_ == Of::contents; }
  // For whoever asked for the work: of a full disk in words of our own, with the remedy.
  Error as_error() const;

 private:
  Errc code_;
  std::string next_;
  Of of_;
};

// Called when the operating system reports that an fsync failed. Linux may then have dropped the
// pages and reports it once only, so nothing written since the last good fsync can be acknowledged:
// the process ends (it aborts when the hook returns), and the next start makes a full checkpoint
// succeed before its first write. The default hook prints `what` to stderr.
using FsyncFailureHook = void (*)(const char* what) noexcept;
void set_fsync_failure_hook(FsyncFailureHook hook) noexcept;

// A prepared statement in a connection's cache.
struct CachedStatement {
  sqlite3_stmt* statement = nullptr;
  bool in_use = false;  // some Cursor holds it
};

namespace detail {
// Whether an argument carries the bytes itself, so that a temporary would be gone before next().
template <class T>
struct OwnsBytes : std::false_type {};
template <>
struct OwnsBytes<std::string> : std::true_type {};
template <>
struct OwnsBytes<Bytes> : std::true_type {};
template <std::size_t n>
struct OwnsBytes<std::array<std::uint8_t, n>> : std::true_type {};
template <class Tag>
struct OwnsBytes<Id<Tag>> : std::true_type {};
template <class T>
struct OwnsBytes<std::optional<T>> : OwnsBytes<T> {};
}  // namespace detail

// A running statement. Resets in its destructor, so that no statement left half read pins the
// connection's snapshot and blocks checkpoints. Columns are numbered from 0, parameters from 1.
// Text and blobs that it returns live until the next next() or the end of the cursor; text and
// blobs bound to it must live until the statement has run.
class Cursor {
 public:
  explicit Cursor(CachedStatement& cached) : cached_(&cached), statement_(cached.statement) {}
  Cursor(Cursor&& other) noexcept
      : cached_(std::exchange(other.cached_, nullptr)),
        statement_(other.statement_),
        ended_(other.ended_) {}
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
  // For bytes that are gone before the statement runs: SQLite keeps a copy.
  void bind_copy(int parameter, ByteView blob);
  template <class T>
  void bind(int parameter, const std::optional<T>& value) {
    if (value)
      bind(parameter, *value);
    else
      bind(parameter, nullptr);
  }

  // Steps to the next row; false at the end, and from then on (SQLite itself would start anew).
  bool next();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;   // 0 for null
  std::string_view text(int column) const;  // empty for null
  ByteView blob(int column) const;
  template <class IdType>
  IdType id(int column) const {
    const auto id = id_from_bytes<IdType>(blob(column));
    return id ? *id : IdType{};
  }
  Hash hash(int column) const;  // all zero unless the column holds 32 bytes

 private:
  CachedStatement* cached_;  // null when moved from
  sqlite3_stmt* statement_;
  bool ended_ = false;
};

// Of the SQLite this program runs with: "3.40.1".
std::string_view sqlite_version() noexcept;

class Connection {
 public:
  // immutable: a file that nobody writes while it is open, read without locks and without a log or
  // shared memory beside it.
  enum class Mode { read_write, read_only, immutable };

  // A foreign program (an administrator's sqlite3) may hold a lock for a moment.
  static constexpr int busy_timeout_ms = 2000;

  // Opens `file` with our pragmas: WAL, synchronous=FULL, foreign keys off (the sync layer
  // decides), trusted_schema off, defensive, no automatic checkpoints. read_write creates the file
  // (0600). `durable` false: synchronous=OFF, for tests (DatabaseOptions).
  static std::unique_ptr<Connection> open(const std::filesystem::path& file, Mode mode,
                                          bool durable = true);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // A cursor over the statement `sql`, which is prepared once and cached by its text. A statement
  // that is in use is prepared a second time, so queries nest. Of more than cached_texts_max texts
  // the least recently used one is forgotten.
  static constexpr std::size_t cached_texts_max = 256;
  Cursor statement(std::string_view sql);
  // How many cursors statement() has given, and the texts in its cache: what tests hold to bounds.
  std::uint64_t statements_run() const { return uses_; }
  std::vector<std::string> cached_texts() const;

  // Binds in order and runs to the end; returns the number of rows changed.
  template <class... Args>
  std::int64_t execute(std::string_view sql, const Args&... args) {
    Cursor cursor = bound(sql, args...);
    while (cursor.next()) {
    }
    return changes();
  }
  // Binds in order; the caller steps. Text, ids and hashes are lent, so a temporary one does not
  // compile: name it first.
  template <class... Args>
  Cursor query(std::string_view sql, Args&&... args) {
    static_assert((!(detail::OwnsBytes<std::remove_cvref_t<Args>>::value &&
                     std::is_rvalue_reference_v<Args&&>)&&...),
                  "a temporary bound here is destroyed before the statement runs");
    return bound(sql, args...);
  }

  // Several statements without parameters. An error names the script by `name`, which the script
  // itself is unless it is a long one: a migration.
  void execute_script(const std::string& script, std::string_view name = {});
  std::int64_t changes() const;
  std::int64_t last_insert_rowid() const;
  // True while some statement has stepped and has not been reset: it would pin the snapshot.
  bool any_statement_busy() const;
  // True between BEGIN and COMMIT or ROLLBACK. SQLite ends a transaction by itself after some
  // errors.
  bool in_transaction() const;

  // Only for the files of store/sqlite.
  sqlite3* handle() const { return handle_; }
  Deferred& deferred() { return *deferred_; }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct CachedText {
    std::vector<std::unique_ptr<CachedStatement>> statements;  // more than one when queries nest
    std::uint64_t last_used = 0;
  };

  explicit Connection(sqlite3* handle);
  template <class... Args>
  Cursor bound(std::string_view sql, const Args&... args) {
    Cursor cursor = statement(sql);
    int parameter = 0;
    (cursor.bind(++parameter, args), ...);
    return cursor;
  }
  void apply_pragmas(Mode mode, bool durable);
  sqlite3_stmt* prepare(std::string_view sql);
  void forget_least_recent();

  sqlite3* handle_;
  std::unique_ptr<Deferred> deferred_;
  std::uint64_t uses_ = 0;
  std::unordered_map<std::string, CachedText, TextHash, std::equal_to<>> statements_;
};

}  // namespace skerry::store
