#include "api/handlers/offline.hpp"

#include <fmt/format.h>

#include "api/handlers/seat_json.hpp"
#include "api/handlers/seat_request.hpp"
#include "core/json_text.hpp"
#include "licensing/lease_token.hpp"
#include "licensing/offline_request.hpp"

namespace skerry::api {
namespace {

using licensing::Decision;
using licensing::OfflineRequest;
using licensing::SeatState;
using store::Connection;
using Kind = OfflineRequest::Kind;

// What is answered and kept: the body, or why not. Of a seat that ended with its refresh the body
// is a problem that holds the answer, too: its machine is to learn of it.
using Answered = Decision<std::string>;

// `done`: the status of what is no problem.
Response told(std::string body, unsigned done) {
  const json::value read = json::parse(body);  // our own text
  const json::value* const refused = read.as_object().if_contains("status");
  const unsigned status = refused ? static_cast<unsigned>(refused->as_int64()) : done;
  Response response = Response::json(status, std::move(body));
  if (refused) response.content_type = "application/problem+json";
  response.header("Cache-Control", "no-store");
  return response;
}

Result<OfflineRequest> read(const Request& request, Kind kind) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  SKERRY_TRY(OfflineRequest read, licensing::read_offline_request(request.body));
  if (read.kind != kind)
    return fail(Error(Errc::validation_failed, "a file of this kind goes to another address", {},
                      {{"/kind", "bad_choice", "is not what this address takes"}}));
  if (kind == Kind::activate) return read;
  SKERRY_TRY(const RecordId id, activation_id(request));
  if (id != read.activation)
    return fail(Error(Errc::validation_failed, "the file is about another activation", {},
                      {{"/activation", "bad_choice", "is not the one of the address"}}));
  return read;
}

licensing::Caller caller_of_file(const OfflineRequest& file) {
  return {file.secret, {}, file.sha256, false};
}

Result<std::string> sealed(Context& context, const OfflineRequest& file, const SeatState& state) {
  json::object answer = seat_json(state);
  if (state.seat.hold == licensing::Hold::ended) answer["ended"] = true;
  answer["secret"] = context.seats->proof().secret(state.seat.id, state.seat.generation);
  answer["token"] = context.seats->signer()->token(state.seat, *state.allowance, state.now);
  const std::string id = to_string(state.seat.id);
  SKERRY_TRY(const std::string text,
             licensing::seal_offline_answer(file, std::move(answer), context.node.random));
  return to_json_text(
      json::object{{"request", to_string(file.id)}, {"activation", id}, {"answer", text}});
}

// A request counts once: the same file again gets the answer of the first time.
std::optional<Answered> answered_before(Connection& connection, const OfflineRequest& file) {
  auto known = licensing::find_offline_answer(connection, file);
  if (!known) return std::nullopt;
  if (known->request == file.sha256) return Answered(std::move(known->answer));
  return Answered(tl::unexpected<licensing::Denial>(
      licensing::Denial{licensing::Why::id_used,
                        "this request id was used by another file",
                        "make a new request",
                        {},
                        {}}));
}

// `decide` gives the seat's state, or the body of an answer that needs none.
template <class Decide>
Task<Result<Response>> answer_once(Context& context, Request& request, OfflineRequest file,
                                   unsigned status, Decide decide) {
  auto work = [&](Connection& connection) -> Result<Answered> {
    if (auto known = answered_before(connection, file)) return *std::move(known);
    Result<Answered> answer = decide(connection, file);
    if (answer && *answer)
      licensing::keep_offline_answer(connection, file, **answer, context.node.clock.wall_ms());
    return answer;
  };
  auto answer = co_await write_seats(context, work);
  if (!answer) co_return tl::unexpected<Error>(std::move(answer).error());
  if (!*answer) co_return denial_answer(answer->error(), request);
  co_return told(std::move(**answer), status);
}

Result<Answered> seal(Context& context, const OfflineRequest& file,
                      const Decision<SeatState>& decided) {
  if (!decided) return Answered(tl::unexpected<licensing::Denial>(decided.error()));
  SKERRY_TRY(std::string text, sealed(context, file, *decided));
  return Answered(std::move(text));
}

}  // namespace

Task<Result<Response>> activate_offline(Context& context, Request& request) {
  SKERRY_CO_TRY(OfflineRequest file, read(request, Kind::activate));
  auto decide = [&context](Connection& connection, const OfflineRequest& each) {
    const auto decided =
        context.seats->activate_offline(connection, each.opening, each.claim, each.amounts);
    return seal(context, each, decided);
  };
  auto response = co_await answer_once(context, request, std::move(file), 201, decide);
  co_return response;
}

Task<Result<Response>> refresh_offline(Context& context, Request& request) {
  SKERRY_CO_TRY(OfflineRequest file, read(request, Kind::refresh));
  auto decide = [&](Connection& connection, const OfflineRequest& each) -> Result<Answered> {
    auto decided =
        context.seats->refresh_offline(connection, each.activation, caller_of_file(each));
    if (!decided) return Answered(tl::unexpected<licensing::Denial>(std::move(decided).error()));
    SKERRY_TRY(std::string text, sealed(context, each, decided->state));
    if (!decided->ended) return Answered(std::move(text));
    const Response refused = denial_answer(*decided->ended, request);
    std::string whole = std::get<std::string>(refused.body);
    whole.back() = ',';
    return Answered(whole.append(text, 1));
  };
  auto response = co_await answer_once(context, request, std::move(file), 200, decide);
  co_return response;
}

Task<Result<Response>> return_offline(Context& context, Request& request) {
  SKERRY_CO_TRY(OfflineRequest file, read(request, Kind::give_back));
  auto decide = [&context](Connection& connection, const OfflineRequest& each) -> Result<Answered> {
    const auto decided =
        context.seats->settle(connection, each.activation, caller_of_file(each), each.amounts);
    if (!decided) return Answered(tl::unexpected<licensing::Denial>(decided.error()));
    return Answered(to_json_text(
        json::object{{"request", to_string(each.id)}, {"activation", to_string(each.activation)}}));
  };
  auto response = co_await answer_once(context, request, std::move(file), 200, decide);
  co_return response;
}

}  // namespace skerry::api
