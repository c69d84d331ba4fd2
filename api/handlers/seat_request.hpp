// What calls of the Licensing API bring: bodies, and who calls about a seat.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "api/context.hpp"
#include "api/handlers/body_reader.hpp"
#include "api/http_types.hpp"
#include "api/work.hpp"
#include "licensing/seat_desk.hpp"

namespace skerry::api {

struct ActivationRequest {
  licensing::Opening opening;
  licensing::Claim claim;
};
// The body of POST /v1/activations. Without a code its caller's customers open what they have:
// Errc::unauthorized, Errc::forbidden for who has no right to that.
Result<ActivationRequest> read_activation(const Request& request);

// The activation that the path names: Errc::no_seat.
Result<RecordId> activation_id(const Request& request);

// Idempotency-Key of a call about seats: Errc::bad_request without one.
Result<void> require_key(const Request& request);

// Who calls, views into the request. With the right to write and no secret, an operator, who says
// why: Errc::bad_request without Skerry-Reason.
Result<licensing::Caller> caller_of(const Request& request);

// As write() (api/work.hpp), for what changes seats: what came free is confirmed in the same
// transaction, and the desk hears when it is undone.
template <class Work>
auto write_seats(Context& context, Work& work)
    -> Task<std::invoke_result_t<Work&, store::Connection&>> {
  struct SeatWork {
    licensing::SeatDesk& desk;
    Work& work;
    auto operator()(store::Connection& connection)
        -> std::invoke_result_t<Work&, store::Connection&> {
      auto outcome = work(connection);
      if (outcome) SKERRY_TRY_VOID(desk.confirm_freed(connection));
      return outcome;
    }
    void lost() noexcept { desk.commit_failed(); }
  };
  SeatWork seats{*context.seats, work};
  auto outcome = co_await write(context, seats);
  co_return outcome;
}

}  // namespace skerry::api
