#include "api/handlers/relay_licences.hpp"

#include <fmt/format.h>

#include "api/handlers/author.hpp"
#include "api/handlers/dry_run.hpp"
#include "api/handlers/seat_request.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "licensing/keygen_file.hpp"
#include "licensing/relay_licences.hpp"
#include "store/log_event.hpp"

namespace skerry::api {
namespace {

using licensing::RelayLicence;
using store::Connection;

// Never its key or its file.
json::object shown(Context& context, const RelayLicence& licence) {
  const auto pool = context.seats->pool(licence.id);
  json::array nodes;
  if (pool)
    for (const licensing::Seat& seat : pool->seats) nodes.emplace_back(seat.machine);
  const bool expired = licence.expires_at && context.seats->clock().floor >= *licence.expires_at;
  return {{"licence", licence.licence},
          {"pool", licence.pool.empty() ? json::value(nullptr) : json::value(licence.pool)},
          {"seats", licence.seats},
          {"in_use", pool ? pool->numbers.in_use : 0},
          {"nodes", std::move(nodes)},
          {"expires_at", licence.expires_at ? json::value(format_timestamp(*licence.expires_at))
                                            : json::value(nullptr)},
          {"expired", expired},
          {"added_at", format_timestamp(licence.added_at)}};
}

Result<RelayLicence> read_licence(const Request& request) {
  SKERRY_TRY(const json::object body, request.json_body());
  BodyReader reader(body, {"file", "key", "public_key", "pool", "seats"});
  RelayLicence licence;
  licence.file = reader.content("file", licensing::keygen_file_bytes_max);
  licence.key = reader.name("key", false);
  const std::string account = reader.name("public_key", true);
  licence.pool = reader.name("pool", false, licensing::relay_pool_characters_max);
  if (body.contains("seats")) licence.seats = reader.count("seats", licensing::relay_seats_max);
  SKERRY_TRY_VOID(reader.done("the licence"));
  SKERRY_TRY(const auto key, licensing::read_keygen_public_key(account));
  SKERRY_TRY(auto opened, licensing::open_keygen_file(licence.file, licence.key, key));
  licence.licence = std::move(opened.id);
  licence.key = std::move(opened.key);
  licence.expires_at = opened.expires_at;
  return licence;
}

void reload(Context& context) { context.relay_licences->load(context.node.database); }

}  // namespace

Result<Response> list_relay_licences(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({"pool"}));
  std::optional<std::string> pool;
  if (const auto asked = request.query("pool")) pool = *asked;
  std::vector<RelayLicence> licences;
  {
    const store::Reader reader = context.node.database.read();
    licences = licensing::list_relay_licences(*reader, pool);
  }
  json::array items;
  for (const RelayLicence& each : licences) items.push_back(shown(context, each));
  return Response::json(200, json::object{{"items", std::move(items)}, {"next_cursor", nullptr}});
}

Task<Result<Response>> add_relay_licence(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  SKERRY_CO_TRY(RelayLicence licence, read_licence(request));
  licence.added_at = context.node.clock.wall_ms();
  licence.id = new_record_id(licence.added_at, context.node.random);
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<void> {
    SKERRY_TRY_VOID(licensing::insert_relay_licence(connection, licence));
    store::append_event(connection, context.node.log, "relay_licence_added",
                        {{"licence", licence.licence}, {"pool", licence.pool}}, author);
    return {};
  };
  auto made = co_await write_or_try(context, work, dry_run);
  if (!made) co_return tl::unexpected<Error>(std::move(made).error());
  reload(context);
  co_return Response::json(201, json::value(shown(context, licence)));
}

Task<Result<Response>> remove_relay_licence(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  const std::string named(request.param("licence"));
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<void> {
    const auto removed = licensing::remove_relay_licence(connection, named);
    if (!removed) return fail(Errc::not_found, "no licence here has this id", "skerry relay list");
    if (dry_run) return {};  // the seats end in memory, too
    context.seats->end_all(connection, removed->id);
    store::append_event(connection, context.node.log, "relay_licence_removed",
                        {{"licence", removed->licence}, {"pool", removed->pool}}, author);
    return {};
  };
  Result<void> removed;
  if (dry_run)
    removed = co_await write_or_try(context, work, dry_run);
  else
    removed = co_await write_seats(context, work);
  if (!removed) co_return tl::unexpected<Error>(std::move(removed).error());
  reload(context);
  co_return Response::empty();
}

}  // namespace skerry::api
