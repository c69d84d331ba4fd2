#include "api/handlers/certificates.hpp"

#include "api/certificates.hpp"
#include "api/handlers/author.hpp"
#include "api/handlers/dry_run.hpp"
#include "api/work.hpp"
#include "store/log_event.hpp"

namespace skerry::api {
namespace {

Result<Certificates*> certificates_of(const Context& context) {
  if (context.certificates) return context.certificates;
  return fail(Errc::not_found, "this machine speaks no TLS",
              "set listen.tls_address in skerry.toml and start it anew");
}

}  // namespace

Task<Result<Response>> get_certificate(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(Certificates* const certificates, certificates_of(context));
  auto work = [&] { return certificates->show(); };
  auto shown = co_await on_worker(context, work);
  if (!shown) co_return tl::unexpected<Error>(std::move(shown).error());
  co_return Response::json(200, json::value(std::move(*shown)));
}

Task<Result<Response>> renew_certificate(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool new_authority, request.target.flag("new_authority"));
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request, {"new_authority", "dry_run"}));
  SKERRY_CO_TRY(Certificates* const certificates, certificates_of(context));
  auto renew = [&] { return certificates->renew(new_authority, dry_run); };
  auto renewed = co_await on_worker(context, renew);
  if (!renewed) co_return tl::unexpected<Error>(std::move(renewed).error());
  if (dry_run) co_return Response::json(200, json::value(std::move(*renewed)));
  const store::Author author = author_of(request);
  auto note = [&](store::Connection& connection) -> Result<void> {
    store::append_event(connection, context.node.log, "certificate_renewed",
                        {{"sha256", renewed->at("sha256")}, {"new_authority", new_authority}},
                        author);
    return {};
  };
  auto noted = co_await write(context, note);
  if (!noted) co_return tl::unexpected<Error>(std::move(noted).error());
  co_return Response::json(200, json::value(std::move(*renewed)));
}

}  // namespace skerry::api
