#include "daemon/app.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <memory>
#include <pthread.h>
#include <thread>

#include "api/context.hpp"
#include "api/gatekeeper.hpp"
#include "api/import_sessions.hpp"
#include "api/routes.hpp"
#include "api/server.hpp"
#include "api/work.hpp"
#include "core/log.hpp"
#include "crypto/file.hpp"
#include "daemon/config_check.hpp"
#include "daemon/folder.hpp"
#include "daemon/listening.hpp"
#include "daemon/open_files.hpp"
#include "daemon/periodic_exchange.hpp"
#include "daemon/relay_server.hpp"
#include "daemon/remember.hpp"
#include "daemon/sandbox.hpp"
#include "daemon/seat_upkeep.hpp"
#include "daemon/systemd.hpp"
#include "daemon/tls_office.hpp"
#include "daemon/upkeep.hpp"
#include "daemon/watchdog.hpp"
#include "licensing/catalogue_allowances.hpp"
#include "licensing/relay_licences.hpp"
#include "store/accounts.hpp"
#include "store/record.hpp"
#include "sync/exchange.hpp"
#include "sync/outbox.hpp"
#include "sync/retry_kept.hpp"

namespace skerry::daemon {
namespace {

constexpr int server_ended = SIGUSR1;  // sent to the main thread by the one that waits
constexpr std::chrono::minutes open_time_max{30};

// Blocked in the thread that calls this and in those it starts: signals come by sigwait().
sigset_t take_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, server_ended}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

Result<std::array<std::uint8_t, 32>> cursor_key(store::Connection& connection) {
  const auto key = hash_from_hex(store::read_meta(connection, "cursor_key").value_or(""));
  if (!key)
    return fail(Errc::bad_config, "the database has no key for cursors",
                "restore a backup: skerry.db was changed by other means");
  return *key;
}

unsigned io_threads(const Config& config) {
  if (config.io_threads > 0) return static_cast<unsigned>(config.io_threads);
  return std::max(2U, std::thread::hardware_concurrency());
}

api::ServerOptions server_options(const Config& config, const DataFolder& folder) {
  api::ServerOptions options;
  options.limits.connections_max = make_room_for(static_cast<std::size_t>(config.connections_max));
  options.io_threads = io_threads(config);
  options.spool_folder = folder.spool();
  for (const std::int64_t uid : config.trusted_uids)
    options.trusted_uids.push_back(static_cast<std::uint32_t>(uid));
  return options;
}

sync::OnlineOptions online_options(const Config& config, Patience& patience,
                                   api::asio::thread_pool& worker) {
  sync::OnlineOptions online;
  online.url = config.central_url;
  online.ca_file = config.central_ca_file;
  online.proxy = config.central_proxy;
  online.wait = [&patience](std::int64_t ms) {
    return patience.wait(std::chrono::milliseconds(ms));
  };
  online.in_turn = [&worker](const std::function<void()>& work) { api::wait_for(worker, work); };
  return online;
}

api::BackupSettings backup_settings(const Config& config) {
  return {config.backups(), config.backup_recipient, config.backup_interval_seconds,
          config.backup_keep, std::getenv("INVOCATION_ID") != nullptr};
}

bool is_claimed(store::Database& database) {
  const store::Reader reader = database.read();
  return store::is_claimed(*reader);
}

void say_ready(const Systemd& systemd, const Doors& doors, Role role, const std::string& relay) {
  const std::string tls = doors.tls().empty() ? "" : " tls=" + doors.tls();
  std::printf("ready tcp=%s socket=%s role=%s%s%s%s\n", doors.tcp().c_str(), doors.socket().c_str(),
              std::string(to_text(role)).c_str(), tls.c_str(),
              relay.empty() ? "" : " relay=", relay.c_str());
  std::fflush(stdout);
  std::string status = fmt::format("{}: answers on {}", to_text(role), doors.socket());
  for (const std::string& where : {doors.tcp(), doors.tls()})
    if (!where.empty()) status += " and " + where;
  systemd.status(status);
  systemd.notify("READY=1");
}

void name_thread(api::asio::thread_pool& thread, const char* name) {
  api::asio::post(thread, [name] { pthread_setname_np(pthread_self(), name); });
}

// What an earlier version of this program could not read.
void take_in_kept(const sync::Node& node, const sync::Spool& spool) {
  try {
    const sync::Retried retried = sync::retry_kept(node, spool);
    if (retried.taken + retried.left > 0)
      log(Level::notice, "{} bundles of a newer version are taken in now, {} still are not",
          retried.taken, retried.left);
  } catch (const std::exception& error) {
    log(Level::error, "taking in what was kept: {}", error.what());
  }
}

// Until the server has ended: by a first signal gracefully, by a second one at once.
void wait_for_end(api::Server& server, const api::Context& context, Patience& patience,
                  const sigset_t& signals, const Systemd& systemd) {
  std::thread waiter([&server, main = pthread_self()] {
    server.wait();
    pthread_kill(main, server_ended);
  });
  for (bool stopping = false;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal == server_ended) break;
    log(Level::notice, "stopping{}", stopping ? " at once" : "");
    systemd.notify("STOPPING=1");
    patience.end();
    context.imports->stop();
    context.backups->stop();
    stopping ? server.cancel() : server.begin_stop();
    stopping = true;
  }
  waiter.join();
}

}  // namespace

