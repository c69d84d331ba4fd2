// Every reason an operation can be refused, with the one table that maps it to the HTTP status, the
// problem slug and the exit code of the command line (docs/design: API "Errors", "Exit codes").
#pragma once

#include <string_view>

namespace skerry {

// The exit codes of `skerry`, after sysexits.h where it has one.
enum class Exit : int {
  ok = 0,
  failed = 1,
  partly = 3,
  attention = 10,
  conflicts = 11,
  trust = 12,
  gap = 13,
  usage = 64,
  bad_input = 65,
  unreachable = 69,
  io = 74,
  busy = 75,
  not_permitted = 77,
  configuration = 78,
};

enum class Errc {
  // requests
  bad_request,            // the request line, a header or a parameter is malformed
  bad_json,               // the body is not the JSON we accept
  validation_failed,      // the body is JSON but breaks rules of its kind; errors[] names each
  unauthorized,           // no credentials, or credentials we do not know
  forbidden,              // known credentials without the right for this route
  not_found,              // no such record, route or file
  method_not_allowed,     // the path exists, the method does not
  not_acceptable,         // the client accepts none of what we can send
  unsupported_media,      // content type we do not read
  request_timeout,        // header or body came too slowly
  payload_too_large,      // body over its limit
  header_too_large,       // header over its limit
  precondition_required,  // If-Match is missing
  precondition_failed,    // If-Match names another revision
  bad_cursor,             // the cursor is not ours, or belongs to another list
  idempotency_mismatch,   // the key was used with another body
  idempotency_running,    // the first request with the key is still running
  owned_by_central,       // the field or kind is central's to write
  read_only_copy,         // this machine is a copy of its site, which writes elsewhere
  duplicate_key,          // a unique field's value is taken
  reference_not_found,    // a reference names no record
  in_use,                 // other records refer to this one
  too_many_requests,      // a rate limit
  busy,                   // a queue is full, or every connection taken; retry
  stopping,               // the daemon is shutting down
  wrong_role,             // central's operation at a site, or the reverse
  // bundles and trust
  corrupt_bundle,       // not a bundle, or damaged
  unsupported_version,  // a format newer than this program
  wrong_recipient,      // the bundle is for somebody else
  bad_signature,        // the signature does not fit the bytes
  unknown_signer,       // no key we know signed it
  revoked_signer,       // a revoked key signed it
  missing_key,          // no key of ours opens it
  bundle_gap,           // earlier bundles are needed first
  wrong_history,        // the sender's history is not the one we hold
  code_used,            // the enrolment code was used or is unknown
  limit_exceeded,       // a limit of the format is exceeded
  // seats
  not_entitled,       // no entitlement that is in force here allows it
  seats_exhausted,    // no seat is free
  feature_exhausted,  // not enough of a feature is left
  seat_cloned,        // the call is not the one that follows: another machine goes on as the seat
  no_seat,            // the seat has ended, or was never of this machine
  // surroundings
  not_enrolled,         // the site has no central yet
  no_recovery_key,      // there is no key that a backup could be encrypted to
  already_exists,       // init or enrol on something that is there
  unreachable,          // no answer: to the command line, from the daemon
  central_unreachable,  // no answer from central to this site
  tls_failed,           // the peer's certificate was not accepted
  io_failed,            // reading or writing failed
  database_damaged,     // what is in skerry.db cannot be: no try ends otherwise
  storage_full,         // no space left
  locked,               // another daemon holds the data folder
  bad_config,           // the configuration is wrong
  usage,                // the command line is wrong
  bad_input,            // an input file is wrong
  internal,             // a defect: logged with the request id
};

struct ErrcInfo {
  Errc code;
  std::string_view slug;   // stable, the `code` of problem+json
  std::string_view title;  // the `title` of problem+json
  int http_status;
  Exit exit;
  std::string_view remedy;  // a sentence without its full stop: what to do, for `skerry explain`
};

const ErrcInfo& info(Errc code);

// The slug's entry, or nullptr: for `skerry explain` and for clients that read a problem back.
const ErrcInfo* find_errc(std::string_view slug);

}  // namespace skerry
