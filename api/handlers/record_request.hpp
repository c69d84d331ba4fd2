// What the handlers of records have in common: which record a request means, and how one is
// answered.
#pragma once

#include <optional>

#include "api/context.hpp"
#include "api/http_types.hpp"
#include "store/write_records.hpp"

namespace skerry::api {

// The kind that {plural} names; Errc::not_found lists those there are.
Result<const Kind*> kind_of(const Request& request);
// What a route of records asks for with this kind: only administrators write sites; who may move
// assets writes moves, where the table says so, and no other kind.
Access access_to_write(const Kind& kind, const Route& route);
// What the route of this request asks for: what stands in the table but for the above.
Access access_asked(const Request& request);
// Of a kind whose records are neither made nor deleted by a write: 405 that says how they are.
std::optional<Response> refuse_unwritten(const Request& request, const Kind& kind,
                                         std::string_view allow);
// What is no id names no record: Errc::not_found.
Result<RecordId> id_of(const Request& request, const Kind& kind);

struct NewRecord {
  std::optional<RecordId> id;
  FieldValues values;
  std::vector<FieldError> errors;  // about what is neither
};
// The fields of the kind, and `id` beside them.
NewRecord read_new_record(const Kind& kind, json::object body);

// Errc::not_found for a record that the caller does not see, of which he is not told that it is
// there.
Result<void> check_seen(store::Connection& connection, const Request& request, const Kind& kind,
                        const RecordId& id);

// With its ETag.
Response record_answer(unsigned status, const store::Record& record);
// 201, with its Location.
Response created_answer(const store::Record& record);

// 412 with the record as it is now, and in `errors` the fields that `patch` would still change: the
// client can decide without another request.
Response precondition_answer(store::Connection& connection, Error error, const Kind& kind,
                             const RecordId& id, const json::object& patch,
                             std::string_view request_id);

// For the life of one write job.
store::RecordWriter record_writer(Context& context, store::Connection& connection);

}  // namespace skerry::api
