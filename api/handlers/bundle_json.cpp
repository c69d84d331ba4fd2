#include "api/handlers/bundle_json.hpp"

#include <fmt/format.h>

#include "core/timestamp.hpp"
#include "store/change_log.hpp"
#include "sync/bundle_limits.hpp"

namespace skerry::api {
namespace {

json::value time_or_null(const std::optional<UnixMillis>& time) {
  return time ? json::value(format_timestamp(*time)) : json::value();
}

}  // namespace

json::object to_json(const sync::PackedBundle& packed) {
  return {{"name", packed.name},        {"from", to_string(packed.from)},
          {"to", to_string(packed.to)}, {"kind", to_string(packed.bundle.manifest.kind)},
          {"size", packed.bundle.size}, {"sha256", to_hex(packed.bundle.sha256)},
          {"first", packed.first},      {"last", packed.last},
          {"lines", packed.lines}};
}

Result<json::object> keep_in_outbox(const Context& context, const sync::PackedBundle& packed) {
  SKERRY_TRY_VOID(context.outbox.put(packed));
  return to_json(packed);
}

Result<sync::SpooledFile> take_upload(const Context& context, Request& request) {
  if (request.upload.size == 0) {  // no file behind it: an empty bundle, refused like any other
    SKERRY_TRY(sync::SpoolWriter nothing, context.spool.begin());
    return nothing.seal();
  }
  const std::uint64_t bytes_max = sync::BundleLimits{}.file_bytes_max;
  if (request.upload.size > bytes_max)
    return fail(Errc::limit_exceeded,
                fmt::format("the file has {} bytes; a bundle has at most {}", request.upload.size,
                            bytes_max),
                "have it written again by its sender; nothing was changed here");
  return sync::SpooledFile{sync::FileHandle(request.upload.file.release()), request.upload.size,
                           request.upload.sha256};
}

Result<store::Site> find_site_by_text(store::Connection& connection, std::string_view text) {
  const auto found = store::find_sites_by_text(connection, text);
  if (found.empty())
    return fail(Errc::not_found, fmt::format("no site is called {}", text), "skerry site list");
  if (found.size() > 1)
    return fail(Errc::bad_request, fmt::format("{} sites answer to {}", found.size(), text),
                "give the whole id: skerry site list");
  return found.front();
}

json::object site_json(store::Connection& connection, const store::Site& site) {
  json::value scope = "all";
  if (!site.sees_all) {
    json::array customers;
    for (const RecordId& customer : store::read_scope(connection, site))
      customers.push_back(json::string(to_string(customer)));
    scope = std::move(customers);
  }
  const auto epoch = site.epoch ? store::find_epoch(connection, *site.epoch) : std::nullopt;
  const std::int64_t head = store::read_head(connection, "own").seq;
  return {{"id", to_string(site.id)},
          {"name", site.name},
          {"status", store::to_text(site.status)},
          {"scope", std::move(scope)},
          {"sign_key", site.sign_key.empty() ? json::value() : json::value(site.sign_key)},
          {"invited_at", format_timestamp(site.invited_at)},
          {"admitted_at", time_or_null(site.admitted_at)},
          {"contact_at", time_or_null(site.contact_at)},
          {"clock_suspect", site.clock_suspect},
          {"received", epoch ? epoch->head : 0},
          {"confirmed", json::object{{"n", site.down.at.n}}},
          {"behind", head - site.down.at.n}};
}

}  // namespace skerry::api
