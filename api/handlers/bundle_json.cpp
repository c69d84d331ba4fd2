#include "api/handlers/bundle_json.hpp"

#include <fmt/format.h>

#include "store/identity.hpp"
#include "sync/bundle_limits.hpp"
#include "sync/bundle_reader.hpp"

namespace skerry::api {
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

Result<sync::SpooledFile> take_upload(const Context& context, Request& request,
                                      std::optional<std::int64_t> whole_bytes) {
  const std::uint64_t bytes_max = sync::BundleLimits{}.file_bytes_max;
  if (whole_bytes && request.upload.size == 0)
    return fail(Errc::bad_request, "bytes comes with the beginning of a file",
                "send the beginning, or the whole file without bytes");
  const std::uint64_t bytes =
      whole_bytes ? static_cast<std::uint64_t>(*whole_bytes) : request.upload.size;
  if (bytes > bytes_max)
    return fail(Errc::limit_exceeded,
                fmt::format("the file has {} bytes; a bundle has at most {}", bytes, bytes_max),
                sync::bundle_remedy(Errc::limit_exceeded));
  if (whole_bytes)
    return fail(Errc::bad_request,
                fmt::format("bytes is for a file of more than {} bytes", bytes_max),
                "send the whole file, without bytes");
  if (request.upload.size == 0) {  // no file behind it: an empty bundle, refused like any other
    SKERRY_TRY(sync::SpoolWriter nothing, context.spool.begin());
    return nothing.seal();
  }
  return sync::SpooledFile{sync::FileHandle(request.upload.file.release()), request.upload.size,
                           request.upload.sha256};
}

Result<store::Site> find_site_by_text(store::Connection& connection, std::string_view text) {
  const auto found = store::find_sites_by_text(connection, text);
  if (found.empty()) {
    const auto identity = store::read_identity(connection);
    const bool is_site = identity && identity->role == Role::site;
    return fail(Errc::not_found, fmt::format("no site is called {}", text),
                is_site ? "run it at central: this machine is a site" : "skerry site list");
  }
  if (found.size() > 1)
    return fail(Errc::bad_request, fmt::format("{} sites answer to {}", found.size(), text),
                "give the whole id: skerry site list");
  return found.front();
}

Result<SiteId> site_of_path(const Context& context, const Request& request) {
  const store::Reader reader = context.node.database.read();
  return find_site_by_text(*reader, request.param("id")).map([](const store::Site& site) {
    return site.id;
  });
}

json::value site_json(store::Connection& connection, const store::Site& site) {
  std::string text;
  store::append_found_json(text, connection, *find_kind("site"), site.record_id());
  return json::parse(text);
}

}  // namespace skerry::api
