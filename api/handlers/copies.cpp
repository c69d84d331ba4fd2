#include "api/handlers/copies.hpp"

#include "api/handlers/author.hpp"
#include "api/handlers/bundle_json.hpp"
#include "api/handlers/dry_run.hpp"
#include "api/work.hpp"
#include "core/timestamp.hpp"
#include "store/quarantine.hpp"
#include "sync/copies.hpp"
#include "sync/positions.hpp"

namespace skerry::api {
namespace {

using Settle = Result<sync::SettledCopy> (*)(const sync::Node& node, const SiteId& site,
                                             std::string_view epoch, const store::Author& author);

json::array copies_json(store::Connection& connection, const store::Site& site) {
  json::array copies;
  for (const store::SiteEpoch& epoch : store::list_epochs(connection, site, sync::acks_max)) {
    if (!epoch.copy_at) continue;
    copies.push_back(
        json::object{{"epoch", to_string(epoch.epoch)},
                     {"standing", sync::to_text(sync::standing_of(site, epoch))},
                     {"contact_at", format_timestamp(*epoch.copy_at)},
                     {"quarantined", store::count_quarantined(connection, site, epoch.number)}});
  }
  return copies;
}

json::value epoch_json(const EpochId& epoch) {
  return epoch.is_zero() ? json::value() : json::value(to_string(epoch));
}

json::object settled_json(store::Connection& connection, const sync::SettledCopy& settled) {
  const sync::TakenCounts& counts = settled.counts;
  return json::object{{"site", site_json(connection, settled.site)},
                      {"rows", json::object{{"settled", counts.rows},
                                            {"applied", counts.applied},
                                            {"superseded", counts.superseded},
                                            {"rejected", counts.rejected},
                                            {"held", counts.held}}},
                      {"epoch", epoch_json(settled.epoch)},
                      {"withdrawn", epoch_json(settled.withdrawn)}};
}

Task<Result<Response>> settle(Context& context, Request& request, Settle how) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request, {"epoch", "dry_run"}));
  const std::string epoch(request.query("epoch").value_or(""));
  const store::Author author = author_of(request);
  auto work = [&]() -> Result<Response> {
    SKERRY_TRY(const SiteId id, site_of_path(context, request));
    SKERRY_TRY(const auto settled, how(node_for(context, dry_run), id, epoch, author));
    const store::Reader reader = context.node.database.read();
    return Response::json(200, settled_json(*reader, settled));
  };
  auto response = co_await on_worker(context, work);
  co_return response;
}

}  // namespace

json::array lost_json(const std::vector<store::LostRange>& lost) {
  json::array ranges = sync::lost_ranges_json(lost);
  for (std::size_t i = 0; i < lost.size(); ++i) {
    const auto at = lost[i].acknowledged_at;
    ranges[i].get_object()["acknowledged_at"] =
        at ? json::value(format_timestamp(*at)) : json::value();
  }
  return ranges;
}

Task<Result<Response>> acknowledge_lost(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  const store::Author author = author_of(request);
  auto work = [&](store::Connection& connection) -> Result<Response> {
    SKERRY_TRY_VOID(context.node.log.check_writable());
    const auto lost = store::acknowledge_lost(connection, context.node.log, author);
    return Response::json(200, json::object{{"items", lost_json(lost)}});
  };
  auto response = co_await write_or_try(context, work, dry_run);
  co_return response;
}

Result<Response> list_copies(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  const store::Reader reader = context.node.database.read();
  SKERRY_TRY(const store::Site site, find_site_by_text(*reader, request.param("id")));
  return Response::json(
      200, json::object{{"items", copies_json(*reader, site)},
                        {"quarantined", store::count_quarantined(*reader, site, std::nullopt)}});
}

Task<Result<Response>> reauthorise_copy(Context& context, Request& request) {
  const Settle how = sync::reauthorise_copy;
  auto response = co_await settle(context, request, how);
  co_return response;
}

Task<Result<Response>> adopt_copy(Context& context, Request& request) {
  const Settle how = sync::adopt_rows;
  auto response = co_await settle(context, request, how);
  co_return response;
}

Task<Result<Response>> discard_copy(Context& context, Request& request) {
  const Settle how = sync::discard_rows;
  auto response = co_await settle(context, request, how);
  co_return response;
}

}  // namespace skerry::api
