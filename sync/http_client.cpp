#include "sync/http_client.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <curl/curl.h>
#include <fmt/format.h>
#include <limits>
#include <new>
#include <optional>
#include <strings.h>

#include "core/check.hpp"
#include "sync/file_handle.hpp"

namespace skerry::sync {
namespace {

constexpr std::size_t response_header_bytes_max = 64 * 1024;
constexpr std::size_t stream_line_bytes_max = 1024 * 1024;

struct HandleDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, HandleDeleter>;
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

// Once in a process, before the first handle.
void initialise_library() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  SKERRY_CHECK(done == CURLE_OK);
}

template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
  SKERRY_CHECK(curl_easy_setopt(handle, option, value) == CURLE_OK);
}

// What a request's callbacks share. Lives on the stack of request().
struct Transfer {
  const HttpRequest& request;
  const HttpOptions& options;
  HttpResponse response;
  std::size_t header_bytes = 0;
  std::uint64_t sent = 0;
  std::optional<Error> error;  // why a callback gave up; more precise than curl's code

  std::size_t refuse(Error why) {
    error = std::move(why);
    return 0;
  }
};

std::uint64_t body_size(const HttpRequest& request) {
  if (const auto* text = std::get_if<std::string>(&request.body)) return text->size();
  if (const auto* file = std::get_if<HttpFile>(&request.body)) return file->size;
  return 0;
}

std::size_t on_send(char* out, std::size_t one, std::size_t count, void* context) {
  Transfer& transfer = *static_cast<Transfer*>(context);
  const std::uint64_t left = body_size(transfer.request) - transfer.sent;
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, one * count));
  if (size == 0) return 0;
  if (const auto* text = std::get_if<std::string>(&transfer.request.body)) {
    std::memcpy(out, text->data() + transfer.sent, size);
  } else {
    const auto& file = std::get<HttpFile>(transfer.request.body);
    const std::span<std::uint8_t> part(reinterpret_cast<std::uint8_t*>(out), size);
    if (Result<void> read = read_at(file.fd, file.offset + transfer.sent, part); !read) {
      transfer.refuse(std::move(read).error());
      return CURL_READFUNC_ABORT;
    }
  }
  transfer.sent += size;
  return size;
}

