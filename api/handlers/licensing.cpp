#include "api/handlers/licensing.hpp"

#include <fmt/format.h>

#include "api/handlers/author.hpp"
#include "api/handlers/entity_tag.hpp"
#include "api/handlers/record_request.hpp"
#include "api/retry.hpp"
#include "api/work.hpp"
#include "core/json_text.hpp"
#include "core/timestamp.hpp"
#include "licensing/allowance.hpp"
#include "licensing/entitlements.hpp"
#include "licensing/seat_desk.hpp"

namespace skerry::api {
namespace {

using licensing::Acting;
using store::Connection;
using store::Record;

const Kind& kind_named(std::string_view name) { return *find_kind(name); }

Error refusal(std::string_view member, std::string_view code, std::string detail) {
  return Error(Errc::validation_failed, fmt::format("{} {}", member, detail), {},
               {{fmt::format("/{}", member), std::string(code), detail}});
}

// Acts on the record that {id} names, at central alone; what it answers is kept for a retry.
template <class Act>
Task<Result<Response>> act(Context& context, Request& request, std::string_view kind, Act what) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(const RecordId id, id_of(request, kind_named(kind)));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  if (context.role != Role::central)
    co_return fail(Errc::owned_by_central, "licences are central's to write",
                   "ask the vendor's central");
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<Response> {
    store::RecordWriter writer = record_writer(context, connection);
    const Acting acting{connection, writer, author, context.node.random,
                        context.node.log.wall_ms()};
    return what(acting, id, retry);
  };
  auto response = co_await write(context, work);
  co_return response;
}

using Verb = Result<Record> (*)(const Acting&, const RecordId&, std::optional<std::int64_t>);

Task<Result<Response>> apply(Context& context, Request& request, std::string_view kind, Verb verb) {
  std::optional<std::int64_t> revision;
  if (!request.header("If-Match").empty()) {
    SKERRY_CO_TRY(revision, required_revision(request.header("If-Match")));
  }
  auto what = [&](const Acting& acting, const RecordId& id, Retry& retry) -> Result<Response> {
    SKERRY_TRY(const Record record, verb(acting, id, revision));
    Response response = record_answer(200, record);
    if (retry.has_key()) retry.keep(acting.connection, response);
    return response;
  };
  auto response = co_await act(context, request, kind, what);
  co_return response;
}

// A member that is an array of 1 to `most` texts, and the only one.
Result<std::vector<std::string>> read_texts(const json::object& body, std::string_view name,
                                            std::size_t most) {
  for (const auto& [member, value] : body)
    if (member != name)
      return fail(refusal(member, "unknown_field", fmt::format("does not go with {}", name)));
  const json::value* given = body.if_contains(name);
  const json::array* elements = given ? given->if_array() : nullptr;
  if (!elements || elements->empty() || elements->size() > most)
    return fail(refusal(name, "wrong_type", fmt::format("must be an array of 1 to {}", most)));
  std::vector<std::string> texts;
  for (const json::value& each : *elements) {
    const json::string* text = each.if_string();
    if (!text)
      return fail(
          refusal(fmt::format("{}/{}", name, texts.size()), "wrong_type", "must be a string"));
    texts.emplace_back(*text);
  }
  return texts;
}

struct CodesWanted {
  std::vector<std::string> own;
  std::size_t count = 0;
};
Result<CodesWanted> read_codes_wanted(const json::object& body) {
  CodesWanted wanted;
  if (body.contains("codes")) {
    SKERRY_TRY(wanted.own, read_texts(body, "codes", licensing::codes_max));
    return wanted;
  }
  for (const auto& [member, value] : body)
    if (member != "count")
      return fail(refusal(member, "unknown_field", "is neither count nor codes"));
  const json::value* given = body.if_contains("count");
  const std::int64_t* count = given ? given->if_int64() : nullptr;
  if (!count || *count < 1 || *count > static_cast<std::int64_t>(licensing::codes_max))
    return fail(refusal("count", "out_of_range",
                        fmt::format("must be from 1 to {}", licensing::codes_max)));
  wanted.count = static_cast<std::size_t>(*count);
  return wanted;
}

Result<std::int64_t> read_seats(const json::object& body) {
  for (const auto& [member, value] : body)
    if (member != "seats") return fail(refusal(member, "unknown_field", "is not seats"));
  const json::value* given = body.if_contains("seats");
  const std::int64_t* seats = given ? given->if_int64() : nullptr;
  if (!seats) return fail(refusal("seats", "wrong_type", "must be a whole number"));
  if (*seats < 1) return fail(refusal("seats", "out_of_range", "must be 1 or more"));
  return *seats;
}

json::value time_json(const std::optional<UnixMillis>& time) {
  return time ? json::value(format_timestamp(*time)) : json::value();
}

json::object feature_json(const licensing::AllowedFeature& feature) {
  using enum licensing::FeatureType;
  if (feature.type == boolean) return {{"type", "bool"}, {"enabled", feature.enabled}};
  return {{"type", feature.type == usage_count ? "usage_count" : "element_pool"},
          {"amount", to_json(feature.amount)},
          {"overdraft", to_json(feature.overdraft)}};
}

json::object allowance_json(const licensing::Allowance& allowance) {
  json::object features;
  for (const auto& each : allowance.features) features[each.key] = feature_json(each);
  return {{"entitlement", to_string(allowance.entitlement)},
          {"customer", to_string(allowance.customer)},
          {"product", to_string(allowance.product)},
          {"status", licensing::to_text(allowance.status)},
          {"seats", to_json(allowance.seats)},
          {"overdraft", to_json(allowance.overdraft)},
          {"lease_seconds", allowance.lease_seconds},
          {"offline_lease_seconds", allowance.offline_lease_seconds},
          {"grace_seconds", allowance.grace_seconds},
          {"starts_at", time_json(allowance.starts_at)},
          {"expires_at", time_json(allowance.expires_at)},
          {"maintenance_until", time_json(allowance.maintenance_until)},
          {"usage_since",
           allowance.usage_since == 0 ? json::value(nullptr) : time_json(allowance.usage_since)},
          {"allocated_until", time_json(allowance.allocated_until)},
          {"features", std::move(features)},
          {"attributes", allowance.attributes}};
}

}  // namespace

