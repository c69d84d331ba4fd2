// Answers of the Licensing API.
#pragma once

#include <string_view>

#include "api/context.hpp"
#include "api/http_types.hpp"
#include "licensing/seat_desk.hpp"

namespace skerry::api {

// The members every answer about a seat has; no secret, nonce or token among them.
json::object seat_json(const licensing::SeatState& state);
// {"limit": 10, "overdraft": 0, "in_use": 10, "left": 0}; null: unlimited.
json::object numbers_json(const licensing::Numbers& numbers);
// As problem+json, with the numbers of a denial beside it.
Response denial_answer(const licensing::Denial& denial, const Request& request);

}  // namespace skerry::api
