#include "store/sqlite/connection.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <sqlite3.h>
#include <unistd.h>

#include "core/check.hpp"
#include "store/sqlite/deferred.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace skerry::store {
namespace {

// A page that misses these comes from the system's cache, in some microseconds. What a reader needs
// again and again, the upper pages of every index of 1,000,000 records, finds room here; more than
// a core's own cache holds makes every look-up slower. What a burst filled is let go when it is
// over (Writer::let_memory_go).
constexpr int writer_cache_kib = 8192;
constexpr int reader_cache_kib = 3072;
// The write-ahead log is cut to this length when it starts anew after a burst.
constexpr int journal_bytes_max = 16 << 20;
// Savepoints keep overwritten pages in memory up to this size, then in an unlinked file. The
// default of 64 KiB is less than one job of ordinary size touches. Less than 128 KiB: SQLite spills
// in one call of that length, and its unix layer masks lengths with 0x1ffff and takes the rest for
// a full disk (os_unix.c, seekAndWriteFd).
constexpr int savepoint_spill_bytes = 124 * 1024;
static_assert(savepoint_spill_bytes <= 0x1ffff);

void configure_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    // Without its statistics SQLite takes no global lock in each allocation. Fails harmlessly when
    // somebody has used SQLite before us.
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, savepoint_spill_bytes);
    sqlite3_initialize();
  });
}

// SQLite would create the file readable by everybody. An existing file is not touched: closing a
// second descriptor of it would drop the locks of a connection that this process has open.
void create_private_file(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor >= 0) {
    ::close(descriptor);
  } else if (errno != EEXIST) {
    throw StorageError(errno == ENOSPC ? Errc::storage_full : Errc::io_failed,
                       fmt::format("cannot create {}: {}", file.string(), std::strerror(errno)));
  }
}

// Every byte but '/' as %XX: no character of a file's name means anything in an URI.
std::string immutable_uri(const std::filesystem::path& file) {
  const std::filesystem::path absolute = std::filesystem::absolute(file);
  std::string uri = "file:";
  for (const std::uint8_t byte : as_bytes(absolute.native()))
    uri += byte == '/' ? "/" : fmt::format("%{:02X}", byte);
  return uri + "?immutable=1";
}

}  // namespace

Error StorageError::as_error() const {
  if (code_ == Errc::database_damaged && next_.empty())
    return Error(code_, what(), "restore a backup: skerry backup restore FILE");
  if (code_ != Errc::storage_full) return Error(code_, what(), next_);
  return Error(code_, "the disk of the data folder is full",
               "free some space there, then do it again; skerry doctor says how much is left");
}

std::string_view sqlite_version() noexcept { return sqlite3_libversion(); }

std::unique_ptr<Connection> Connection::open(const std::filesystem::path& file, Mode mode,
                                             bool durable) {
  configure_library();
  if (mode == Mode::read_write) create_private_file(file);
  const bool immutable = mode == Mode::immutable;
  const std::string name = immutable ? immutable_uri(file) : file.string();
  const int access = mode == Mode::read_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  sqlite3* handle = nullptr;
  // One thread at a time uses a connection, so SQLite need not lock each call.
  const int code = sqlite3_open_v2(
      name.c_str(), &handle,
      access | (immutable ? SQLITE_OPEN_URI : 0) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      nullptr);
  std::unique_ptr<Connection> connection(new Connection(handle));
  check_sqlite(handle, code, fmt::format("open {}", file.string()));
  connection->apply_pragmas(mode, durable);
  return connection;
}

