// ?dry_run=true: everything is done and undone, so that what is refused and what is answered are
// those of the request without it.
#pragma once

#include <optional>
#include <utility>

#include "api/http_types.hpp"
#include "api/work.hpp"

namespace skerry::api {

// Of a route that has no other parameter.
inline Result<bool> read_dry_run(const Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({"dry_run"}));
  return request.target.flag("dry_run");
}

// As write(); with `dry_run` nothing of it stays.
template <class Work>
auto write_or_try(Context& context, Work& work, bool dry_run)
    -> Task<std::invoke_result_t<Work&, store::Connection&>> {
  using Outcome = std::invoke_result_t<Work&, store::Connection&>;
  std::optional<Outcome> tried;
  auto job = [&](store::Connection& connection) -> Outcome {
    auto outcome = work(connection);
    if (!dry_run || !outcome) return outcome;
    tried.emplace(std::move(outcome));
    return fail(Errc::internal, "a dry run is undone");  // seen by the transaction only
  };
  auto written = co_await write(context, job);
  if (tried) co_return std::move(*tried);
  co_return written;
}

}  // namespace skerry::api
