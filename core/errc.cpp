#include "core/errc.hpp"

#include <array>

#include "core/check.hpp"

namespace skerry {
namespace {

using enum Errc;

// In the order of the enumeration, one entry each; checked below, when this is compiled.
constexpr std::array table{
    ErrcInfo{
        bad_request, "bad_request", "The request is malformed", 400, Exit::usage,
        "Something in the request line, a header or a parameter is malformed: the detail names it"},
    ErrcInfo{bad_json, "bad_json", "The body is not acceptable JSON", 400, Exit::bad_input,
             "The body is no JSON, or says a member twice: the detail has the place in it"},
    ErrcInfo{validation_failed, "validation_failed", "The values break rules of the kind", 422,
             Exit::bad_input,
             "errors[] names each value, what is wrong with it and its own code: correct them and "
             "send it again"},
    ErrcInfo{unauthorized, "unauthorized", "Credentials are missing or unknown", 401,
             Exit::not_permitted,
             "Sign in again, or send a token that is in force: Authorization: Bearer"},
    ErrcInfo{
        forbidden, "forbidden", "These credentials do not permit this", 403, Exit::not_permitted,
        "Role, access or customers of the account or token do not cover it: ask an administrator"},
    ErrcInfo{not_found, "not_found", "There is no such thing here", 404, Exit::failed,
             "It was deleted, was never here, or lies outside of what these credentials see: check "
             "the id or the name"},
    ErrcInfo{method_not_allowed, "method_not_allowed", "The method does not exist here", 405,
             Exit::usage, "The path exists; the header Allow names its methods"},
    ErrcInfo{not_acceptable, "not_acceptable", "No acceptable representation", 406, Exit::usage,
             "Accept names no form that is sent here: ask for application/json, or leave it out"},
    ErrcInfo{unsupported_media, "unsupported_media", "The content type is not read here", 415,
             Exit::usage, "Send the Content-Type that /docs names for this call"},
    ErrcInfo{request_timeout, "request_timeout", "The request came too slowly", 408, Exit::failed,
             "The line is slow, or the client stopped amid the request: send it again"},
    ErrcInfo{payload_too_large, "payload_too_large", "The body is over its limit", 413,
             Exit::bad_input, "Send less at once; the detail has the limit"},
    ErrcInfo{header_too_large, "header_too_large", "The header is over its limit", 431, Exit::usage,
             "Send fewer or shorter headers and a shorter address"},
    ErrcInfo{precondition_required, "precondition_required", "If-Match is required", 428,
             Exit::usage,
             "Read the record, then send its ETag as If-Match, so that nobody's change is lost"},
    ErrcInfo{precondition_failed, "precondition_failed", "The record has changed", 412,
             Exit::failed,
             "Somebody changed it since it was read: read it again, and repeat the change"},
    ErrcInfo{
        bad_cursor, "bad_cursor", "The cursor does not belong to this list", 400, Exit::usage,
        "It is of another list, filter or machine, or damaged: begin the list again without one"},
    ErrcInfo{idempotency_mismatch, "idempotency_mismatch",
             "The idempotency key was used with another body", 422, Exit::usage,
             "Take a new key for each new request; the same only to repeat one"},
    ErrcInfo{idempotency_running, "idempotency_running",
             "The first request with this key is still running", 409, Exit::busy,
             "Wait, and repeat it with the same key: the answer will be that of the first"},
    ErrcInfo{owned_by_central, "owned_by_central", "Only central writes this", 409,
             Exit::not_permitted, "Change it at central; it comes here with an exchange"},
    ErrcInfo{read_only_copy, "read_only_copy", "This machine is a copy and takes no writes", 409,
             Exit::not_permitted,
             "Write on the machine that goes on as this site: skerry status says since when this "
             "one is a copy"},
    ErrcInfo{Errc::duplicate_key, "duplicate_key", "The value is taken", 409, Exit::bad_input,
             "Another record has the value already: choose another, or change that record"},
    ErrcInfo{reference_not_found, "reference_not_found", "A reference names nothing", 422,
             Exit::bad_input,
             "Create the record first, or correct the id; the detail names the field"},
    ErrcInfo{in_use, "in_use", "Other records refer to this one", 409, Exit::failed,
             "Change or delete the records that refer to it first, or archive this one instead"},
    ErrcInfo{too_many_requests, "too_many_requests", "Too many requests", 429, Exit::busy,
             "Wait as many seconds as Retry-After says"},
    ErrcInfo{busy, "busy", "The machine is busy", 503, Exit::busy,
             "A queue is full or work of the same kind is running: try again in a moment"},
    ErrcInfo{stopping, "stopping", "The daemon is stopping", 503, Exit::busy,
             "It is being stopped or started again: try again in a moment"},
    ErrcInfo{wrong_role, "wrong_role", "This machine's role does not do this", 409, Exit::usage,
             "Do it on the machine whose role it is: at central what is central's, at a site what "
             "is a site's"},
    ErrcInfo{corrupt_bundle, "corrupt_bundle", "The bundle is damaged", 422, Exit::bad_input,
             "It is cut short, changed, or no bundle at all: copy or export it once more"},
    ErrcInfo{unsupported_version, "unsupported_version", "The format is newer than this program",
             422, Exit::bad_input, "A newer version of Skerry wrote it: install that version here"},
    ErrcInfo{wrong_recipient, "wrong_recipient", "The bundle is for somebody else", 422,
             Exit::bad_input, "Carry it to the machine that it was made for"},
    ErrcInfo{bad_signature, "bad_signature", "The signature does not fit", 422, Exit::trust,
             "It was changed after it was signed, or another key signed it: do not use it, and ask "
             "where it comes from"},
    ErrcInfo{unknown_signer, "unknown_signer", "No known key signed this", 422, Exit::trust,
             "Do not use it before somebody vouches for the key"},
    ErrcInfo{revoked_signer, "revoked_signer", "A revoked key signed this", 422, Exit::trust,
             "Its machine was shut out or has newer keys: get a new one, signed by a key that is "
             "in force"},
    ErrcInfo{missing_key, "missing_key", "No key here opens this", 422, Exit::trust,
             "It is encrypted to a key that is not here: use the machine, or the key file, that it "
             "was made for"},
    ErrcInfo{
        bundle_gap, "bundle_gap", "Earlier bundles are needed first", 409, Exit::gap,
        "Import the earlier ones first, or let an exchange there and back send what is missing"},
    ErrcInfo{wrong_history, "wrong_history", "It stands on another history", 409, Exit::gap,
             "One of the two was put back from a backup: exchange once there and back, and both "
             "settle it"},
    ErrcInfo{code_used, "code_used", "The enrolment code is used or unknown", 409, Exit::trust,
             "Each serves once and for a while: have central make a new invitation"},
    ErrcInfo{limit_exceeded, "limit_exceeded", "A limit of the format is exceeded", 422,
             Exit::bad_input,
             "It is larger than the format allows: the detail has the limit; split it"},
    ErrcInfo{
        not_entitled, "not_entitled", "No entitlement allows this", 403, Exit::not_permitted,
        "Nothing in force covers it: check the entitlement's state, dates and place, or sell one"},
    ErrcInfo{seats_exhausted, "seats_exhausted", "No seat is free", 409, Exit::failed,
             "Give a seat back, raise the amount, or wait until a lease ends"},
    ErrcInfo{feature_exhausted, "feature_exhausted", "Not enough of the feature is left", 409,
             Exit::failed, "Release what is in use, or ask for less; the detail says what is left"},
    ErrcInfo{seat_cloned, "seat_cloned", "Another machine goes on as this seat", 409, Exit::trust,
             "Two machines use one seat: give it back on one of them, and activate that one anew"},
    ErrcInfo{no_seat, "no_seat", "There is no such seat here", 404, Exit::failed,
             "It was given back, ended or is another machine's: activate again"},
    ErrcInfo{not_enrolled, "not_enrolled", "This site has no central yet", 409, Exit::attention,
             "Take an invitation that central made: skerry enrol INVITATION"},
    ErrcInfo{no_recovery_key, "no_recovery_key", "There is no recovery key", 409,
             Exit::configuration,
             "Make one, keep its file away from this machine, and name its public half: skerry "
             "backup key FILE"},
    ErrcInfo{already_exists, "already_exists", "It is there already", 409, Exit::failed,
             "What is there stays: choose another name or place, or go on with what is there"},
    ErrcInfo{unreachable, "unreachable", "No answer", 502, Exit::unreachable,
             "Look whether the daemon runs, and on this data folder: systemctl status skerry, or "
             "skerry serve"},
    ErrcInfo{central_unreachable, "central_unreachable", "Central does not answer", 502, Exit::busy,
             "Check the line and central.url; changes wait meanwhile, and a medium carries them as "
             "ever"},
    ErrcInfo{tls_failed, "tls_failed", "The peer's certificate was not accepted", 502, Exit::trust,
             "Name the certificate of its authority in central.ca_file, and check the clock"},
    ErrcInfo{io_failed, "io_failed", "Reading or writing failed", 500, Exit::io,
             "The detail has the system's reason: check the disk, the path and the rights to it"},
    ErrcInfo{database_damaged, "database_damaged", "The database is damaged", 500, Exit::bad_input,
             "Restore a backup: skerry backup restore FILE; then check the disk"},
    ErrcInfo{storage_full, "storage_full", "No space left", 507, Exit::io,
             "Free some space there, then do it again"},
    ErrcInfo{locked, "locked", "Another daemon holds the data folder", 503, Exit::busy,
             "Stop the other one first, or let the running daemon do it"},
    ErrcInfo{bad_config, "bad_config", "The configuration is wrong", 409, Exit::configuration,
             "Correct what the detail names: skerry config check"},
    ErrcInfo{usage, "usage", "The command line is wrong", 400, Exit::usage,
             "Look at the command's own help: --help behind it"},
    ErrcInfo{bad_input, "bad_input", "The input is wrong", 422, Exit::bad_input,
             "The detail says what the file, the value or the database has that cannot be: correct "
             "it, or take another"},
    ErrcInfo{internal, "internal", "A defect in Skerry", 500, Exit::failed,
             "Try it again; when it stays, send the output of skerry support bundle with the "
             "request id"},
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