Task<Result<Response>> renew_entitlement(Context& context, Request& request) {
  return apply(context, request, "entitlement", licensing::renew);
}

Task<Result<Response>> start_entitlement(Context& context, Request& request) {
  return apply(context, request, "entitlement", licensing::start);
}

Result<Response> get_allowance(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  SKERRY_TRY(const RecordId id, id_of(request, kind_named("entitlement")));
  {
    const store::Reader reader = context.node.database.read();
    SKERRY_TRY_VOID(check_seen(*reader, request, kind_named("entitlement"), id));
  }
  const auto allowance = context.seats->allowed(id);
  if (!allowance)
    return fail(Errc::not_found, "this machine has nothing of such an entitlement",
                "central allocates some to it: POST /v1/allocations");
  return Response::json(200, json::value(allowance_json(*allowance)));
}

Task<Result<Response>> reclaim_allocation(Context& context, Request& request) {
  return apply(context, request, "allocation", licensing::reclaim);
}

Task<Result<Response>> reduce_entitlement(Context& context, Request& request) {
  std::optional<std::int64_t> revision;
  if (!request.header("If-Match").empty()) {
    SKERRY_CO_TRY(revision, required_revision(request.header("If-Match")));
  }
  auto what = [&](const Acting& acting, const RecordId& id, Retry& retry) -> Result<Response> {
    SKERRY_TRY(const json::object body, request.json_body());
    SKERRY_TRY(const std::int64_t seats, read_seats(body));
    SKERRY_TRY(const Record record, licensing::reduce(acting, id, seats, revision));
    Response response = record_answer(200, record);
    if (retry.has_key()) retry.keep(acting.connection, response);
    return response;
  };
  auto response = co_await act(context, request, "entitlement", what);
  co_return response;
}

Task<Result<Response>> entitle_order(Context& context, Request& request) {
  auto what = [&](const Acting& acting, const RecordId& id, Retry& retry) -> Result<Response> {
    SKERRY_TRY(const json::object body, request.json_body());
    SKERRY_TRY(const auto skus, read_texts(body, "skus", licensing::order_lines_max));
    SKERRY_TRY(const auto made, licensing::entitle(acting, id, skus));
    std::string text = R"({"items":[)";
    for (const Record& record : made) {
      if (&record != &made.front()) text += ',';
      store::append_record_json(text, record);
    }
    Response response = Response::json(201, text + "]}");
    if (retry.has_key()) retry.keep(acting.connection, response);
    return response;
  };
  auto response = co_await act(context, request, "sales_order", what);
  co_return response;
}

// They are shown once: a retry by key gives their records without them.
Task<Result<Response>> add_activation_codes(Context& context, Request& request) {
  auto what = [&](const Acting& acting, const RecordId& id, Retry& retry) -> Result<Response> {
    SKERRY_TRY(const json::object body, request.json_body());
    SKERRY_TRY(const CodesWanted wanted, read_codes_wanted(body));
    SKERRY_TRY(const auto made, licensing::add_codes(acting, id, wanted.own, wanted.count));
    json::array shown;
    json::array described;
    for (const licensing::NewCode& each : made) {
      json::object item{{"id", to_string(each.record.id)}, {"hint", each.record.value("hint")}};
      described.push_back(item);
      item["code"] = each.code;
      shown.push_back(std::move(item));
    }
    if (retry.has_key())
      retry.keep(acting.connection,
                 Response::json(201, json::object{{"items", std::move(described)}}));
    Response response = Response::json(201, json::object{{"items", std::move(shown)}});
    response.header("Cache-Control", "no-store");
    return response;
  };
  auto response = co_await act(context, request, "sales_order", what);
  co_return response;
}

}  // namespace skerry::api
