// The route table: the whole API as data. The table stands in api/routes.cpp:
//
//   constexpr Route table[] = {
//       {Method::get, "/v1/{kind}/{id}", Access::read, Body::none, handler<get_record>,
//        "getRecord", "One record"},
//   };
//   Router router(table, context);
//
// A path is literal segments, "{name}" segments, and either with a ":verb" suffix
// ("/v1/conflicts/{id}:resolve"). Where two patterns fit, the more literal one wins, segment by
// segment from the left, whatever their order in the table; methods are looked at after the pattern
// is chosen.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/http_types.hpp"

namespace skerry::api {

// What a route reads. none: a body is 400. json: application/json, and of PATCH merge-patch+json,
// else 415. text: any type, whole in Request::body. spool: any type, streamed into Request::upload.
// ignored: any type and size; a small one is read past, after another one the connection ends. All
// of them may be empty.
enum class Body : std::uint8_t { none, json, text, spool, ignored };

// Whose data a route is about. machine: everybody's, or none, so that a caller who is limited to
// customers has no access. customers: it shows and changes such a caller's own only, which its
// handler sees to.
enum class Reach : std::uint8_t { machine, customers };

namespace detail {
template <class Context>
inline constexpr char context_tag = 0;

template <class Function>
struct HandlerTraits;
template <class Outcome, class ContextT, class RequestT>
struct HandlerTraits<Outcome (*)(ContextT&, RequestT&)> {
  using Returned = Outcome;
  using Context = ContextT;
};
}  // namespace detail

// A function of the table, its context type erased (and checked when the Router is made). Exactly
// one of the two is set: `now` is called without a coroutine frame.
struct Handler {
  Result<Response> (*now)(void* context, Request& request) = nullptr;
  Task<Result<Response>> (*later)(void* context, Request& request) = nullptr;
  const char* context_tag = nullptr;
};

// Function: [Result<]Response[>] f(HandlerContext&, Request&), or a Task<> of one of them. A
// Task<Response> costs a second frame; prefer Task<Result<Response>>.
template <auto Function>
inline constexpr Handler handler = [] {
  using Traits = detail::HandlerTraits<decltype(Function)>;
  using HandlerContext = typename Traits::Context;
  using Returned = typename Traits::Returned;
  Handler made;
  made.context_tag = &detail::context_tag<std::remove_const_t<HandlerContext>>;
  if constexpr (std::is_same_v<Returned, Response> || std::is_same_v<Returned, Result<Response>>) {
    made.now = [](void* context, Request& request) -> Result<Response> {
      return Function(*static_cast<HandlerContext*>(context), request);
    };
  } else if constexpr (std::is_same_v<Returned, Task<Result<Response>>>) {
    made.later = [](void* context, Request& request) {
      return Function(*static_cast<HandlerContext*>(context), request);
    };
  } else {
    static_assert(std::is_same_v<Returned, Task<Response>>, "not the signature of a handler");
    made.later = [](void* context, Request& request) -> Task<Result<Response>> {
      Response response = co_await Function(*static_cast<HandlerContext*>(context), request);
      co_return response;
    };
  }
  return made;
}();

// What a route does to each of its answers before it is sent: those of its handler, and the
// refusals that came before it.
using Finish = void (*)(void* context, const Request& request, Response& response);

template <class Context, void (*Function)(Context&, const Request&, Response&)>
inline constexpr Finish finish = [](void* context, const Request& request, Response& response) {
  Function(*static_cast<Context*>(context), request, response);
};

struct Route {
  Method method;
  std::string_view path;
  Access access;
  Body body;
  Handler handler;
  std::string_view operation_id;  // of openapi.yaml
  std::string_view summary;
  bool repeated_query = false;  // otherwise a repeated parameter is 400
  Reach reach = Reach::machine;
  Finish finish = nullptr;
};

class Router {
 public:
  // `routes` and `context` outlive the router. A table that contradicts itself is a defect (CHECK).
  template <class Context>
  Router(std::span<const Route> routes, Context& context)
      : Router(routes, &context, &detail::context_tag<Context>) {}

  // All methods of one pattern.
  struct Path {
    struct Segment {
      std::string_view literal;  // the whole segment, when `name` is empty
      std::string_view name;     // of {name}
      std::string_view verb;     // ":verb" that must follow a {name}
    };
    std::string_view pattern;
    std::vector<Segment> segments;
    std::array<const Route*, 5> routes{};  // by Method
    std::string allow;                     // "GET, HEAD, OPTIONS"
  };

  // The pattern that fits, with request.params captured (views into request.target), or nullptr.
  const Path* find(Request& request) const;

  std::span<const Route> routes() const { return routes_; }
  void* context() const { return context_; }

 private:
  Router(std::span<const Route> routes, void* context, const char* context_tag);
  void add(const Route& route);

  std::span<const Route> routes_;
  void* context_;
  std::vector<std::vector<Path>> by_length_;  // by number of segments; the most literal first
};

}  // namespace skerry::api
