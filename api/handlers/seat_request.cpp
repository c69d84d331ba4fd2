#include "api/handlers/seat_request.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "api/retry.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "crypto/sha256.hpp"
#include "licensing/activation_codes.hpp"

namespace skerry::api {
namespace {

// The same call again has the same hash: who sends another key makes another call.
Hash hash_of_call(const Request& request) {
  crypto::Sha256 hash;
  hash.update(hash_of(request));
  hash.update(as_bytes(request.header("Idempotency-Key")));
  return hash.finish();
}

}  // namespace

BodyReader::BodyReader(const json::object& body, std::initializer_list<std::string_view> known)
    : body_(body) {
  for (const auto& [member, ignored] : body)
    if (std::find(known.begin(), known.end(), std::string_view(member)) == known.end())
      refuse(member, "unknown_field", "there is no such member here");
}

void BodyReader::refuse(std::string_view member, std::string code, std::string detail) {
  errors_.push_back({"/" + escape_pointer(member), std::move(code), std::move(detail)});
}

std::string BodyReader::name(std::string_view member, bool required, std::size_t most) {
  const json::value* const value = body_.if_contains(member);
  if (!value) {
    if (required) refuse(member, "required", "is required");
    return {};
  }
  const json::string* const text = value->if_string();
  if (!text) {
    refuse(member, "wrong_type", "must be a string");
  } else if (is_blank(*text) || has_control_characters(*text) || count_characters(*text) > most ||
             text->find_first_of("\t\r\n") != json::string::npos) {
    refuse(member, "bad_name",
           fmt::format("must be 1 to {} characters, no control characters", most));
  } else {
    return std::string(*text);
  }
  return {};
}

std::string BodyReader::text(std::string_view member, std::size_t bytes_max) {
  const json::value* const value = body_.if_contains(member);
  const json::string* const text = value ? value->if_string() : nullptr;
  if (text && !text->empty() && text->size() <= bytes_max) return std::string(*text);
  refuse(member, value ? "wrong_type" : "required",
         fmt::format("must be a string of 1 to {} bytes", bytes_max));
  return {};
}

std::int64_t BodyReader::count(std::string_view member, std::int64_t most) {
  const json::value* const value = body_.if_contains(member);
  if (!value) {
    refuse(member, "required", "is required");
  } else if (!value->is_int64() || value->get_int64() < 1 || value->get_int64() > most) {
    refuse(member, "out_of_range", fmt::format("must be a whole number from 1 to {}", most));
  } else {
    return value->get_int64();
  }
  return 0;
}

UnixMillis BodyReader::instant(std::string_view member) {
  const json::value* const value = body_.if_contains(member);
  const json::string* const text = value ? value->if_string() : nullptr;
  const auto instant = text ? parse_timestamp(*text) : std::nullopt;
  if (instant) return *instant;
  refuse(member, value ? "bad_time" : "required", "must be a time such as 2026-03-02T10:11:12Z");
  return 0;
}

Result<void> BodyReader::done(std::string_view what) {
  if (errors_.empty()) return {};
  return fail(Error(Errc::validation_failed, fmt::format("{} is not acceptable", what), {},
                    std::move(errors_)));
}

Result<ActivationRequest> read_activation(const Request& request) {
  SKERRY_TRY(const json::object body, request.json_body());
  BodyReader reader(body,
                    {"activation_code", "product", "seat_id", "seat_name", "user", "edition"});
  ActivationRequest read;
  // What cannot be a code is one that opens nothing.
  const std::string code = reader.name("activation_code", true);
  read.opening.digest =
      licensing::digest_of(licensing::canonical_code(code).value_or(std::string()));
  read.opening.product = reader.name("product", true);
  if (body.contains("edition")) read.opening.edition = reader.name("edition", false);
  read.claim.machine = reader.name("seat_id", true);
  read.claim.name = reader.name("seat_name", false);
  read.claim.user = reader.name("user", false);
  read.claim.request = hash_of_call(request);
  SKERRY_TRY_VOID(reader.done("the activation"));
  return read;
}

Result<RecordId> activation_id(const Request& request) {
  const auto id = parse_id<RecordId>(request.param("id"));
  if (id) return *id;
  return fail(Errc::not_found, "no activation has this id", "POST /v1/activations");
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
  caller.is_operator = request.principal->may(looks ? Access::read : Access::write);
  if (!caller.is_operator)
    return fail(Errc::unauthorized, "the secret of the seat is missing",
                "send the secret of its activation in Skerry-Seat-Secret");
  if (!looks && request.header("Skerry-Reason").empty())
    return fail(Errc::bad_request, "an operator who acts for a seat says why in Skerry-Reason");
  return caller;
}

}  // namespace skerry::api
