#include "api/handlers/seat_json.hpp"

#include <algorithm>

#include "api/problem.hpp"
#include "core/json_text.hpp"
#include "core/timestamp.hpp"
#include "licensing/lease_token.hpp"

namespace skerry::api {
namespace {

using licensing::Numbers;

constexpr std::int64_t second_ms = 1000;

json::value number_or_null(const Amount& amount) {
  return amount.limit ? json::value(*amount.limit) : json::value(nullptr);
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::value left_of(const Numbers& numbers) {
  if (!numbers.limit.limit || !numbers.overdraft.limit) return nullptr;
  return std::max<std::int64_t>(0,
                                *numbers.limit.limit + *numbers.overdraft.limit - numbers.in_use);
}

// Rounded up: who comes back then finds it free.
std::int64_t seconds_until(std::int64_t ms) { return (ms + second_ms - 1) / second_ms; }

Errc code_of(licensing::Why why) {
  switch (why) {
    case licensing::Why::not_entitled:
      return Errc::not_entitled;
    case licensing::Why::seats_exhausted:
      return Errc::seats_exhausted;
    case licensing::Why::feature_exhausted:
      return Errc::feature_exhausted;
    case licensing::Why::not_found:
      return Errc::not_found;
    case licensing::Why::validation_failed:
      return Errc::validation_failed;
    case licensing::Why::bad_request:
      return Errc::bad_request;
    case licensing::Why::forbidden:
      return Errc::forbidden;
    case licensing::Why::seat_cloned:
      return Errc::seat_cloned;
    case licensing::Why::already_exists:
      return Errc::already_exists;
    case licensing::Why::id_used:
      return Errc::idempotency_mismatch;
    case licensing::Why::no_seat:
      return Errc::no_seat;
  }
  return Errc::internal;
}

}  // namespace

json::object numbers_json(const Numbers& numbers) {
  return {{"limit", number_or_null(numbers.limit)},
          {"overdraft", number_or_null(numbers.overdraft)},
          {"in_use", numbers.in_use},
          {"left", left_of(numbers)}};
}

json::object seat_json(const licensing::SeatState& state) {
  const licensing::Seat& seat = state.seat;
  const std::int64_t left_ms = std::max<std::int64_t>(0, seat.until - state.now);
  json::object held;
  for (const auto& [feature, amount] : seat.held) held[feature] = amount;
  json::object made{{"id", to_string(seat.id)},
                    {"entitlement", to_string(seat.entitlement)},
                    {"seat_id", seat.machine},
                    {"seat_name", text_or_null(seat.name)},
                    {"user", text_or_null(seat.user)},
                    {"group", text_or_null(seat.group)},
                    {"granted_at", format_timestamp(seat.granted_at)},
                    {"lease_expires_at", format_timestamp(seat.until)},
                    {"expires_in_seconds", left_ms / second_ms},
                    {"renew_after_seconds", std::min(left_ms, state.renew_after_ms) / second_ms},
                    {"borrowed", seat.hold == licensing::Hold::borrowed},
                    {"held", std::move(held)}};
  if (!state.allowance) return made;
  const licensing::Allowance& allowance = *state.allowance;
  made["product"] = allowance.product_sku;
  made["edition"] = allowance.edition;
  made["entitlement_expires_at"] = allowance.expires_at
                                       ? json::value(format_timestamp(*allowance.expires_at))
                                       : json::value(nullptr);
  made["features"] = licensing::features_json(allowance);
  made["attributes"] = allowance.attributes;
  return made;
}

Response denial_answer(const licensing::Denial& denial, const Request& request) {
  Error error(code_of(denial.code), denial.why, denial.next);
  if (!denial.member.empty())
    error.errors.push_back({"/" + denial.member, "out_of_range", denial.why});
  Response response = problem(error, request.id);
  if (!denial.numbers) return response;
  json::object facts = numbers_json(*denial.numbers);
  if (const auto& next_free = denial.numbers->next_free_ms)
    facts["next_free_in_seconds"] = seconds_until(*next_free);
  if (!denial.holders.empty())
    facts["holders"] = json::array(denial.holders.begin(), denial.holders.end());
  auto& body = std::get<std::string>(response.body);
  body.back() = ',';
  body.append(to_json_text(facts).substr(1));
  return response;
}

}  // namespace skerry::api
