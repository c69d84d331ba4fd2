#include "sync/exchange.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/json_member.hpp"
#include "store/exchange_trouble.hpp"
#include "store/own_epochs.hpp"
#include "store/upstream.hpp"
#include "sync/json_fields.hpp"
#include "sync/pack.hpp"

namespace skerry::sync {
namespace {

using store::Connection;

constexpr std::string_view handed_over = "handed_over";  // in table meta: the copy_since it was for

bool is_loopback(std::string_view url) {
  for (const std::string_view host : {"http://127.0.0.1", "http://localhost", "http://[::1]"}) {
    if (!url.starts_with(host)) continue;
    const std::string_view rest = url.substr(host.size());
    if (rest.empty() || rest.front() == ':' || rest.front() == '/') return true;
  }
  return false;
}

// What another program says there, a proxy or another service: no repetition changes that.
Error not_central(const HttpResponse& response, const std::string& url) {
  return Error(Errc::bad_config,
               fmt::format("central.url: {} answered {}, and not as Skerry's central does", url,
                           response.status),
               "set central.url in skerry.toml to central's own address, https://HOST[:PORT]; what "
               "stands before central lets POST /v1/exchange pass");
}

// Of a server that may answer otherwise in a moment.
bool is_passing(int status) { return status >= 500 || status == 408 || status == 429; }

// A problem+json of central's, as the error it came from.
Error read_problem(const HttpResponse& response, const std::string& url) {
  const auto parsed = parse_json_object(response.body);
  const auto text = [&](std::string_view name) {
    return std::string(parsed ? text_of(*parsed, name) : std::string_view());
  };
  const ErrcInfo* known = find_errc(text("code"));
  const bool elsewhere = known ? known->code == Errc::not_found : !is_passing(response.status);
  if (elsewhere) return not_central(response, url);
  const std::string detail = text("detail");
  std::string next = text("next");
  if (next.empty() && !known)
    next = "run it again in a while; nothing is lost, and a medium works all the same";
  return Error(known ? known->code : Errc::central_unreachable,
               fmt::format("central answered {}: {}", response.status,
                           detail.empty() ? "no reason given" : detail),
               std::move(next));
}

template <class Work>
auto in_turn(const OnlineOptions& options, const Work& work) {
  std::optional<std::invoke_result_t<Work>> outcome;
  options.in_turn([&] { outcome.emplace(work()); });
  return std::move(*outcome);
}

bool worth_retrying(const Error& error) {
  return error.code == Errc::central_unreachable || error.code == Errc::busy ||
         error.code == Errc::stopping || error.code == Errc::too_many_requests;
}

class Exchange {
 public:
  Exchange(const Node& node, const Spool& spool, const OnlineOptions& options, std::string url)
      : node_(node),
        spool_(spool),
        options_(options),
        url_(std::move(url)),
        client_(http_options(options)),
        agent_(options.back_off, node.random) {}

  Result<OnlineReport> run() {
    recall_handover();
    ExchangeAgent::Action action = agent_.start();
    std::optional<Error> last_error;
    while (true) {
      if (std::holds_alternative<ExchangeAgent::Finish>(action)) return finish();
      if (std::holds_alternative<ExchangeAgent::GiveUp>(action)) return fail(*last_error);
      if (const auto* wait = std::get_if<ExchangeAgent::Wait>(&action)) {
        const bool ending = !options_.wait || !options_.wait(0);
        if (!ending) note_failure(*last_error);
        if (ending || !options_.wait(wait->ms))
          return fail(Errc::stopping, "the exchange was ended while it waited to try again");
        action = agent_.resume();
        continue;
      }
      auto answered = round();
      if (!answered) last_error = answered.error();
      action = answered ? agent_.on(*answered)
                        : agent_.on(ExchangeAgent::Failed{worth_retrying(answered.error())});
    }
  }

 private:
  static HttpOptions http_options(const OnlineOptions& options) {
    HttpOptions http;
    http.ca_file = options.ca_file;
    http.proxy = options.proxy;
    http.progress = [&options](const HttpProgress&) { return !options.wait || options.wait(0); };
    return http;
  }

  // A copy hands its rows over once, and after that only asks whether it may go on.
  void recall_handover() {
    const store::Reader reader = node_.database.read();
    const auto upstream = store::read_upstream(*reader);
    if (!upstream || !upstream->copy_since) return;
    if (store::read_meta(*reader, handed_over) != std::to_string(*upstream->copy_since)) return;
    for (const store::OwnEpoch& epoch : store::read_own_epochs(*reader))
      sent_.push_back({epoch.epoch, epoch.end, epoch.end_hash});
  }

  Result<OnlineReport> finish() {
    const auto upstream = store::read_upstream(*node_.database.read());
    if (!upstream || !upstream->copy_since || withheld_) return report_;
    auto work = [&](Connection& connection) -> Result<void> {
      const std::string since = std::to_string(*upstream->copy_since);
      store::write_meta(connection, handed_over, since);
      return {};
    };
    SKERRY_TRY_VOID(node_.database.write(work));
    return report_;
  }

