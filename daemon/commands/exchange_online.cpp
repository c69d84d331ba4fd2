// exchange --online: by the daemon, or by this process between the daemon and central.
#include <chrono>
#include <filesystem>

#include "daemon/carrying.hpp"
#include "daemon/commands/commands.hpp"
#include "sync/exchange.hpp"

namespace skerry::daemon {
namespace {

Result<Exit> finish(Session& session, const json::object& report) {
  session.terminal.document(report);
  session.terminal.line("sent {} with {}, received {} with {}; central confirmed {}",
                        counted(integer_of(report, "sent"), "bundle"),
                        counted(integer_of(report, "rows_sent"), "row"),
                        counted(integer_of(report, "received"), "bundle"),
                        counted(integer_of(report, "records_received"), "record"),
                        counted(integer_of(report, "confirmed"), "row"));
  const std::int64_t conflicts = integer_of(report, "conflicts_open");
  if (conflicts == 0) return Exit::ok;
  session.terminal.next(fmt::format("skerry conflict list ({} to decide)", conflicts));
  return Exit::conflicts;
}

// While central's answer is awaited: says what stands in the way, each time that it is tried again,
// and that there is still no answer.
class LineWatch {
 public:
  explicit LineWatch(Session& session)
      : session_(session), asking_(session.config, session.terminal, DaemonClient::Talk::none) {
    seen_ = ask_trouble();
    session_.daemon.while_waiting([this] { look(); });
  }
  ~LineWatch() { session_.daemon.while_waiting({}); }
  LineWatch(const LineWatch&) = delete;
  LineWatch& operator=(const LineWatch&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds word_every{10};
  static constexpr std::chrono::milliseconds answered_within{500};

  json::object ask_trouble() {
    const auto status = asking_.get_object("/v1/status");
    return status ? object_of(object_of(*status, "upstream"), "trouble") : json::object();
  }

  // The failure that ends the exchange is its answer, which is here in a moment. Another one is
  // tried again: there is a later one, or still no answer.
  void look() {
    json::object trouble = ask_trouble();
    const bool later = string_of(trouble, "latest") != string_of(seen_, "latest");
    if (untold_ && (later || Clock::now() - seen_at_ >= answered_within)) {
      say("{}; trying again", string_of(seen_, "detail"));
      untold_ = false;
    }
    if (later) {
      seen_ = std::move(trouble);
      seen_at_ = Clock::now();
      untold_ = !seen_.empty();
    } else if (Clock::now() - said_ >= word_every) {
      const auto since = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started_);
      say("waiting for central: {} s", since.count());
    }
  }

  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) {
    session_.terminal.talk(format, std::forward<Args>(args)...);
    said_ = Clock::now();
  }

  Session& session_;
  DaemonClient asking_;
  json::object seen_;  // the last failure
  Clock::time_point seen_at_;
  bool untold_ = false;
  Clock::time_point started_ = Clock::now();
  Clock::time_point said_ = started_;
};

// Carries bundles between the daemon and central as a person carries them on a medium: the daemon
// needs no network for it. It takes its turn with media where it packs and empties the outbox, not
// while it waits for central (ADR 70).
class Relay {
 public:
  Relay(Session& session, std::string url)
      : session_(session), url_(std::move(url)), central_(http_options(session.config)) {}

  Result<Exit> run() {
    for (bool news = true; news;) {  // until central knows of nothing more
      const std::int64_t before = received_;
      SKERRY_TRY(const auto bundles, pack());
      SKERRY_TRY(const bool whole, carry_all(bundles));
      ++rounds_;
      news = received_ != before || !whole;
    }
    SKERRY_TRY(const auto status, session_.daemon.get_object("/v1/status"));
    return finish(session_, {{"rounds", rounds_},
                             {"sent", sent_},
                             {"received", received_},
                             {"rows_sent", rows_sent_},
                             {"records_received", records_received_},
                             {"confirmed", confirmed_},
                             {"conflicts_open", integer_of(status, "conflicts_open")}});
  }

 private:
  static sync::HttpOptions http_options(const Config& config) {
    sync::HttpOptions http;
    http.ca_file = config.central_ca_file;
    http.proxy = config.central_proxy;
    return http;
  }

  std::vector<sync::FileHandle> take_turn() {
    return take_turns(session_.terminal, {session_.config.socket().parent_path()});
  }

  Result<std::vector<DueBundle>> pack() {
    const auto turn = take_turn();
    SKERRY_TRY(const auto due, session_.daemon.post("/v1/bundles:export", {}));
    return due_bundles(due);
  }

