// What the handlers work on; made once by the composition root.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "api/access_log.hpp"
#include "api/backup_desk.hpp"
#include "api/cursor.hpp"
#include "api/import_sessions.hpp"
#include "api/notifier.hpp"
#include "api/password_thread.hpp"
#include "api/retry.hpp"
#include "api/server_stats.hpp"
#include "api/sessions.hpp"
#include "api/sign_in_limits.hpp"
#include "api/token_cache.hpp"
#include "core/role.hpp"
#include "store/run_clock.hpp"
#include "sync/exchange.hpp"
#include "sync/node.hpp"
#include "sync/outbox.hpp"
#include "sync/spool.hpp"

namespace skerry::licensing {
class RelayShelf;
class SeatDesk;
}  // namespace skerry::licensing

namespace skerry::api {

class Certificates;

// Immutable but for what it refers to; every handler may use it on any I/O thread.
struct Context {
  const sync::Node& node;  // database, log, keys, clock, random
  Role role;
  CursorCodec cursors;
  Notifier& commits;            // woken after each commit that appended to the log
  asio::thread_pool& worker;    // one thread: bundles, exports, digests
  asio::thread_pool& importer;  // one thread: imports of tables (ADR 0022)
  asio::thread_pool& line;      // one thread: online exchanges, which wait for central
  const sync::Spool& spool;
  const sync::Outbox& outbox;
  const sync::OnlineOptions& online;  // of a site; url empty: exchanges by file only
  std::filesystem::path data_folder;
  UnixMillis started_at = 0;
  BackupSettings backup{};
  // Shared by the handlers, the clock also by the seat desk; nobody else needs to set them.
  std::shared_ptr<const store::RunClock> run_clock =
      std::make_shared<const store::RunClock>(node.database, node.clock);
  std::shared_ptr<RunningKeys> running_keys = std::make_shared<RunningKeys>();
  std::shared_ptr<TokenCache> tokens = std::make_shared<TokenCache>();
  std::shared_ptr<Sessions> sessions = std::make_shared<Sessions>();
  std::shared_ptr<SignInLimits> sign_ins = std::make_shared<SignInLimits>();
  std::shared_ptr<PasswordThread> passwords = std::make_shared<PasswordThread>();
  std::shared_ptr<AccessLog> access_log = std::make_shared<AccessLog>();
  std::shared_ptr<ImportSessions> imports = std::make_shared<ImportSessions>();
  // Any thread. The composition root sets it, once there is a server; zeros without one.
  std::function<ServerStats()> server_stats = [] { return ServerStats{}; };
  std::shared_ptr<BackupDesk> backups = std::make_shared<BackupDesk>();
  // The composition root sets them before the server starts.
  licensing::SeatDesk* seats = nullptr;
  licensing::RelayShelf* relay_licences = nullptr;
  Certificates* certificates = nullptr;  // without TLS none
  std::string plain_for_others{};        // where others may speak without TLS; empty: nowhere
  // Any thread; called when somebody has chosen an administrator's password.
  std::function<void()> claimed = [] {};
};

}  // namespace skerry::api