void Connection::apply_pragmas(Mode mode, bool durable) {
  sqlite3_busy_timeout(handle_, busy_timeout_ms);
  int ignored = 0;
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, &ignored);
  // temp_store=FILE and no mmap: memory stays bounded in transactions of any size, and a bad disk
  // is an error code rather than a SIGBUS. secure_delete=FAST: deleted content is overwritten where
  // that costs no further write.
  execute_script(
      "PRAGMA foreign_keys=OFF; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
      "PRAGMA temp_store=FILE; PRAGMA mmap_size=0;");
  // A look at every cell of a page that comes in costs whoever reads one record a twentieth of its
  // time. What is damaged is found where it is read, by the writer, by doctor and by every backup.
  if (mode == Mode::read_only) execute_script("PRAGMA cell_size_check=OFF;");
  if (mode != Mode::read_write) {
    execute_script(fmt::format("PRAGMA query_only=ON; PRAGMA cache_size=-{};", reader_cache_kib));
    return;
  }
  execute_script("PRAGMA page_size=4096; PRAGMA auto_vacuum=NONE;");
  {
    Cursor journal = query("PRAGMA journal_mode=WAL");
    if (!journal.next() || journal.text(0) != "wal")
      throw StorageError(Errc::io_failed, "the file system does not carry SQLite's WAL mode");
  }
  execute_script(
      fmt::format("PRAGMA synchronous={}; PRAGMA wal_autocheckpoint=0; PRAGMA secure_delete=FAST;"
                  "PRAGMA journal_size_limit={}; PRAGMA cache_size=-{};",
                  durable ? "FULL" : "OFF", journal_bytes_max, writer_cache_kib));
}

Connection::Connection(sqlite3* handle)
    : handle_(handle), deferred_(std::make_unique<Deferred>()) {}

Connection::~Connection() {
  for (auto& [text, cached] : statements_) {
    for (auto& statement : cached.statements) {
      SKERRY_CHECK(!statement->in_use);
      sqlite3_finalize(statement->statement);
    }
  }
  SKERRY_CHECK(sqlite3_close(handle_) == SQLITE_OK);
}

sqlite3_stmt* Connection::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, &rest);
  check_sqlite(handle_, code, sql);
  sql.remove_prefix(static_cast<std::size_t>(rest - sql.data()));
  SKERRY_CHECK(statement != nullptr);  // one statement exactly: the rest would never run
  SKERRY_CHECK(sql.find_first_not_of(" \t\n;") == std::string_view::npos);
  return statement;
}

Cursor Connection::statement(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    if (statements_.size() >= cached_texts_max) forget_least_recent();
    found = statements_.emplace(std::string(sql), CachedText{}).first;
  }
  CachedText& cached = found->second;
  cached.last_used = ++uses_;
  for (auto& candidate : cached.statements) {
    if (candidate->in_use) continue;
    candidate->in_use = true;
    return Cursor(*candidate);
  }
  auto added = std::make_unique<CachedStatement>();
  cached.statements.reserve(cached.statements.size() + 1);
  added->statement = prepare(sql);
  added->in_use = true;
  return Cursor(*cached.statements.emplace_back(std::move(added)));
}

std::vector<std::string> Connection::cached_texts() const {
  std::vector<std::string> texts;
  for (const auto& [text, cached] : statements_) texts.push_back(text);
  return texts;
}

void Connection::forget_least_recent() {
  auto oldest = statements_.end();
  for (auto entry = statements_.begin(); entry != statements_.end(); ++entry) {
    const auto& statements = entry->second.statements;
    const bool held = std::any_of(statements.begin(), statements.end(),
                                  [](const auto& statement) { return statement->in_use; });
    if (held) continue;
    if (oldest == statements_.end() || entry->second.last_used < oldest->second.last_used)
      oldest = entry;
  }
  if (oldest == statements_.end()) return;
  for (auto& statement : oldest->second.statements) sqlite3_finalize(statement->statement);
  statements_.erase(oldest);
}

void Connection::execute_script(const std::string& script, std::string_view name) {
  check_sqlite(handle_, sqlite3_exec(handle_, script.c_str(), nullptr, nullptr, nullptr),
               name.empty() ? script : name);
}

std::int64_t Connection::changes() const { return sqlite3_changes64(handle_); }

std::int64_t Connection::last_insert_rowid() const { return sqlite3_last_insert_rowid(handle_); }

// Ours only: FTS5 keeps statements of its own half read, and ends them itself when a commit begins.
bool Connection::any_statement_busy() const {
  for (const auto& [text, cached] : statements_) {
    for (const auto& statement : cached.statements) {
      if (statement->in_use && sqlite3_stmt_busy(statement->statement) != 0) return true;
    }
  }
  return false;
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

}  // namespace skerry::store
