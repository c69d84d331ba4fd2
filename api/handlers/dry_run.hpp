// ?dry_run=true: everything is done and undone, so that what is refused and what is answered are
// those of the request without it.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include "api/http_types.hpp"
#include "api/work.hpp"

namespace skerry::api {

// `names`: every parameter of the route, this one among them.
inline Result<bool> read_dry_run(const Request& request,
                                 std::initializer_list<std::string_view> names = {"dry_run"}) {
  SKERRY_TRY_VOID(request.allow_queries(names));
  return request.target.flag("dry_run");
}

// For what writes by itself: the machine's node, or one by which nothing stays.
inline sync::Node node_for(const Context& context, bool dry_run) {
  sync::Node node = context.node;
  if (dry_run) node.effect = sync::Effect::tried;
  return node;
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
