// The Licensing API over a real machine; what it may give stands in a list.
#pragma once

#include <algorithm>
#include <fmt/format.h>

#include "licensing/activation_codes.hpp"
#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {

inline constexpr std::string_view activation_code = "K7QF2-9XWMC-4TB0H-RGN5E-8PVJD";
inline constexpr std::int64_t lease_seconds = 600;

class Offers final : public licensing::AllowanceSource {
 public:
  Offers() {
    offered.entitlement = *parse_id<RecordId>("0199c0de-0000-7000-8000-0000000000e1");
    offered.product = *parse_id<RecordId>("0199c0de-0000-7000-8000-0000000000b1");
    offered.product_sku = "PRESS";
    offered.edition = "Standard";
    offered.status = licensing::Status::active;
    offered.concurrency = licensing::Concurrency::concurrent;
    offered.seats = {2};
    offered.lease_seconds = lease_seconds;
    offered.offline_lease_seconds = 86'400;
    offered.features = {{"cores", licensing::FeatureType::element_pool, false, {8}, {0}},
                        {"prints", licensing::FeatureType::usage_count, false, {100}, {0}}};
    digest = licensing::digest_of(*licensing::canonical_code(activation_code));
  }
  std::vector<licensing::Allowance> by_code(store::Connection&, const Hash& asked,
                                            UnixMillis) override {
    if (asked != digest) return {};
    return {offered};
  }
  std::vector<licensing::Allowance> by_customers(store::Connection&,
                                                 std::span<const RecordId> customers,
                                                 UnixMillis) override {
    if (std::ranges::find(customers, offered.customer) == customers.end()) return {};
    return {offered};
  }
  std::optional<licensing::Allowance> by_id(store::Connection&, const RecordId& id,
                                            UnixMillis) override {
    if (id != offered.entitlement) return std::nullopt;
    return offered;
  }
  licensing::Allowance offered;
  Hash digest{};
};

class ActivationsTest : public HandlersTest {
 protected:
  ActivationsTest() { open(); }
  // As after a restart.
  void open() {
    seats =
        std::make_unique<licensing::SeatDesk>(*database, clock, context->run_clock, random, offers,
                                              keys.sign, [this] { return log.last_n(); });
    context->seats = seats.get();
  }
  // Like an application: over TCP, without a token.
  Answer ask(std::string_view method, std::string_view target, std::string_view body = {},
             std::string_view headers = {}) {
    std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: test\r\n{}Content-Length: {}\r\n",
                                   method, target, headers, body.size());
    if (!body.empty()) text += "Content-Type: application/json\r\n";
    RawClient client = RawClient::tcp(port);
    return client.ask(text + "\r\n" + std::string(body), method == "HEAD");
  }
  Answer activate(std::string_view seat, std::string_view key = "1") {
    return ask("POST", "/v1/activations",
               fmt::format(R"({{"activation_code":"{}","product":"PRESS","seat_id":"{}"}})",
                           activation_code, seat),
               fmt::format("Idempotency-Key: {}-{}\r\n", seat, key));
  }
  // What an application keeps of its seat.
  struct Seat {
    std::string id, secret, nonce;
  };
  Seat take(std::string_view seat) {
    const Answer answer = activate(seat);
    EXPECT_EQ(answer.status, 201u) << answer.body;
    const json::object body = read_json(answer);
    return {text(body, "id"), text(body, "secret"), text(body, "nonce")};
  }
  static std::string text(const json::object& body, std::string_view member) {
    return std::string(body.at(member).as_string());
  }
  Answer call(Seat& seat, std::string_view method, std::string_view what, std::string_view key,
              std::string_view body = {}) {
    const Answer answer = ask(
        method, fmt::format("/v1/activations/{}{}", seat.id, what), body,
        fmt::format("Idempotency-Key: {}\r\nSkerry-Seat-Secret: {}\r\nSkerry-Seat-Nonce: {}\r\n",
                    key, seat.secret, seat.nonce));
    if (answer.status == 200 && answer.body.find("\"nonce\"") != std::string::npos)
      seat.nonce = text(read_json(answer), "nonce");
    return answer;
  }

  Offers offers;
};

}  // namespace skerry::api
