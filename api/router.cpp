#include "api/router.hpp"

#include <algorithm>

namespace skerry::api {
namespace {

using Segment = Router::Path::Segment;

Segment parse_segment(std::string_view text) {
  SKERRY_CHECK(!text.empty());
  if (text.front() != '{') return {text, {}, {}};
  const std::size_t close = text.find('}');
  SKERRY_CHECK(close != std::string_view::npos && close > 1);
  const std::string_view verb = text.substr(close + 1);
  SKERRY_CHECK(verb.empty() || (verb.front() == ':' && verb.size() > 1));
  return {{}, text.substr(1, close - 1), verb};
}

std::vector<Segment> parse_pattern(std::string_view pattern) {
  SKERRY_CHECK(!pattern.empty() && pattern.front() == '/');
  std::vector<Segment> segments;
  pattern.remove_prefix(1);
  while (!pattern.empty()) {
    const std::size_t slash = pattern.find('/');
    segments.push_back(parse_segment(pattern.substr(0, slash)));
    if (slash == std::string_view::npos) break;
    pattern.remove_prefix(slash + 1);
  }
  return segments;
}

// 0 literal, 1 {name}:verb, 2 {name}
int looseness(const Segment& segment) {
  if (segment.name.empty()) return 0;
  return segment.verb.empty() ? 2 : 1;
}

bool more_literal(const Router::Path& a, const Router::Path& b) {
  return std::lexicographical_compare(
      a.segments.begin(), a.segments.end(), b.segments.begin(), b.segments.end(),
      [](const Segment& x, const Segment& y) { return looseness(x) < looseness(y); });
}

bool fits(const Segment& segment, std::string_view text) {
  if (segment.name.empty()) return text == segment.literal;
  return text.size() > segment.verb.size() && text.ends_with(segment.verb);
}

std::string allowed_methods(const Router::Path& path) {
  std::string allow;
  for (const Route* route : path.routes) {
    if (!route) continue;
    allow.append(to_string(route->method)).append(", ");
    if (route->method == Method::get) allow.append("HEAD, ");
  }
  return allow + "OPTIONS";
}

}  // namespace

Router::Router(std::span<const Route> routes, void* context, const char* context_tag)
    : routes_(routes), context_(context) {
  for (const Route& route : routes) {
    SKERRY_CHECK(route.handler.context_tag == context_tag);
    SKERRY_CHECK((route.handler.now == nullptr) != (route.handler.later == nullptr));
    add(route);
  }
  for (std::vector<Path>& paths : by_length_) {
    std::stable_sort(paths.begin(), paths.end(), more_literal);
    for (Path& path : paths) path.allow = allowed_methods(path);
  }
}

void Router::add(const Route& route) {
  std::vector<Segment> segments = parse_pattern(route.path);
  if (by_length_.size() <= segments.size()) by_length_.resize(segments.size() + 1);
  std::vector<Path>& paths = by_length_[segments.size()];
  auto path = std::find_if(paths.begin(), paths.end(),
                           [&](const Path& known) { return known.pattern == route.path; });
  if (path == paths.end())
    path = paths.insert(paths.end(), Path{route.path, std::move(segments), {}, {}});
  const Route*& slot = path->routes[static_cast<std::size_t>(route.method)];
  SKERRY_CHECK(slot == nullptr);
  slot = &route;
}

const Router::Path* Router::find(Request& request) const {
  const std::vector<std::string>& given = request.target.segments;
  request.params.clear();
  if (given.size() >= by_length_.size()) return nullptr;
  for (const Path& path : by_length_[given.size()]) {
    std::size_t i = 0;
    while (i < given.size() && fits(path.segments[i], given[i])) ++i;
    if (i < given.size()) continue;
    for (i = 0; i < given.size(); ++i) {
      const Segment& segment = path.segments[i];
      if (segment.name.empty()) continue;
      const std::string_view value = given[i];
      request.params.emplace_back(segment.name,
                                  value.substr(0, value.size() - segment.verb.size()));
    }
    return &path;
  }
  return nullptr;
}

}  // namespace skerry::api
