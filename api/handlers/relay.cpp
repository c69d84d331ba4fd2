#include "api/handlers/relay.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <random>

#include "api/handlers/seat_request.hpp"
#include "api/relay_path.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "crypto/sha256.hpp"

namespace skerry::api {
namespace {

using licensing::Decision;
using licensing::Denial;
using licensing::RelayLicence;
using licensing::RelayStrategy;
using licensing::SeatState;
using licensing::Why;
using Licences = std::vector<RecordId>;

constexpr std::int64_t second_ms = 1000;

// As Go writes JSON: <, >, & and the separators of lines and paragraphs escaped, which stand in
// texts alone, and a line feed at the end.
std::string go_json(const json::object& object) {
  static constexpr std::pair<std::string_view, std::string_view> escaped[] = {
      {"<", "\\u003c"},
      {">", "\\u003e"},
      {"&", "\\u0026"},
      {"\u2028", "\\u2028"},
      {"\u2029", "\\u2029"}};
  std::string out = to_json_text(object);
  for (const auto& [plain, written] : escaped)
    for (std::size_t at = out.find(plain); at != std::string::npos;
         at = out.find(plain, at + written.size()))
      out.replace(at, plain.size(), written);
  return out += '\n';
}

std::string padded_base64(std::string_view bytes) {
  std::string text = to_base64url(as_bytes(bytes));
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return text.append((4 - text.size() % 4) % 4, '=');
}

// With the time of this machine, and a signature over both where a secret is set.
void stamp(RelayContext& relay, const Request&, Response& response) {
  const std::int64_t clock = relay.machine.node.clock.wall_ms() / second_ms;
  response.header("Relay-Clock", std::to_string(clock));
  if (relay.settings.signing_secret.empty()) return;
  const auto code = crypto::hmac_sha256(
      as_bytes(relay.settings.signing_secret),
      as_bytes(fmt::format("{}.{}", clock, std::get<std::string>(response.body))));
  response.header("Relay-Signature", fmt::format("t={},v1={}", clock, to_hex(code)));
}

Response answered(unsigned status, const json::object& body) {
  return Response::json(status, go_json(body));
}

Response refused(unsigned status, std::string_view why) {
  return answered(status, {{"error", why}});
}

// Who asks, and for licences of which pool.
struct Node {
  std::string fingerprint;
  licensing::RelayShelf::Licences licences;  // null: of a pool that is not here
  std::string_view refusal{};                // why the request is none
};

Node read_node(const RelayContext& relay, const Request& request) {
  Node node{std::string(request.param("fingerprint")), nullptr, {}};
  const std::string asked(request.header("Relay-Pool"));
  const std::string& only = relay.settings.pool;
  if (!asked.empty() && !only.empty() && asked != only) {
    node.refusal = "unsupported pool header";
  } else if (has_control_characters(node.fingerprint) || is_blank(node.fingerprint) ||
             count_characters(node.fingerprint) > licensing::relay_fingerprint_characters_max) {
    node.refusal = "unsupported fingerprint";
  } else {
    node.licences = relay.machine.relay_licences->pool(asked.empty() ? only : asked);
  }
  return node;
}

Licences in_order(const RelayContext& relay, const Licences& licences) {
  Licences ordered = licences;
  if (relay.settings.strategy == RelayStrategy::lifo) std::reverse(ordered.begin(), ordered.end());
  if (relay.settings.strategy == RelayStrategy::rand) {
    std::array<std::uint8_t, 8> seed{};
    relay.machine.node.random.fill(seed);
    std::seed_seq sequence(seed.begin(), seed.end());
    std::shuffle(ordered.begin(), ordered.end(), std::mt19937_64(sequence));
  }
  return ordered;
}

json::object lease_json(const RelayContext& relay, const SeatState& state) {
  // Rounded up: a lease that was just given lasts the whole TTL.
  const std::int64_t left =
      (std::max<std::int64_t>(0, state.seat.until - state.now) + second_ms - 1) / second_ms;
  return {{"expires_at", relay.machine.node.clock.wall_ms() / second_ms + left},
          {"expires_in", left}};
}

// A node that has its licence already.
Response extended(const RelayContext& relay, const SeatState& state) {
  if (relay.settings.heartbeats) return answered(202, lease_json(relay, state));
  return refused(409, "failed to claim license due to conflict");
}

Response page_not_found() {
  Response response = Response::text(404, "404 page not found\n");
  response.header("X-Content-Type-Options", "nosniff");
  return response;
}

// What the protocol has in place of problem documents.
Response relay_refusal(const Error& error, std::string_view) {
  const int status = info(error.code).http_status;
  if (error.code == Errc::not_found) return page_not_found();
  if (error.code == Errc::method_not_allowed) return Response::empty(405);
  return refused(static_cast<unsigned>(status), error.detail);
}

// As gorilla/mux, which Relay finds its routes with: it decodes a path first, an encoded slash too,
// and sends whoever asks by one that is not clean to the clean one. No route is deeper than a
// fingerprint, so a slash in one is a path that is not there.
std::optional<Response> redirect_or_miss(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  const auto decoded = decoded_path(path);
  if (!decoded || !decoded->starts_with('/')) return std::nullopt;  // refused when it is read
  const std::string clean = clean_path(*decoded);
  if (clean == *decoded) {
    if (std::count(path.begin(), path.end(), '/') == std::count(clean.begin(), clean.end(), '/'))
      return std::nullopt;
    return page_not_found();
  }
  Response response = Response::empty(301);
  response.header("Location", encoded_path(clean) + std::string(target.substr(path.size())));
  return response;
}

struct Given {
  SeatState state;
  RelayLicence licence;
};

Result<Decision<Given>> give(RelayContext& relay, store::Connection& connection, const Node& node,
                             const Licences& ordered) {
  licensing::SeatDesk& desk = *relay.machine.seats;
  if (!desk.holds_among(ordered, node.fingerprint) &&
      desk.holds_among(relay.machine.relay_licences->all(), node.fingerprint))
    return Decision<Given>(tl::unexpected<Denial>(
        Denial{Why::already_exists, "the node has a licence of another pool", {}, {}, {}}));
  licensing::Claim claim;
  claim.machine = node.fingerprint;
  auto state = desk.claim_among(connection, ordered, claim);
  if (!state) return Decision<Given>(tl::unexpected<Denial>(std::move(state).error()));
  auto licence = licensing::find_relay_licence(connection, state->seat.entitlement);
  if (!licence) return fail(Errc::not_found, "the licence was removed in between");
  return Decision<Given>(Given{*std::move(state), *std::move(licence)});
}

}  // namespace

Task<Result<Response>> claim_licence(RelayContext& relay, Request& request) {
  const Node node = read_node(relay, request);
  if (!node.refusal.empty()) co_return refused(400, node.refusal);
  if (!node.licences) co_return refused(400, "invalid pool header");
  licensing::SeatDesk& desk = *relay.machine.seats;
  // A heartbeat changes the index alone, as a refresh does: no commit.
  if (relay.settings.heartbeats)
    if (const auto state = desk.refresh_among(*node.licences, node.fingerprint))
      co_return extended(relay, *state);
  if (!relay.settings.heartbeats && desk.holds_among(*node.licences, node.fingerprint))
    co_return refused(409, "failed to claim license due to conflict");

  const Licences ordered = in_order(relay, *node.licences);
  auto work = [&](store::Connection& connection) { return give(relay, connection, node, ordered); };
  auto decided = co_await write_seats(relay.machine, work);
  if (!decided) co_return tl::unexpected<Error>(std::move(decided).error());
  if (!*decided && (*decided).error().code == Why::already_exists)
    co_return refused(409, "failed to claim license due to conflict");
  if (!*decided) co_return refused(410, "no licenses available");
  const Given& given = **decided;
  if (!given.state.is_new) co_return extended(relay, given.state);
  json::object body{{"license_file", padded_base64(given.licence.file)},
                    {"license_key", given.licence.key}};
  for (const auto& [member, value] : lease_json(relay, given.state)) body[member] = value;
  co_return answered(201, body);
}

Task<Result<Response>> release_licence(RelayContext& relay, Request& request) {
  const Node node = read_node(relay, request);
  if (!node.refusal.empty()) co_return refused(400, node.refusal);
  licensing::SeatDesk& desk = *relay.machine.seats;
  if (!node.licences && desk.holds_among(relay.machine.relay_licences->all(), node.fingerprint))
    co_return refused(400, "invalid pool header");
  if (!node.licences) co_return refused(404, "claim not found");
  auto work = [&](store::Connection& connection) -> Result<Decision<void>> {
    return desk.release_among(connection, *node.licences, node.fingerprint);
  };
  auto decided = co_await write_seats(relay.machine, work);
  if (!decided) co_return tl::unexpected<Error>(std::move(decided).error());
  if (!*decided) co_return refused(404, "claim not found");
  Response response = Response::empty();
  response.header("Content-Type", "application/json");
  co_return response;
}

Result<Response> relay_health(RelayContext&, Request&) { return Response::empty(200); }

const Dialect& relay_dialect() {
  static constexpr Dialect dialect{&relay_refusal, &redirect_or_miss, true};
  return dialect;
}

std::span<const Route> relay_routes() {
  constexpr bool any_query = true;
  constexpr Reach any_reach = Reach::machine;
  static constexpr Finish stamped = finish<RelayContext, stamp>;
  static constexpr Route routes[] = {
      {Method::get, "/v1/health", Access::open, Body::ignored, handler<relay_health>, "relayHealth",
       "The server answers", any_query, any_reach, stamped},
      {Method::put, "/v1/nodes/{fingerprint}", Access::open, Body::ignored, handler<claim_licence>,
       "claimLicence", "A node takes or keeps a licence", any_query, any_reach, stamped},
      {Method::del, "/v1/nodes/{fingerprint}", Access::open, Body::ignored,
       handler<release_licence>, "releaseLicence", "A node gives its licence back", any_query,
       any_reach, stamped},
  };
  return routes;
}

}  // namespace skerry::api
