#include "api/handlers/seat_request.hpp"

#include <algorithm>

#include "api/retry.hpp"
#include "licensing/activation_codes.hpp"

namespace skerry::api {
namespace {

// The same call again has the same hash: who sends another key makes another call.
Hash hash_of_call(const Request& request) {
  return licensing::call_hash(request.header("Idempotency-Key"), hash_of(request));
}

// Without a code, what whoever asks has the right to.
Result<licensing::Opening> opening_by_right(const Principal& principal) {
  if (principal.kind == Principal::Kind::anonymous)
    return fail(Errc::unauthorized, "the activation code is missing, and no token stands for it",
                "send activation_code, or a token that may take seats");
  if (!principal.may(Access::seats))
    return fail(Errc::forbidden, "without activation_code this needs the right \"seats\"",
                "skerry token create NAME --access seats --customer ID");
  return licensing::opening_of(principal.customers);
}

}  // namespace

Result<ActivationRequest> read_activation(const Request& request) {
  SKERRY_TRY(const json::object body, request.json_body());
  BodyReader reader(body,
                    {"activation_code", "product", "seat_id", "seat_name", "user", "edition"});
  ActivationRequest read;
  const Principal& principal = *request.principal;
  // An administrator is for no customers: what he opens he names.
  const bool by_right = !body.contains("activation_code") &&
                        !(principal.may(Access::seats) && !principal.is_limited());
  if (by_right) {
    SKERRY_TRY(read.opening, opening_by_right(principal));
  } else {
    // What cannot be a code is one that opens nothing.
    const std::string code = reader.name("activation_code", true);
    read.opening.digest =
        licensing::digest_of(licensing::canonical_code(code).value_or(std::string()));
  }
  read.opening.product = reader.name("product", true);
  if (body.contains("edition")) read.opening.edition = reader.name("edition", false);
  read.claim.machine = reader.name("seat_id", true);
  read.claim.name = reader.name("seat_name", false);
  read.claim.user = reader.name("user", false);
  read.claim.request = hash_of_call(request);
  read.claim.key = request.header("Idempotency-Key");
  SKERRY_TRY_VOID(reader.done("the activation"));
  return read;
}

Result<RecordId> activation_id(const Request& request) {
  const auto id = parse_id<RecordId>(request.param("id"));
  if (id) return *id;
  return fail(Errc::no_seat, "no activation has this id", "POST /v1/activations");
}

Result<void> require_key(const Request& request) {
  const std::string_view key = request.header("Idempotency-Key");
  constexpr std::size_t key_bytes_max = 255;
  if (!key.empty() && key.size() <= key_bytes_max &&
      std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c < 0x7f; }))
    return {};
  return fail(Errc::bad_request,
              "a call about a seat has an Idempotency-Key of 1 to 255 printable ASCII characters",
              "make a new one for each call, and send the same again when its reply was lost");
}

Result<licensing::Caller> caller_of(const Request& request) {
  licensing::Caller caller;
  caller.secret = request.header("Skerry-Seat-Secret");
  caller.nonce = request.header("Skerry-Seat-Nonce");
  caller.request = hash_of_call(request);
  if (!caller.secret.empty()) return caller;
  const bool looks = request.method == Method::get;
  // A seat's customer is not looked at, so nobody who is limited to customers acts for one.
  caller.is_operator = !request.principal->is_limited() &&
                       request.principal->may(looks ? Access::read : Access::write);
  if (!caller.is_operator)
    return fail(Errc::unauthorized, "the secret of the seat is missing",
                "send the secret of its activation in Skerry-Seat-Secret");
  if (!looks && request.header("Skerry-Reason").empty())
    return fail(Errc::bad_request, "an operator who acts for a seat says why in Skerry-Reason");
  return caller;
}

}  // namespace skerry::api