  // One request: our next bundle out, central's next bundle in.
  Result<ExchangeAgent::Answered> round() {
    SKERRY_TRY(const PackedBundle packed, in_turn(options_, [this] { return next_bundle(); }));
    SKERRY_TRY(SpoolWriter incoming, spool_.begin());
    const HttpFile file{packed.bundle.file.fd(), packed.bundle.size, 0};
    SKERRY_TRY(const HttpResponse response,
               send_bundle(client_, url_, file, resume_, incoming.sink()));
    ++report_.rounds;
    ++report_.sent;
    report_.rows_sent += packed.lines;
    withheld_ = packed.passed > packed.last;
    sent_.push_back({packed.bundle.manifest.from.epoch, packed.passed, Hash{}});
    resume_ = response.header(header_resume);
    ExchangeAgent::Answered answered{packed.more, false};
    if (response.status == 200) {
      SpooledFile received = incoming.seal();
      auto taken = in_turn(options_, [&] { return take(std::move(received)); });
      const bool too_early = !taken && packed.more && is_of_history(taken.error().code);
      if (!taken && !too_early) return fail(std::move(taken).error());
      if (too_early) resume_.clear();
      answered.got_bundle = !too_early && *taken;
    }
    return answered;
  }

  // For whoever asks how the exchange is doing while it goes on.
  void note_failure(const Error& error) {
    const auto work = [&](Connection& connection) -> Result<void> {
      store::note_exchange_failed(connection, error, node_.clock.wall_ms());
      return {};
    };
    (void)node_.database.write(work);
  }

  // What central has not confirmed; what this exchange has sent already is on its way to being
  // confirmed and is not sent twice.
  Result<PackedBundle> next_bundle() {
    std::optional<PackedBundle> packed;
    SKERRY_TRY_VOID(pack_changes(node_, {.from = {}, .pieces_max = 1, .sent = sent_},
                                 [&](PackedBundle&& piece) -> Result<void> {
                                   packed.emplace(std::move(piece));
                                   return {};
                                 }));
    return std::move(*packed);
  }

  // Whether it brought anything: what is known already is no reason to ask again.
  Result<bool> take(SpooledFile file) {
    ImportOutcome outcome = import_bundle(node_, std::move(file), "online");
    // A copy goes on handing over; it is told the same each time.
    if (outcome.error && outcome.error->code == Errc::read_only_copy) return false;
    if (outcome.error) return fail(std::move(*outcome.error));
    ++report_.received;
    const auto count = [&](std::string_view name) {
      const json::value* value = outcome.counts.if_contains(name);
      return value ? value->as_int64() : 0;
    };
    report_.records_received += count("records");
    report_.confirmed += count("confirmed");
    // What central has not confirmed by now it did not take in. What was withheld did not even go:
    // a bundle behind it would leave a gap.
    const bool waits = outcome.outcome == "waiting" && !withheld_;
    if (!waits && outcome.outcome != "duplicate") sent_.clear();
    return outcome.outcome != "duplicate";
  }

  const Node& node_;
  const Spool& spool_;
  const OnlineOptions& options_;
  std::string url_;
  HttpClient client_;
  ExchangeAgent agent_;
  OnlineReport report_;
  std::string resume_;          // central's place in a snapshot of several pieces
  std::vector<LogPlace> sent_;  // in this exchange
  bool withheld_ = false;       // rows wait for what central is to send first
};

}  // namespace

bool is_of_history(Errc code) { return code == Errc::bundle_gap || code == Errc::wrong_history; }

std::string central_url_complaint(const std::string& url) {
  if (std::string why = url_complaint(url); !why.empty()) return why;
  if (url.find_first_of("?#") != std::string::npos)
    return "has a query or a fragment: it is central's address alone, https://HOST[:PORT]";
  if (url.starts_with("https://") || is_loopback(url)) return {};
  return "is plain HTTP to another machine: use https, with central.ca_file when central has its "
         "own authority";
}

Result<std::string> exchange_url(std::string central_url) {
  while (!central_url.empty() && central_url.back() == '/') central_url.pop_back();
  if (central_url.empty())
    return fail(Errc::bad_config, "central.url is not set", "set central.url in skerry.toml");
  if (const std::string why = central_url_complaint(central_url); !why.empty())
    return fail(Errc::bad_config, fmt::format("central.url: {}", why),
                "correct central.url in skerry.toml");
  return central_url + "/v1/exchange";
}

Result<HttpResponse> send_bundle(HttpClient& client, const std::string& url, const HttpFile& bundle,
                                 const std::string& resume, ByteSink& answer) {
  HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", std::string(bundle_media_type)}};
  if (!resume.empty()) request.headers.push_back({std::string(header_resume), resume});
  request.body = bundle;
  request.sink = &answer;
  auto response = client.request(request);
  if (response && !response->ok()) return fail(read_problem(*response, url));
  // A page to sign in at a network comes with 200, too.
  if (response && response->header(header_outcome).empty())
    return fail(not_central(*response, url));
  if (response || response.error().code != Errc::unreachable) return response;
  return fail(Errc::central_unreachable, "central does not answer: " + response.error().detail,
              "check the line and central.url; nothing is lost, and a medium works all the same");
}

Result<OnlineReport> exchange_online(const Node& node, const Spool& spool,
                                     const OnlineOptions& options) {
  auto done = exchange_url(options.url).and_then([&](std::string url) {
    return Exchange(node, spool, options, std::move(url)).run();
  });
  // Of a site without a central the status says so itself.
  const bool says_nothing =
      !done && (done.error().code == Errc::stopping || done.error().code == Errc::not_enrolled);
  if (says_nothing || options.url.empty()) return done;
  const auto note = [&](store::Connection& connection) -> Result<void> {
    if (done)
      store::note_exchange_done(connection);
    else
      store::note_exchange_failed(connection, done.error(), node.clock.wall_ms());
    return {};
  };
  // A database that takes no note has trouble of its own, which status and doctor see.
  (void)node.database.write(note);
  return done;
}

}  // namespace skerry::sync