// curl starts over when a kept connection turns out to be closed.
int on_seek(void* context, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Transfer*>(context)->sent = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

std::size_t on_receive(char* bytes, std::size_t one, std::size_t count, void* context) {
  Transfer& transfer = *static_cast<Transfer*>(context);
  const std::string_view part(bytes, one * count);
  if (transfer.request.sink != nullptr && transfer.response.ok()) {
    Result<void> written = transfer.request.sink->write(as_bytes(part));
    return written ? part.size() : transfer.refuse(std::move(written).error());
  }
  if (part.size() > transfer.request.body_bytes_max - transfer.response.body.size())
    return transfer.refuse(Error(
        Errc::limit_exceeded, fmt::format("{}: the answer is longer than {} bytes",
                                          transfer.request.url, transfer.request.body_bytes_max)));
  transfer.response.body += part;
  return part.size();
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// "HTTP/1.1 200 OK": 0 for what is not a status line.
int status_of(std::string_view line) {
  const std::size_t blank = line.find(' ');
  if (!line.starts_with("HTTP/") || blank == std::string_view::npos) return 0;
  int status = 0;
  for (const char c : line.substr(blank + 1, 3)) {
    if (c < '0' || c > '9') return 0;
    status = status * 10 + (c - '0');
  }
  return status;
}

std::size_t on_header(char* bytes, std::size_t one, std::size_t count, void* context) {
  Transfer& transfer = *static_cast<Transfer*>(context);
  const std::string_view line(bytes, one * count);
  transfer.header_bytes += line.size();
  if (transfer.header_bytes > response_header_bytes_max)
    return transfer.refuse(Error(Errc::limit_exceeded, "the answer's header is too long"));
  if (const int status = status_of(line); status != 0) {
    transfer.response = {};  // what came before was 100 Continue or a proxy's answer to CONNECT
    transfer.response.status = status;
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    transfer.response.headers.push_back({std::string(trimmed(line.substr(0, colon))),
                                         std::string(trimmed(line.substr(colon + 1)))});
  }
  return line.size();
}

int on_progress(void* context, curl_off_t receive_total, curl_off_t received, curl_off_t send_total,
                curl_off_t sent) {
  Transfer& transfer = *static_cast<Transfer*>(context);
  const HttpProgress progress{
      static_cast<std::uint64_t>(sent), static_cast<std::uint64_t>(send_total),
      static_cast<std::uint64_t>(received), static_cast<std::uint64_t>(receive_total)};
  if (transfer.options.progress(progress)) return 0;
  transfer.refuse(Error(Errc::stopping, fmt::format("{}: given up", transfer.request.url)));
  return 1;
}

HeaderList header_list(const HttpRequest& request) {
  curl_slist* list = nullptr;
  // Curl waits a second for "100 Continue" before it sends a large body; ours never asks.
  list = curl_slist_append(list, "Expect:");
  for (const HttpHeader& header : request.headers) {
    SKERRY_CHECK(header.name.find_first_of(":\r\n") == std::string::npos &&
                 header.value.find_first_of("\r\n") == std::string::npos);
    // "Name;" is curl's spelling of a header with an empty value.
    const std::string line =
        header.value.empty() ? header.name + ";" : header.name + ": " + header.value;
    list = curl_slist_append(list, line.c_str());
  }
  if (list == nullptr) throw std::bad_alloc();
  return HeaderList(list);
}

void set_connection(CURL* handle, const HttpOptions& options) {
  set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  set(handle, CURLOPT_FOLLOWLOCATION, 0L);
  set(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(handle, CURLOPT_NOSIGNAL, 1L);
  set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  set(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options.ca_file.empty()) {
    set(handle, CURLOPT_CAINFO, options.ca_file.c_str());
    set(handle, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
  set(handle, CURLOPT_PROXY, options.proxy.c_str());  // empty: not the environment's either
  set(handle, CURLOPT_NOPROXY, "");
  if (!options.unix_socket.empty())
    set(handle, CURLOPT_UNIX_SOCKET_PATH, options.unix_socket.c_str());
  set(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  set(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(options.total_timeout.count()));
  set(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout.count()));
  set(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  set(handle, CURLOPT_USERAGENT, options.user_agent.c_str());
}

void set_body(CURL* handle, Transfer& transfer) {
  const std::string& method = transfer.request.method;
  if (method == "HEAD") {
    set(handle, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool sends = !std::holds_alternative<std::monostate>(transfer.request.body);
  if (sends || method == "POST" || method == "PUT" || method == "PATCH") {
    set(handle, CURLOPT_UPLOAD, 1L);
    set(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body_size(transfer.request)));
  }
  set(handle, CURLOPT_CUSTOMREQUEST, method.c_str());
}

void set_callbacks(CURL* handle, Transfer& transfer) {
  set(handle, CURLOPT_READFUNCTION, &on_send);
  set(handle, CURLOPT_READDATA, &transfer);
  set(handle, CURLOPT_SEEKFUNCTION, &on_seek);
  set(handle, CURLOPT_SEEKDATA, &transfer);
  set(handle, CURLOPT_WRITEFUNCTION, &on_receive);
  set(handle, CURLOPT_WRITEDATA, &transfer);
  set(handle, CURLOPT_HEADERFUNCTION, &on_header);
  set(handle, CURLOPT_HEADERDATA, &transfer);
  set(handle, CURLOPT_NOPROGRESS, transfer.options.progress ? 0L : 1L);
  set(handle, CURLOPT_XFERINFOFUNCTION, &on_progress);
  set(handle, CURLOPT_XFERINFODATA, &transfer);
}

Error unusable_address(std::string_view url, std::string_view why) {
  return Error(Errc::bad_config, fmt::format("{}: {}", url, why),
               "give an address of the form https://host[:port]");
}

Error error_of(CURLcode code, const char* reason, const HttpRequest& request,
               const HttpOptions& options) {
  const std::string_view why = *reason != '\0' ? reason : curl_easy_strerror(code);
  const std::string place =
      options.unix_socket.empty() ? request.url : options.unix_socket.string();
  const std::string detail = fmt::format("{}: {}", place, why);
  switch (code) {
    case CURLE_URL_MALFORMAT:
      return unusable_address(request.url, why);
    case CURLE_SSL_CACERT_BADFILE:
      return Error(Errc::bad_config, detail,
                   fmt::format("check that {} is a readable PEM file", options.ca_file.string()));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return Error(Errc::tls_failed, detail,
                   "check the address, and that the configured CA issued the peer's certificate");
    default:
      return Error(Errc::unreachable, detail);
  }
}

}  // namespace

std::string url_complaint(const std::string& url) {
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    return "does not begin with http:// or https://";
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parts(curl_url(), &curl_url_cleanup);
  if (!parts) throw std::bad_alloc();
  if (const CURLUcode code = curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0);
      code != CURLUE_OK)
    return fmt::format("is no address: {}", curl_url_strerror(code));
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD}) {
    char* text = nullptr;
    if (curl_url_get(parts.get(), part, &text, 0) != CURLUE_OK) continue;
    curl_free(text);
    return "names a user or a password, which would stand in logs";
  }
  return {};
}

std::string_view HttpResponse::header(std::string_view name) const {
  for (const HttpHeader& candidate : headers)
    if (candidate.name.size() == name.size() &&
        ::strncasecmp(candidate.name.data(), name.data(), name.size()) == 0)
      return candidate.value;
  return {};
}

struct HttpClient::State {
  HttpOptions options;
  Handle handle;
};

HttpClient::HttpClient(HttpOptions options) {
  initialise_library();
  Handle handle(curl_easy_init());
  if (!handle) throw std::bad_alloc();
  state_ = std::make_unique<State>(State{std::move(options), std::move(handle)});
}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpResponse> HttpClient::request(const HttpRequest& request) {
  const HttpOptions& options = state_->options;
  if (!request.url.starts_with("http://") && !request.url.starts_with("https://"))
    return fail(unusable_address(request.url, "neither http nor https"));
  CURL* handle = state_->handle.get();
  curl_easy_reset(handle);  // the settings, not the connection
  Transfer transfer{request, options, {}, 0, 0, {}};
  std::array<char, CURL_ERROR_SIZE> reason{};
  const HeaderList headers = header_list(request);
  set(handle, CURLOPT_ERRORBUFFER, reason.data());
  set(handle, CURLOPT_URL, request.url.c_str());
  set(handle, CURLOPT_HTTPHEADER, headers.get());
  set_connection(handle, options);
  set_callbacks(handle, transfer);
  set_body(handle, transfer);
  const CURLcode code = curl_easy_perform(handle);
  curl_easy_reset(handle);  // nothing may point into this frame afterwards
  if (transfer.error) return fail(std::move(*transfer.error));
  if (code != CURLE_OK) return fail(error_of(code, reason.data(), request, options));
  return std::move(transfer.response);
}

Result<HttpResponse> HttpClient::stream_lines(HttpRequest request, const LineCallback& on_line) {
  const LineLimits limits{stream_line_bytes_max, std::numeric_limits<std::uint64_t>::max(), true};
  LineReader lines(limits, [&](std::string_view line, std::uint64_t number) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return on_line(line, number);
  });
  request.sink = &lines;
  return this->request(request);
}

}  // namespace skerry::sync
