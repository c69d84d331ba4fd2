#include "api/handlers/seat_pools.hpp"

#include <fmt/format.h>

#include "api/handlers/author.hpp"
#include "api/handlers/seat_json.hpp"
#include "api/handlers/seat_request.hpp"
#include "api/retry.hpp"
#include "core/timestamp.hpp"
#include "store/log_event.hpp"

namespace skerry::api {
namespace {

using licensing::PoolState;

json::object pool_json(const PoolState& pool) {
  json::object made = numbers_json(pool.numbers);
  made["entitlement"] = to_string(pool.entitlement);
  made["product"] =
      pool.allowance ? json::value(pool.allowance->product_sku) : json::value(nullptr);
  made["denials"] = pool.counts.denials;
  made["clones"] = pool.counts.clones;
  made["overdrafts"] = pool.counts.overdrafts;
  made["high_water"] = pool.counts.high_water;
  made["policy"] = licensing::to_json(pool.policy);
  return made;
}

Result<RecordId> pool_id(const Request& request) {
  const auto id = parse_id<RecordId>(request.param("id"));
  if (id) return *id;
  return fail(Errc::not_found, "no entitlement has this id", "GET /v1/seat-pools");
}

tl::unexpected<Error> no_pool() {
  return fail(Errc::not_found, "no seats of this entitlement are here", "GET /v1/seat-pools");
}

}  // namespace

Result<Response> list_seat_pools(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  json::array items;
  for (const PoolState& pool : context.seats->pools()) items.push_back(pool_json(pool));
  return Response::json(200, json::object{{"items", std::move(items)}, {"next_cursor", nullptr}});
}

Result<Response> get_seat_pool(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  SKERRY_TRY(const RecordId id, pool_id(request));
  const auto pool = context.seats->pool(id);
  if (!pool) return no_pool();
  json::object body = pool_json(*pool);
  json::array seats;
  const licensing::ClockState clock = context.seats->clock();
  const std::int64_t due = licensing::renew_after(pool->allowance.get());
  for (const licensing::Seat& seat : pool->seats)
    seats.push_back(seat_json({seat, pool->allowance, clock.now, due}));
  body["seats"] = std::move(seats);
  return Response::json(200, json::value(std::move(body)));
}

Task<Result<Response>> set_seat_policy(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  SKERRY_CO_TRY(const json::object body, request.json_body());
  SKERRY_CO_TRY(const licensing::SeatPolicy policy, licensing::read_policy(body));
  SKERRY_CO_TRY(const RecordId id, pool_id(request));
  const auto pool = context.seats->pool(id);
  if (!pool) co_return no_pool();
  const auto fits = licensing::decide_policy(pool->policy, policy, pool->numbers);
  if (!fits) co_return denial_answer(fits.error(), request);
  const store::Author author = author_of(request);
  auto work = [&](store::Connection& connection) -> Result<Response> {
    context.seats->set_policy(connection, id, policy);
    const json::object facts{{"entitlement", to_string(id)},
                             {"policy", context.seats->told(connection, policy)}};
    store::append_event(connection, context.node.log, "seat_policy", facts, author);
    Response response = Response::json(200, json::value(licensing::to_json(policy)));
    retry.keep(connection, response);
    return response;
  };
  auto response = co_await write_seats(context, work);
  co_return response;
}

Result<Response> get_lease_clock(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  const licensing::ClockState clock = context.seats->clock();
  json::array jumps;
  {
    const store::Reader reader = context.node.database.read();
    for (const licensing::KeptJump& each : licensing::list_jumps(*reader))
      jumps.push_back(json::object{{"noticed_at", format_timestamp(each.noticed_at)},
                                   {"expected", format_timestamp(each.jump.expected)},
                                   {"found", format_timestamp(each.jump.found)}});
  }
  return Response::json(200, json::object{{"now", format_timestamp(clock.now)},
                                          {"floor", format_timestamp(clock.floor)},
                                          {"wall", format_timestamp(clock.wall)},
                                          {"jumps", std::move(jumps)}});
}

}  // namespace skerry::api
