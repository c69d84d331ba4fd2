// The online exchange of a site with its central: the same bundles as on a stick, over HTTPS.
// It resumes by itself: whatever central confirmed is not sent again, and a piece lost on the way
// is packed anew from the position both sides know.
#pragma once

#include <functional>
#include <string>

#include "sync/exchange_agent.hpp"
#include "sync/http_client.hpp"
#include "sync/import.hpp"

namespace skerry::sync {

// Why no site can reach its central there, as the end of a sentence; empty when one can: HTTPS, or
// HTTP that does not leave the machine.
std::string central_url_complaint(const std::string& url);

// Where a site's bundles go, from central.url: "https://central.example/v1/exchange".
// Errc::bad_config when that is not set, or no site can reach its central there.
Result<std::string> exchange_url(std::string central_url);

// Sends central a bundle; its own goes into `answer`. `resume` is what its last response said,
// empty at first. Central's reasons and its silence come back as errors: every response is a 2xx.
Result<HttpResponse> send_bundle(HttpClient& client, const std::string& url, const HttpFile& bundle,
                                 const std::string& resume, ByteSink& answer);

struct OnlineOptions {
  std::string url;                // of central: "https://central.example"; http only to loopback
  std::filesystem::path ca_file;  // pinned authorities; empty: the system's
  std::string proxy;
  BackOff back_off;
  // Waits, or with 0 only says; false ends the exchange with Errc::stopping, also amid a transfer.
  std::function<bool(std::int64_t ms)> wait;
  // Runs what packs or takes in a bundle, in turn with all else that does; central's answer is
  // awaited between the turns.
  std::function<void(const std::function<void()>&)> in_turn = [](const auto& work) { work(); };
};

// Of an answer that does not fit where this site stands. As long as not all is sent, that may be
// because central does not know yet: only what is sent last says it (H1).
bool is_of_history(Errc code);

struct OnlineReport {
  std::int64_t rounds = 0;
  std::int64_t sent = 0;  // bundles
  std::int64_t received = 0;
  std::int64_t rows_sent = 0;
  std::int64_t records_received = 0;
  std::int64_t confirmed = 0;
};

// At a site. Blocking; not on the writer thread. Errors: Errc::not_enrolled, Errc::bad_config (no
// usable url), Errc::central_unreachable, Errc::tls_failed, what central refused, what this site
// refused.
Result<OnlineReport> exchange_online(const Node& node, const Spool& spool,
                                     const OnlineOptions& options);

// The names of what does not fit into a bundle: the headers of POST /v1/exchange.
inline constexpr std::string_view bundle_media_type = "application/vnd.skerry.bundle";
inline constexpr std::string_view header_resume = "X-Skerry-Resume";
inline constexpr std::string_view header_outcome = "X-Skerry-Outcome";

}  // namespace skerry::sync