  // False: a medium's exchange has packed anew meanwhile, and these are gone.
  Result<bool> carry_all(const std::vector<DueBundle>& bundles) {
    for (const DueBundle& bundle : bundles) {
      auto file = fetch_bundle(session_.daemon, bundle);
      if (!file && file.error().code == Errc::not_found) return false;
      if (!file) return fail(std::move(file).error());
      const auto carried = carry(bundle, *file);
      const bool too_early = !carried && &bundle != &bundles.back() && answered_ &&
                             sync::is_of_history(carried.error().code);
      if (!carried && !too_early) return fail(carried.error());
      if (too_early) resume_.clear();
    }
    return true;
  }

  // Out of the outbox, unless it went with another packing.
  Result<void> drop(const DueBundle& bundle) {
    const auto turn = take_turn();
    auto dropped = drop_bundle(session_.daemon, bundle);
    if (!dropped && dropped.error().code == Errc::not_found) return {};
    return dropped;
  }

  // One bundle out, central's answer in.
  Result<void> carry(const DueBundle& bundle, const OpenFile& file) {
    OpenFile answer;
    answered_ = false;
    SKERRY_TRY(answer.file, sync::make_private_file(std::filesystem::temp_directory_path()));
    sync::FileSink sink(answer.file.fd(), sync::BundleLimits{}.file_bytes_max);
    SKERRY_TRY(const sync::HttpResponse response,
               sync::send_bundle(central_, url_, {file.file.fd(), file.size, 0}, resume_, sink));
    SKERRY_TRY_VOID(drop(bundle));
    ++sent_;
    rows_sent_ += bundle.rows;
    resume_ = response.header(sync::header_resume);
    answer.size = sink.bytes();
    answered_ = response.status == 200;
    return answered_ ? take(answer) : Result<void>();
  }

  Result<void> take(const OpenFile& answer) {
    SKERRY_TRY(const auto taken,
               session_.daemon.upload("/v1/bundles" + Query().add("name", "online").text(), answer,
                                      sync::bundle_media_type, "central's bundle"));
    if (string_of(taken, "outcome") == "duplicate") return {};
    ++received_;
    const json::object& counts = object_of(taken, "counts");
    records_received_ += integer_of(counts, "records");
    confirmed_ += integer_of(counts, "confirmed");
    return {};
  }

  Session& session_;
  const std::string url_;
  sync::HttpClient central_;
  std::string resume_;     // central's place in a snapshot of several pieces
  bool answered_ = false;  // by central, whatever this machine made of it
  std::int64_t rounds_ = 0;
  std::int64_t sent_ = 0;
  std::int64_t received_ = 0;
  std::int64_t rows_sent_ = 0;
  std::int64_t records_received_ = 0;
  std::int64_t confirmed_ = 0;
};

// What would be sent. Central is not asked what it would answer.
Result<Exit> try_online(Session& session, const std::string& url) {
  SKERRY_TRY(const auto due, session.daemon.post("/v1/bundles:export", {}));
  SKERRY_TRY(const auto bundles, due_bundles(due));
  std::int64_t rows = 0;
  for (const DueBundle& bundle : bundles) rows += bundle.rows;
  session.terminal.document({{"url", url}, {"bundles", bundles.size()}, {"rows", rows}});
  session.terminal.line("would send {} with {} to {}, which is not asked what it has",
                        counted(std::ssize(bundles), "bundle"), counted(rows, "row"), url);
  return Exit::ok;
}

}  // namespace

Result<Exit> run_exchange_online(Session& session, bool relay) {
  const bool dry_run = session.daemon.is_dry_run();
  if (relay || dry_run) {
    SKERRY_TRY(const auto status, session.daemon.get_object("/v1/status"));
    if (string_of(status, "role") == "central")
      return fail(Errc::wrong_role, "this machine is central; its sites start the exchange",
                  "at a site: skerry exchange --online");
    SKERRY_TRY(std::string url, sync::exchange_url(session.config.central_url));
    return dry_run ? try_online(session, url) : Relay(session, std::move(url)).run();
  }
  const LineWatch watch(session);
  auto report = session.daemon.post("/v1/exchange:online", {});
  if (!report && report.error().code == Errc::central_unreachable)
    report.error().next +=
        "; an installed machine's daemon has no network: skerry exchange --online --relay";
  if (!report) return fail(std::move(report).error());
  return finish(session, *report);
}

}  // namespace skerry::daemon
