#include "api/handlers/activations.hpp"

#include <fmt/format.h>
#include <optional>

#include "api/handlers/author.hpp"
#include "api/handlers/seat_json.hpp"
#include "api/handlers/seat_request.hpp"
#include "api/retry.hpp"
#include "core/text.hpp"
#include "licensing/lease_token.hpp"
#include "store/log_event.hpp"

namespace skerry::api {
namespace {

using licensing::Caller;
using licensing::Decision;
using licensing::SeatDesk;
using licensing::SeatState;
using store::Connection;

// An operator's act for a seat that is not his, in the chained log.
void record_operator(Context& context, Connection& connection, const Request& request,
                     const Caller& caller, std::string_view what, const RecordId& id) {
  if (!caller.is_operator) return;
  const store::Author author = author_of(request);
  store::append_event(connection, context.node.log, what, {{"activation", to_string(id)}}, author);
}

Response answered(unsigned status, json::object body) {
  Response response = Response::json(status, json::value(std::move(body)));
  response.header("Cache-Control", "no-store");
  return response;
}

// What a call that keeps or changes the seat answers with: its state, the nonce of the next call,
// the lease as a token.
json::object leased(Context& context, const SeatState& state) {
  json::object body = seat_json(state);
  body["nonce"] = context.seats->proof().nonce(state.seat.id, state.seat.turn);
  body["token"] = context.seats->signer()->token(state.seat, *state.allowance, state.now);
  return body;
}

struct FeatureRequest {
  RecordId id;
  Caller caller;
  std::string feature;
  std::int64_t amount = 0;
};

Result<FeatureRequest> read_feature(const Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  FeatureRequest read;
  SKERRY_TRY(const json::object body, request.json_body());
  BodyReader reader(body, {"amount"});
  read.amount = reader.count("amount");
  SKERRY_TRY_VOID(reader.done("the call"));
  SKERRY_TRY_VOID(require_key(request));
  SKERRY_TRY(read.id, activation_id(request));
  SKERRY_TRY(read.caller, caller_of(request));
  read.feature = request.param("key");
  return read;
}

// A call that changes a seat; answered with `answer(state)`. No nonce tells an operator's retry:
// his call is kept under its key, as other requests are.
template <class Decide, class Answer>
Task<Result<Response>> change_seat(Context& context, Request& request, const Caller& caller,
                                   const RecordId& id, std::string_view event, Decide decide,
                                   Answer answer) {
  std::optional<Retry> retry;
  if (caller.is_operator) {
    SKERRY_CO_TRY(Retry begun, Retry::begin(context, request));
    if (auto again = begun.replay()) co_return std::move(*again);
    retry.emplace(std::move(begun));
  }
  auto work = [&](Connection& connection) -> Result<Decision<SeatState>> {
    Decision<SeatState> decided = decide(connection);
    if (!decided) return decided;
    record_operator(context, connection, request, caller, event, id);
    if (retry) retry->keep(connection, answered(200, answer(*decided)));
    return decided;
  };
  auto decided = co_await write_seats(context, work);
  if (!decided) co_return tl::unexpected<Error>(std::move(decided).error());
  if (!*decided) co_return denial_answer(decided->error(), request);
  co_return answered(200, answer(**decided));
}

Task<Result<Response>> call_feature(Context& context, Request& request, SeatDesk::FeatureCall call,
                                    std::string_view event) {
  SKERRY_CO_TRY(const FeatureRequest read, read_feature(request));
  auto decide = [&](Connection& connection) {
    return context.seats->feature(connection, read.id, read.caller, call, read.feature,
                                  read.amount);
  };
  auto answer = [&](const SeatState& state) {
    json::object body = numbers_json(state.numbers.value_or(licensing::Numbers{}));
    body["feature"] = read.feature;
    const auto held = state.seat.held.find(read.feature);
    body["held"] = held == state.seat.held.end() ? 0 : held->second;
    body["nonce"] = context.seats->proof().nonce(read.id, state.seat.turn);
    return body;
  };
  auto response =
      co_await change_seat(context, request, read.caller, read.id, event, decide, answer);
  co_return response;
}

}  // namespace

Task<Result<Response>> activate(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(const ActivationRequest read, read_activation(request));
  SKERRY_CO_TRY_VOID(require_key(request));
  auto work = [&](Connection& connection) -> Result<Decision<SeatState>> {
    return context.seats->claim(connection, read.opening, read.claim);
  };
  auto decided = co_await write_seats(context, work);
  if (!decided) co_return tl::unexpected<Error>(std::move(decided).error());
  if (!*decided) co_return denial_answer(decided->error(), request);
  const SeatState& state = **decided;
  json::object body = leased(context, state);
  body["secret"] = context.seats->proof().secret(state.seat.id, state.seat.generation);
  // The first activation of a seat, a retry of it too.
  const bool first = state.is_new || (state.repeated && state.seat.generation == 1);
  Response response = answered(first ? 201 : 200, std::move(body));
  if (first)
    response.header("Location", fmt::format("/v1/activations/{}", to_string(state.seat.id)));
  co_return response;
}

Result<Response> get_activation(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  SKERRY_TRY(const RecordId id, activation_id(request));
  SKERRY_TRY(const Caller caller, caller_of(request));
  const auto state = context.seats->look(id, caller);
  if (!state) return denial_answer(state.error(), request);
  return answered(200, seat_json(*state));
}

Result<Response> refresh_activation(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  SKERRY_TRY_VOID(require_key(request));
  SKERRY_TRY(const RecordId id, activation_id(request));
  SKERRY_TRY(const Caller caller, caller_of(request));
  if (caller.is_operator)
    return fail(Errc::forbidden, "only its holder refreshes a seat",
                "send the secret of its activation in Skerry-Seat-Secret");
  const auto state = context.seats->refresh(id, caller);
  if (!state) return denial_answer(state.error(), request);
  return answered(200, leased(context, *state));
}

Task<Result<Response>> release_activation(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(const RecordId id, activation_id(request));
  SKERRY_CO_TRY(const Caller caller, caller_of(request));
  auto work = [&](Connection& connection) -> Result<Decision<void>> {
    auto decided = context.seats->release(connection, id, caller);
    if (decided) record_operator(context, connection, request, caller, "seat_released", id);
    return decided;
  };
  auto decided = co_await write_seats(context, work);
  if (!decided) co_return tl::unexpected<Error>(std::move(decided).error());
  if (!*decided) co_return denial_answer(decided->error(), request);
  co_return Response::empty();
}

Task<Result<Response>> borrow_activation(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(const json::object body, request.json_body());
  BodyReader reader(body, {"until"});
  const UnixMillis until = reader.instant("until");
  SKERRY_CO_TRY_VOID(reader.done("the call"));
  SKERRY_CO_TRY_VOID(require_key(request));
  SKERRY_CO_TRY(const RecordId id, activation_id(request));
  SKERRY_CO_TRY(const Caller caller, caller_of(request));
  auto decide = [&](Connection& connection) {
    return context.seats->borrow(connection, id, caller, until);
  };
  auto answer = [&](const SeatState& state) { return leased(context, state); };
  auto response =
      co_await change_seat(context, request, caller, id, "seat_borrowed", decide, answer);
  co_return response;
}

Task<Result<Response>> check_out_feature(Context& context, Request& request) {
  return call_feature(context, request, SeatDesk::FeatureCall::checkout, "feature_checked_out");
}

Task<Result<Response>> return_feature(Context& context, Request& request) {
  return call_feature(context, request, SeatDesk::FeatureCall::give_back, "feature_returned");
}

Task<Result<Response>> use_feature(Context& context, Request& request) {
  return call_feature(context, request, SeatDesk::FeatureCall::usage, "feature_used");
}

}  // namespace skerry::api