Result<Exit> serve(const Config& config) {
  const DataFolder folder{config.data()};
  SKERRY_TRY_VOID(folder.must_be_owned());
  SKERRY_TRY_VOID(folder.must_be_initialised());
  SKERRY_TRY_VOID(check_config(config, Folders::at_start));
  const sigset_t signals = take_signals();  // before the first thread
  SKERRY_TRY(Systemd systemd, Systemd::from_environment());

  // Ports.
  MovableClock clock;
  crypto::SystemRandom random;

  // The store. The log outlives the database that tells it of commits; what hears of them outlives
  // both.
  api::Notifier commits;
  SKERRY_TRY(store::AnchorFile anchor, store::AnchorFile::open(config.anchor()));
  std::optional<store::AnchorKeeper> keeper;
  store::ChangeLog log(clock);
  store::DatabaseOptions storage;
  storage.readers_max =
      static_cast<int>(io_threads(config)) + 4;  // worker, importer, line, a spare
  storage.group_jobs_max = static_cast<std::size_t>(config.writes_per_commit);
  systemd.status("opening the database");
  systemd.extend_start(open_time_max);  // a large write-ahead log, or a migration
  SKERRY_TRY(auto database, store::Database::open(folder.path, storage));
  database->set_participant(&log);

  // Who we are.
  std::optional<store::Identity> identity;
  std::optional<sync::Keys> own_keys;
  std::array<std::uint8_t, 32> key_of_cursors{};
  {
    const store::Reader reader = database->read();
    SKERRY_TRY_VOID(store::check_tables(*reader));
    log.load(*reader);
    identity = store::read_identity(*reader);
    if (!identity)
      return fail(Errc::bad_config,
                  fmt::format("{} holds no machine: it was emptied, or init was cut off",
                              folder.database().string()),
                  folder.database_is_lost().next);
    if (store::read_meta(*reader, "sandbox")) SKERRY_TRY_VOID(enter_sandbox(config, clock));
    SKERRY_TRY(key_of_cursors, cursor_key(*reader));
    SKERRY_TRY(own_keys, load_own_keys(folder, *reader));
  }
  const sync::Keys& keys = *own_keys;

  // What an exchange needs: private folders, the compression, the way to central, patience.
  SKERRY_TRY(const auto outbox, sync::Outbox::open(folder.outbox()));
  SKERRY_TRY(const auto spool, sync::Spool::open(folder.spool()));
  sync::BundleOptions bundles;
  bundles.zstd_level = static_cast<int>(config.exchange_zstd_level);
  bundles.accept_unencrypted = config.exchange_accept_unencrypted != 0;
  bundles.payload_stop_bytes =
      static_cast<std::uint64_t>(config.exchange_bundle_mebibytes) * sync::mebibyte;
  const sync::Node node{*database,      log,    keys, clock, random, folder.spool(),
                        SKERRY_VERSION, bundles};
  SKERRY_TRY_VOID(remember(node, anchor, keeper));
  log.on_commit([&](std::int64_t) {
    keeper->keep(log.own(), log.trust_seen());
    commits.notify_all();
  });
  Patience patience;

  // The interface: a thread for what takes long, one for imports of tables, one that waits for
  // central, the handlers' context, the server.
  api::asio::thread_pool worker(1);
  api::asio::thread_pool importer(1);
  api::asio::thread_pool line(1);
  name_thread(worker, "skerry-worker");
  name_thread(importer, "skerry-import");
  name_thread(line, "skerry-line");
  const sync::OnlineOptions online = online_options(config, patience, worker);
  api::Context context{node,
                       identity->role,
                       api::CursorCodec(key_of_cursors),
                       commits,
                       worker,
                       importer,
                       line,
                       spool,
                       outbox,
                       online,
                       folder.path,
                       clock.wall_ms(),
                       backup_settings(config)};
  name_thread(context.backups->worker(), "skerry-backup");
  SKERRY_TRY_VOID(api::end_cut_imports(context));
  api::asio::post(worker, [&] { take_in_kept(node, spool); });
  licensing::CatalogueAllowances catalogue;
  licensing::RelayAllowances allowances(catalogue, relay_lease(config));
  licensing::SeatDesk seats(*database, clock, context.run_clock, random, allowances, keys.sign,
                            [&log] { return log.last_n(); });
  seats.heed([&log] { return log.next_version().n - 1; });
  licensing::UsageFacts usage(log, random, *licensing::parse_redaction(config.usage_redact));
  seats.tell(usage);
  context.seats = &seats;
  licensing::RelayShelf relay_licences;
  relay_licences.load(*database);
  context.relay_licences = &relay_licences;
  api::Gatekeeper gatekeeper(context);
  std::unique_ptr<TlsOffice> tls;
  api::ServerOptions options = server_options(config, folder);
  if (!config.listen_tls_address.empty()) {
    SKERRY_TRY(tls, TlsOffice::open(config, clock));
    options.tls = tls->identity();
    context.certificates = tls.get();
  }
  std::optional<Doors> doors;  // the server's handlers tell them that the machine is claimed
  api::Server server(api::Router(api::all_routes(), context), &gatekeeper, std::move(options));
  doors.emplace(server, config);
  context.server_stats = [&server] { return server.stats(); };
  context.claimed = [&doors] { doors->claimed(); };
  std::vector<api::Descriptor> passed = systemd.take_sockets();
  SKERRY_TRY(api::Descriptor for_relay, take_passed(passed, config.relay_address));
  const bool claimed = is_claimed(*database);
  SKERRY_TRY_VOID(doors->open(std::move(passed), claimed));
  context.plain_for_others = doors->plain_for_others();
  SKERRY_TRY_VOID(
      crypto::write_file_atomically(folder.address(), as_bytes(doors->tcp() + "\n"), 0644));

  SKERRY_TRY(const auto relay, RelayServer::make(config, context, server_options(config, folder)));
  std::string relay_at;
  if (relay) {
    const bool was_passed = static_cast<bool>(for_relay);
    const auto kept = std::make_shared<api::Descriptor>(std::move(for_relay));
    const auto open_it = [&relay, kept] { return relay->listen(std::move(*kept)); };
    SKERRY_TRY(relay_at, doors->open_other(config.relay_address, was_passed, claimed, open_it));
  }

  std::optional<PeriodicExchange> exchanges;
  if (const std::chrono::seconds interval{config.exchange_interval_seconds};
      interval.count() > 0 && identity->role == Role::site)
    exchanges.emplace(context, patience, interval);
  std::optional<Upkeep> upkeep(std::in_place, context, patience, config.history_keep_days,
                               tls.get());
  std::optional<SeatUpkeep> seat_upkeep(std::in_place, *database, seats, patience);
  std::optional<Watchdog> watchdog;
  if (systemd.watchdog()) watchdog.emplace(systemd, *database, patience, *systemd.watchdog());
  if (relay) relay->start();  // before whoever claims the machine opens its door
  server.start();
  say_ready(systemd, *doors, identity->role, relay_at);
  wait_for_end(server, context, patience, signals, systemd);
  if (relay) relay->stop();

  exchanges.reset();
  upkeep.reset();
  seat_upkeep.reset();
  watchdog.reset();
  line.join();
  worker.join();
  importer.join();
  context.backups->join();
  database->stop();
  return Exit::ok;
}

}  // namespace skerry::daemon
