// Moving many assets at once, and where one asset was.
#include <fmt/format.h>
#include <unordered_set>

#include "api/handlers/author.hpp"
#include "api/handlers/lifecycle.hpp"
#include "api/handlers/record_request.hpp"
#include "api/handlers/selection.hpp"
#include "api/retry.hpp"
#include "api/work.hpp"
#include "core/check.hpp"
#include "core/timestamp.hpp"
#include "store/places.hpp"

namespace skerry::api {
namespace {

using store::Connection;
using store::Record;

constexpr std::size_t assets_max = 10'000;

const Kind& kind_named(std::string_view name) {
  const Kind* kind = find_kind(name);
  SKERRY_CHECK(kind != nullptr);
  return *kind;
}

struct ManyMoves {
  std::vector<RecordId> assets;
  json::object move;  // the fields of each
};

Result<ManyMoves> read_many(json::object body, bool by_filter) {
  ManyMoves many;
  std::vector<FieldError> errors;
  const json::value* assets = body.if_contains("assets");
  if (by_filter) {
    if (assets) errors.push_back({"/assets", "unknown_field", "the filters say which assets"});
  } else if (!assets || !assets->is_array() || assets->get_array().empty() ||
             assets->get_array().size() > assets_max) {
    errors.push_back(
        {"/assets", "required", fmt::format("must be an array of 1 to {} ids", assets_max)});
  } else {
    std::unordered_set<RecordId> named;
    for (std::size_t i = 0; i < assets->get_array().size(); ++i) {
      const json::string* text = assets->get_array()[i].if_string();
      const auto id = text ? parse_id<RecordId>(*text) : std::nullopt;
      const std::string pointer = fmt::format("/assets/{}", i);
      if (!id)
        errors.push_back({pointer, "bad_id", "is not a record id (a UUID)"});
      else if (!named.insert(*id).second)
        errors.push_back({pointer, "repeated", "stands there twice"});
      else
        many.assets.push_back(*id);
    }
  }
  if (body.contains("asset"))
    errors.push_back({"/asset", "unknown_field", "the assets stand in assets"});
  if (body.contains("id"))
    errors.push_back({"/id", "unknown_field", "many moves have an id each, made here"});
  if (!errors.empty())
    return fail(
        Error(Errc::validation_failed, "the moves are not acceptable", {}, std::move(errors)));
  body.erase("assets");
  many.move = std::move(body);
  return many;
}

// From where it stands, unless the request says otherwise.
Result<Record> move_one(Connection& connection, store::RecordWriter& writer, const RecordId& asset,
                        json::object move, const store::Author& author) {
  const Kind& asset_kind = kind_named("asset");
  const auto standing = store::find_record(connection, asset_kind, asset);
  move["asset"] = to_string(asset);
  if (standing && !move.contains("from_location")) {
    const auto location =
        static_cast<std::size_t>(asset_kind.find_column("location")) - asset_kind.fields.size();
    const json::value& from = standing->derived[location];
    const json::value* to = move.if_contains("to_location");
    if (!from.is_null() && (!to || from != *to)) move["from_location"] = from;
  }
  NewRecord made = read_new_record(kind_named("move"), std::move(move));
  return writer.create(kind_named("move"), std::nullopt, std::move(made.values), author,
                       std::move(made.errors));
}

// Of the move of one asset: what the body does not say of all is about this one.
Error about_asset(Error error, const json::object& body, std::string_view pointer,
                  const RecordId& asset) {
  if (error.errors.empty())
    error.errors.push_back(
        {std::string(pointer), std::string(info(error.code).slug), error.detail});
  for (FieldError& each : error.errors)
    if (each.pointer == "/asset" ||
        (each.pointer == "/from_location" && !body.contains("from_location")))
      each.pointer = pointer;
  error.detail = fmt::format("asset {}: {}; no asset was moved", to_string(asset), error.detail);
  return error;
}

std::string event_json(const store::MoveEvent& event) {
  return fmt::format(
      R"({{"state":"{}","at":"{}","from_location":{},"to_location":"{}","move":"{}"}})",
      to_text(event.state), format_timestamp(event.at),
      event.from ? fmt::format("\"{}\"", to_string(*event.from)) : "null", to_string(event.to),
      to_string(event.move));
}

}  // namespace

Task<Result<Response>> move_assets(Context& context, Request& request) {
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  SKERRY_CO_TRY(json::object body, request.json_body());
  const bool by_filter = !request.queries().empty();
  SKERRY_CO_TRY(ManyMoves many, read_many(std::move(body), by_filter));
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<Response> {
    if (by_filter) {
      SKERRY_TRY(many.assets, select_records(connection, request, kind_named("asset")));
    }
    store::RecordWriter writer = record_writer(context, connection);
    std::string moves;
    for (std::size_t i = 0; i < many.assets.size(); ++i) {
      auto move = move_one(connection, writer, many.assets[i], many.move, author);
      if (!move)
        return fail(about_asset(std::move(move).error(), many.move,
                                by_filter ? "" : fmt::format("/assets/{}", i), many.assets[i]));
      moves += fmt::format(R"({}{{"asset":"{}","move":"{}"}})", moves.empty() ? "" : ",",
                           to_string(many.assets[i]), to_string(move->id));
    }
    Response response = Response::json(
        201, fmt::format(R"({{"moved":{},"moves":[{}]}})", many.assets.size(), moves));
    if (retry.has_key()) retry.keep(connection, response);
    return response;
  };
  auto response = co_await write(context, work);
  co_return response;
}

Result<Response> get_asset_history(Context& context, Request& request) {
  const Kind& kind = kind_named("asset");
  SKERRY_TRY_VOID(request.allow_queries({}));
  SKERRY_TRY(const RecordId id, id_of(request, kind));
  const store::Reader reader = context.node.database.read();
  if (!store::record_exists(*reader, kind, id)) return fail(store::no_such(kind));
  SKERRY_TRY_VOID(check_seen(*reader, request, kind, id));
  std::string items;
  for (const store::MoveEvent& event : store::asset_history(*reader, id))
    items += fmt::format("{}{}", items.empty() ? "" : ",", event_json(event));
  return Response::json(200, fmt::format(R"({{"items":[{}]}})", items));
}

}  // namespace skerry::api
