#include "core/errc.hpp"

#include <array>

#include "core/check.hpp"

namespace skerry {
namespace {

using enum Errc;

// In the order of the enumeration, one entry each; checked below, when this is compiled.
constexpr std::array table{
    ErrcInfo{bad_request, "bad_request", "The request is malformed", 400, Exit::usage},
    ErrcInfo{bad_json, "bad_json", "The body is not acceptable JSON", 400, Exit::bad_input},
    ErrcInfo{validation_failed, "validation_failed", "The values break rules of the kind", 422,
             Exit::bad_input},
    ErrcInfo{unauthorized, "unauthorized", "Credentials are missing or unknown", 401,
             Exit::not_permitted},
    ErrcInfo{forbidden, "forbidden", "These credentials do not permit this", 403,
             Exit::not_permitted},
    ErrcInfo{not_found, "not_found", "There is no such thing here", 404, Exit::failed},
    ErrcInfo{method_not_allowed, "method_not_allowed", "The method does not exist here", 405,
             Exit::usage},
    ErrcInfo{not_acceptable, "not_acceptable", "No acceptable representation", 406, Exit::usage},
    ErrcInfo{unsupported_media, "unsupported_media", "The content type is not read here", 415,
             Exit::usage},
    ErrcInfo{request_timeout, "request_timeout", "The request came too slowly", 408, Exit::failed},
    ErrcInfo{payload_too_large, "payload_too_large", "The body is over its limit", 413,
             Exit::bad_input},
    ErrcInfo{header_too_large, "header_too_large", "The header is over its limit", 431,
             Exit::usage},
    ErrcInfo{precondition_required, "precondition_required", "If-Match is required", 428,
             Exit::usage},
    ErrcInfo{precondition_failed, "precondition_failed", "The record has changed", 412,
             Exit::failed},
    ErrcInfo{bad_cursor, "bad_cursor", "The cursor does not belong to this list", 400, Exit::usage},
    ErrcInfo{idempotency_mismatch, "idempotency_mismatch",
             "The idempotency key was used with another body", 422, Exit::usage},
    ErrcInfo{idempotency_running, "idempotency_running",
             "The first request with this key is still running", 409, Exit::busy},
    ErrcInfo{owned_by_central, "owned_by_central", "Only central writes this", 409,
             Exit::not_permitted},
    ErrcInfo{read_only_copy, "read_only_copy", "This machine is a copy and takes no writes", 409,
             Exit::not_permitted},
    ErrcInfo{Errc::duplicate_key, "duplicate_key", "The value is taken", 409, Exit::bad_input},
    ErrcInfo{reference_not_found, "reference_not_found", "A reference names nothing", 422,
             Exit::bad_input},
    ErrcInfo{in_use, "in_use", "Other records refer to this one", 409, Exit::failed},
    ErrcInfo{too_many_requests, "too_many_requests", "Too many requests", 429, Exit::busy},
    ErrcInfo{busy, "busy", "The machine is busy", 503, Exit::busy},
    ErrcInfo{stopping, "stopping", "The daemon is stopping", 503, Exit::busy},
    ErrcInfo{wrong_role, "wrong_role", "This machine's role does not do this", 409, Exit::usage},
    ErrcInfo{corrupt_bundle, "corrupt_bundle", "The bundle is damaged", 422, Exit::bad_input},
    ErrcInfo{unsupported_version, "unsupported_version", "The format is newer than this program",
             422, Exit::bad_input},
    ErrcInfo{wrong_recipient, "wrong_recipient", "The bundle is for somebody else", 422,
             Exit::bad_input},
    ErrcInfo{bad_signature, "bad_signature", "The signature does not fit", 422, Exit::trust},
    ErrcInfo{unknown_signer, "unknown_signer", "No known key signed this", 422, Exit::trust},
    ErrcInfo{revoked_signer, "revoked_signer", "A revoked key signed this", 422, Exit::trust},
    ErrcInfo{missing_key, "missing_key", "No key here opens this", 422, Exit::trust},
    ErrcInfo{bundle_gap, "bundle_gap", "Earlier bundles are needed first", 409, Exit::gap},
    ErrcInfo{wrong_history, "wrong_history", "The bundle stands on another history", 409,
             Exit::gap},
    ErrcInfo{code_used, "code_used", "The enrolment code is used or unknown", 409, Exit::trust},
    ErrcInfo{limit_exceeded, "limit_exceeded", "A limit of the format is exceeded", 422,
             Exit::bad_input},
    ErrcInfo{not_entitled, "not_entitled", "No entitlement allows this", 403, Exit::not_permitted},
    ErrcInfo{seats_exhausted, "seats_exhausted", "No seat is free", 409, Exit::failed},
    ErrcInfo{feature_exhausted, "feature_exhausted", "Not enough of the feature is left", 409,
             Exit::failed},
    ErrcInfo{seat_cloned, "seat_cloned", "Another machine goes on as this seat", 409, Exit::trust},
    ErrcInfo{no_seat, "no_seat", "There is no such seat here", 404, Exit::failed},
    ErrcInfo{not_enrolled, "not_enrolled", "This site has no central yet", 409, Exit::attention},
    ErrcInfo{no_recovery_key, "no_recovery_key", "There is no recovery key", 409,
             Exit::configuration},
    ErrcInfo{already_exists, "already_exists", "It is there already", 409, Exit::failed},
    ErrcInfo{unreachable, "unreachable", "No answer", 502, Exit::unreachable},
    ErrcInfo{central_unreachable, "central_unreachable", "Central does not answer", 502,
             Exit::busy},
    ErrcInfo{tls_failed, "tls_failed", "The peer's certificate was not accepted", 502, Exit::trust},
    ErrcInfo{io_failed, "io_failed", "Reading or writing failed", 500, Exit::io},
    ErrcInfo{storage_full, "storage_full", "No space left", 507, Exit::io},
    ErrcInfo{locked, "locked", "Another daemon holds the data folder", 503, Exit::busy},
    ErrcInfo{bad_config, "bad_config", "The configuration is wrong", 409, Exit::configuration},
    ErrcInfo{usage, "usage", "The command line is wrong", 400, Exit::usage},
    ErrcInfo{bad_input, "bad_input", "The input is wrong", 422, Exit::bad_input},
    ErrcInfo{internal, "internal", "A defect in Skerry", 500, Exit::failed},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < table.size(); ++i)
    if (table[i].code != static_cast<Errc>(i)) return false;
  return table.back().code == internal;
}
static_assert(in_order(), "table and enumeration of Errc differ");

}  // namespace

const ErrcInfo& info(Errc code) {
  const auto index = static_cast<std::size_t>(code);
  SKERRY_CHECK(index < table.size());
  return table[index];
}

const ErrcInfo* find_errc(std::string_view slug) {
  for (const ErrcInfo& entry : table)
    if (entry.slug == slug) return &entry;
  return nullptr;
}

}  // namespace skerry
