// A seat of a Skerry machine, for applications: taken, kept alive, verified without the network.
//
// Headers only, C++17, POSIX; link libcurl, Boost.JSON and libcrypto of OpenSSL 3 (which libcurl
// brings). docs/clients/cpp.md shows the use.
#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <curl/curl.h>
#include <memory>
#include <openssl/rand.h>
#include <optional>
#include <skerry/lease.hpp>
#include <skerry/state.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace skerry::client {

namespace detail {

inline std::string random_hex() {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) throw std::runtime_error("no random bytes");
  std::string text;
  for (const unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace detail

struct Options {
  std::string server;       // "http://127.0.0.1:7070", or https
  std::string state;        // the state file
  std::string trusted_key;  // of that machine or of the vendor's central, as PEM or base64url
  int attempts = 4;
  std::chrono::milliseconds timeout{10'000};
  std::string ca_file;  // PEM; empty: the system's
};

// For one thread at a time. Each call is on the disk before it is sent. When its answer does not
// come within `attempts`, it throws Trouble::unreachable and stays pending, and the next call, of
// this process or of one after a restart, first asks for that answer: the same request again, which
// the machine counts once.
class Seat {
 public:
  // std::invalid_argument for a server that is no address, and a key that is none.
  explicit Seat(Options options) : options_(checked(std::move(options))), state_(options_.state) {}

  // ---- without the network
  bool has_seat() const { return state_.seat.is_object(); }
  // Of element pools, by feature.
  json::object held() const { return kept().at("held").as_object(); }
  double renew_after_seconds() const {
    return std::max(0.0, kept().at("received_at").to_number<double>() +
                             kept().at("renew_after_seconds").to_number<double>() - now());
  }
  // Verified: bad_lease when it is not for this seat or has ended. It ends as long after its
  // arrival as it was given for, so this machine's clock need not agree with the other one's.
  Lease lease() const {
    const json::object& seat = kept();
    Lease made{verify(detail::text_at(seat, "token"), options_.trusted_key,
                      detail::text_at(seat, "product"), detail::text_at(seat, "seat_id"))};
    made.seconds_left = seat.at("received_at").to_number<double>() +
                        made.claims.at("exp").to_number<double>() -
                        made.claims.at("iat").to_number<double>() - now();
    if (made.seconds_left > 0) return made;
    throw Failure(Trouble::bad_lease, "the lease has ended: refresh it, or activate again");
  }

  // ---- with it
  // Takes a seat, or goes on with the one in the state file; a new one when the machine has ended
  // that, and until there is one its token is kept. `text`: an activation code, or a token that may
  // take seats; blanks around it do not matter. `names`: seat_name, user, edition.
  // std::invalid_argument for what can be no token.
  Lease activate(const std::string& text, const std::string& product, const std::string& seat_id,
                 json::object names = {}) {
    const std::string code = detail::trimmed(text);
    const bool is_token = code.rfind(token_prefix_, 0) == 0;
    if (is_token &&
        !std::all_of(code.begin(), code.end(), [](char c) { return c > 32 && c < 127; }))
      throw std::invalid_argument("no token has such characters");
    settle();
    if (has_seat()) {
      if (detail::text_at(kept(), "product") != product ||
          detail::text_at(kept(), "seat_id") != seat_id)
        throw Failure(Trouble::no_seat,
                      "the state file holds another seat: release it, or use another file");
      try {
        return refresh();
      } catch (const Failure& failure) {
        if (failure.code() != "no_seat") throw;
      }
    }
    json::object headers;
    if (is_token)
      headers["Authorization"] = "Bearer " + code;
    else
      names["activation_code"] = code;
    names["product"] = product;
    names["seat_id"] = seat_id;
    call("POST", "", std::move(names), std::move(headers));
    return lease();
  }
  Lease refresh() {
    settle();
    call("POST", "/refresh");
    return lease();
  }
  // A longer lease, for a machine that leaves the network. until: 2026-03-02T10:11:12Z.
  Lease borrow(const std::string& until) {
    settle();
    call("POST", "/borrow", json::object{{"until", until}});
    return lease();
  }
  // Takes of an element pool, all or nothing: {"held": 2, "left": 6, …}.
  json::object check_out(const std::string& feature, std::int64_t amount = 1) {
    return change(feature, "checkout", amount);
  }
  json::object give_back(const std::string& feature, std::int64_t amount = 1) {
    return change(feature, "return", amount);
  }
  // Consumes of a usage count: {"in_use": 10, "left": 90, …}.
  json::object use(const std::string& feature, std::int64_t amount = 1) {
    return change(feature, "usage", amount);
  }
  // The seat is free, and pools have back what it held.
  void release() {
    settle();
    if (has_seat()) call("DELETE", "");
  }
  // Finds out what became of a call whose answer was lost: that answer, or nullopt. What was
  // refused left nothing, and is not told again.
  std::optional<json::object> settle() {
    if (!state_.pending.is_object()) return std::nullopt;
    try {
      return ask();
    } catch (const Failure& failure) {
      if (failure.trouble != Trouble::refused) throw;
      return std::nullopt;
    }
  }

 private:
  static constexpr const char* path_ = "/v1/activations";
  static constexpr const char* token_prefix_ = "skry_api_";  // no activation code begins so

  static Options checked(Options options) {
    while (!options.server.empty() && options.server.back() == '/') options.server.pop_back();
    const std::size_t scheme = options.server.find("://");
    const std::string name = options.server.substr(0, scheme);
    if (scheme == std::string::npos || scheme + 3 == options.server.size() ||
        (name != "http" && name != "https"))
      throw std::invalid_argument("the server is an address such as http://127.0.0.1:7070");
    detail::public_key(options.trusted_key);
    return options;
  }

  struct Reply {
    long status = 0;  // 0: none came
    json::object body;
    std::string why;
  };

  const json::object& kept() const {
    if (!has_seat()) throw Failure(Trouble::no_seat, "there is no seat: activate first");
    return state_.seat.get_object();
  }
  // The wall clock in seconds, which within a run cannot be set back.
  double now() const {
    using std::chrono::duration;
    const duration<double> wall = std::chrono::system_clock::now().time_since_epoch();
    const duration<double> ran = std::chrono::steady_clock::now() - started_;
    return std::max(wall.count(), started_wall_.count() + ran.count());
  }

  json::object change(const std::string& feature, const char* act, std::int64_t amount) {
    settle();
    const std::unique_ptr<char, decltype(&curl_free)> key(
        curl_easy_escape(curl_.get(), feature.data(), static_cast<int>(feature.size())),
        &curl_free);
    return call("POST", std::string("/features/") + key.get() + "/" + act,
                json::object{{"amount", amount}});
  }

  json::object call(const char* method, const std::string& what,
                    std::optional<json::object> body = std::nullopt, json::object headers = {}) {
    headers["Idempotency-Key"] = detail::random_hex();
    std::string path = path_;
    if (!what.empty() || std::strcmp(method, "DELETE") == 0) {
      path += "/" + detail::text_at(kept(), "id") + what;
      headers["Skerry-Seat-Secret"] = kept().at("secret");
      headers["Skerry-Seat-Nonce"] = kept().at("nonce");
    }
    if (body) headers["Content-Type"] = "application/json";
    state_.pending =
        json::object{{"method", method},
                     {"path", path},
                     {"headers", std::move(headers)},
                     {"body", body ? json::value(json::serialize(*body)) : json::value(nullptr)}};
    try {
      state_.save();
    } catch (const Failure&) {
      state_.pending = nullptr;  // not on the disk: never sent
      throw;
    }
    return ask();
  }

  // Sends the pending call until it is answered, and keeps what it came to.
  json::object ask() {
    std::string why;
    std::chrono::milliseconds pause{200};
    for (int attempt = 0; attempt < options_.attempts; ++attempt, pause *= 2) {
      if (attempt > 0) std::this_thread::sleep_for(pause / 2);
      Reply reply = send(state_.pending.get_object());
      if (is_answer(state_.pending.get_object(), reply)) return take(reply);
      why = reply.status == 0 ? reply.why
            : is_later(reply.status)
                ? "HTTP " + std::to_string(reply.status)
                : "HTTP " + std::to_string(reply.status) + ", and no answer of ours";
    }
    throw Failure(Trouble::unreachable, "no answer from " + options_.server + ": " + why);
  }

  static bool is_later(long status) { return status >= 500 || status == 408 || status == 429; }

  // Whether the machine says this, and not something between it and here.
  static bool is_answer(const json::object& call, const Reply& reply) {
    const std::string path = detail::text_at(call, "path");
    const json::value said = reply.body;
    if (reply.status < 200 || reply.status >= 300)
      return reply.status >= 400 && !is_later(reply.status) &&
             detail::has(said, {"code"}, detail::is_text);
    if (detail::text_at(call, "method") == "DELETE") return reply.status == 204;
    if (path.find("/features/") != std::string::npos)
      return detail::has(said, {"feature", "nonce"}, detail::is_text) &&
             detail::has(said, {"held"}, detail::is_number);
    return detail::has(said, {"id", "product", "seat_id", "nonce", "token"}, detail::is_text) &&
           detail::has(said, {"held"}, detail::is_object) &&
           detail::has(said, {"renew_after_seconds"}, detail::is_number) &&
           (path != path_ || detail::has(said, {"secret"}, detail::is_text));
  }

  static std::size_t append(char* data, std::size_t size, std::size_t count, void* text) {
    static_cast<std::string*>(text)->append(data, size * count);
    return size * count;
  }

  Reply send(const json::object& call) const {
    CURL* const curl = curl_.get();
    curl_easy_reset(curl);
    const std::string url = options_.server + detail::text_at(call, "path");
    const std::string method = detail::text_at(call, "method");
    const std::string body = call.at("body").is_null() ? "" : detail::text_at(call, "body");
    std::string text;
    std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(nullptr,
                                                                        &curl_slist_free_all);
    for (const auto& [name, value] : call.at("headers").as_object())
      headers.reset(curl_slist_append(
          headers.release(), (std::string(name) + ": " + value.as_string().c_str()).c_str()));
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Seat::append);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &text);
    if (method == "POST") {
      curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
    }
    if (!options_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
    Reply reply;
    const CURLcode done = curl_easy_perform(curl);
    if (done != CURLE_OK) {
      reply.why = curl_easy_strerror(done);
      return reply;
    }
    boost::system::error_code error;
    json::value read = text.empty() ? json::object() : json::parse(text, error);
    reply.why = "the answer is no JSON object";
    if (error || !read.is_object()) return reply;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
    reply.body = std::move(read.get_object());
    return reply;
  }

  json::object take(Reply& reply) {
    const json::object call = std::move(state_.pending.get_object());
    state_.pending = nullptr;
    const bool good = reply.status >= 200 && reply.status < 300;
    const Failure refusal(reply.status, reply.body);
    // What the application gave back is gone. What a machine does not know stays with its token
    // until that ends, or another seat is here: perhaps it was asked at a wrong address.
    const bool released =
        detail::text_at(call, "method") == "DELETE" && (good || refusal.code() == "no_seat");
    if (released)
      state_.seat = nullptr;
    else if (good)
      keep(reply.body);
    state_.save();
    if (good || released) return std::move(reply.body);
    throw refusal;
  }

  void keep(const json::object& answer) {
    if (!answer.contains("token")) {
      kept();  // there is one
      json::object& seat = state_.seat.get_object();
      seat["nonce"] = answer.at("nonce");
      seat["held"].as_object()[answer.at("feature").as_string()] = answer.at("held");
      return;
    }
    json::object seat{{"received_at", now()}};
    for (const char* const member :
         {"id", "product", "seat_id", "nonce", "token", "held", "renew_after_seconds"})
      seat[member] = answer.at(member);
    seat["secret"] = answer.contains("secret") ? answer.at("secret") : kept().at("secret");
    state_.seat = std::move(seat);
  }

  Options options_;
  State state_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl_{curl_easy_init(), &curl_easy_cleanup};
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::duration<double> started_wall_ = std::chrono::system_clock::now().time_since_epoch();
};

}  // namespace skerry::client
