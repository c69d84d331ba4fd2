#include "store/database.hpp"

#include <filesystem>

#include "store/migrations.hpp"
#include "store/sqlite/backup.hpp"
#include "store/sqlite/folder_lock.hpp"
#include "store/sqlite/reader_pool.hpp"
#include "store/sqlite/wal.hpp"
#include "store/sqlite/writer.hpp"

namespace skerry::store {

// Destroyed from below: the readers close before the writer, whose connection is then the last one
// and makes the closing checkpoint; the lock goes last.
struct Database::State {
  State(std::filesystem::path folder_in, std::filesystem::path file_in, FolderLock lock_in,
        std::unique_ptr<Connection> connection, const DatabaseOptions& options)
      : folder(std::move(folder_in)),
        file(std::move(file_in)),
        lock(std::move(lock_in)),
        writer(std::move(connection), readers, options),
        readers(file, options.readers_max) {}

  std::filesystem::path folder;
  std::filesystem::path file;
  FolderLock lock;
  Writer writer;
  ReaderPool readers;
};

Reader::~Reader() {
  if (snapshot_.connection != nullptr) database_->give_back(std::move(snapshot_));
}

ReadTransaction::ReadTransaction(Connection& connection) : connection_(connection) {
  connection_.execute("BEGIN");
  // BEGIN alone takes no snapshot: the first read does, and that could come much later.
  try {
    connection_.execute("SELECT 1 FROM sqlite_schema LIMIT 1");
  } catch (...) {
    connection_.execute("ROLLBACK");
    throw;
  }
}

ReadTransaction::~ReadTransaction() {
  if (connection_.in_transaction()) connection_.execute("ROLLBACK");
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}

Database::~Database() { state_->writer.stop(); }

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& folder,
                                                 DatabaseOptions options) {
  SKERRY_TRY_VOID(prepare_folder(folder));
  SKERRY_TRY(FolderLock lock, FolderLock::acquire(folder));
  const auto file = folder / "skerry.db";
  try {
    auto connection = Connection::open(file, Connection::Mode::read_write, options.durable);
    Wal(*connection).checkpoint_fully();
    SKERRY_TRY_VOID(sync_path(folder));
    SKERRY_TRY_VOID(options.upgrades ? upgrade(*connection, file, all_migrations())
                                     : must_be_current(*connection, all_migrations()));
    auto state =
        std::make_unique<State>(folder, file, std::move(lock), std::move(connection), options);
    return std::unique_ptr<Database>(new Database(std::move(state)));
  } catch (const StorageError& error) {
    Error why = error.as_error();
    why.detail = file.string() + ": " + why.detail;
    // Or the service would be started again and again.
    if (error.is_of_contents() && why.code == Errc::io_failed) why.code = Errc::bad_input;
    if (error.is_of_contents() && why.next.empty())
      why.next = "restore a backup: skerry backup restore FILE";
    return fail(std::move(why));
  }
}

void Database::set_participant(Participant* participant) {
  state_->writer.set_participant(participant);
}

Result<void> Database::submit(std::unique_ptr<WriteJob> job) {
  return state_->writer.submit(std::move(job));
}

Reader Database::read() { return Reader(*this, state_->readers.take()); }

void Database::give_back(Snapshot snapshot) { state_->readers.give_back(std::move(snapshot)); }

Result<void> Database::backup(const std::filesystem::path& file,
                              const std::function<void(int, int)>& progress) {
  SKERRY_CHECK(!on_writer_thread());
  try {
    // Not one of the pool: a backup lasts, and requests would wait for it.
    const auto source = Connection::open(state_->file, Connection::Mode::read_only);
    return copy_database(*source, file, progress);
  } catch (const StorageError& error) {
    return fail(error.as_error());
  }
}

bool Database::on_writer_thread() const { return state_->writer.on_writer_thread(); }

WriterStats Database::stats() const { return state_->writer.stats(); }

void Database::stop() { state_->writer.stop(); }

const std::filesystem::path& Database::folder() const { return state_->folder; }

}  // namespace skerry::store
