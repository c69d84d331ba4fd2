#include "api/openapi/operations.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "api/handlers/record_request.hpp"
#include "api/openapi/kind_schemas.hpp"
#include "api/openapi/parts.hpp"
#include "api/openapi/problems.hpp"
#include "api/openapi/words.hpp"
#include "core/check.hpp"

namespace skerry::api::openapi {
namespace {

using enum Errc;
using json::array;
using json::object;

constexpr Errc errors_of_bundles[] = {
    corrupt_bundle, unsupported_version, wrong_recipient, bad_signature,
    unknown_signer, missing_key,         limit_exceeded,  bad_input};

std::string_view text_member(const object& from, std::string_view name) {
  const json::value* const value = from.if_contains(name);
  return value ? std::string_view(value->as_string()) : std::string_view();
}

bool flag(const object& from, std::string_view name, bool fallback = false) {
  const json::value* const value = from.if_contains(name);
  return value ? value->as_bool() : fallback;
}

object reference(std::string_view section, std::string_view name) {
  return {{"$ref", fmt::format("#/components/{}/{}", section, name)}};
}

// Every POST but two sorts: the open ones, such as /v1/exchange, which answers by content, and that
// which signs somebody in, whose answer is a secret that is not kept.
bool takes_key(const Route& route) {
  return route.method == Method::post && route.access != Access::open &&
         route.access != Access::any;
}

bool writes_records(const Route& route) {
  return route.access == Access::write || route.access == Access::move;
}

// What every route of this shape can answer, by way of the server itself.
std::set<Errc> usual_errors(const Route& route) {
  std::set<Errc> errors{bad_request, unauthorized, too_many_requests, busy,
                        stopping,    internal,     header_too_large};
  if (route.access != Access::open) errors.insert(forbidden);
  if (route.method != Method::get) errors.insert(storage_full);
  if (route.body != Body::none) errors.insert({payload_too_large, request_timeout});
  if (route.body == Body::json) errors.insert({bad_json, unsupported_media});
  if (takes_key(route)) errors.insert({idempotency_mismatch, idempotency_running});
  return errors;
}

std::set<Errc> errors_of(const Route& route, const object& described) {
  std::set<Errc> errors = usual_errors(route);
  const json::value* const named = described.if_contains("errors");
  if (!named) return errors;
  for (const json::value& name : named->as_array()) {
    if (name.as_string() == "@bundle") {
      errors.insert(std::begin(errors_of_bundles), std::end(errors_of_bundles));
      continue;
    }
    const ErrcInfo* const entry = find_errc(name.as_string());
    SKERRY_CHECK(entry);
    errors.insert(entry->code);
  }
  return errors;
}

// Names and schemas of the entry become what OpenAPI has in their place.
class Writer {
 public:
  Writer(const Route& route, const object& described, const Kind* kind, bool of_every_kind)
      : route_(route), described_(described), words_(kind), of_every_kind_(of_every_kind) {}

  array parameters() const {
    array made;
    for (const std::string_view name : names_in_path()) made.push_back(path_parameter(name));
    if (takes_key(route_))
      made.push_back(reference("parameters", flag(described_, "needs_key")
                                                 ? "Idempotency-Key-required"
                                                 : "Idempotency-Key"));
    if (route_.method != Method::get && writes_records(route_))
      made.push_back(reference("parameters", "Skerry-Reason"));
    const json::value* const given = described_.if_contains("parameters");
    if (!given) return made;
    for (const json::value& each : given->as_array()) {
      if (each == "@filters") {
        for (json::value& filter : filter_parameters(words_.kind()))
          made.push_back(std::move(filter));
      } else if (each == "@sort") {
        made.push_back(sort_parameter(words_.kind()));
      } else if (each.is_string()) {
        made.push_back(reference("parameters", each.as_string()));
      } else {
        made.push_back(words_.replace(each));
      }
    }
    return made;
  }

  object request_body() const {
    const object& body = described_.at("body").as_object();
    object made;
    if (const auto text = text_member(body, "description"); !text.empty())
      made["description"] = words_.replace_in(text);
    made["required"] = flag(body, "required", true);
    std::string_view type = text_member(body, "type");
    if (type.empty())
      type = route_.body == Body::spool ? "application/octet-stream" : "application/json";
    made["content"] = object{{type, media(body)}};
    return made;
  }

  object answer(const object& from) const {
    object made{{"description", words_.replace_in(text_member(from, "description"))}};
    object headers;
    if (const json::value* const names = from.if_contains("headers"))
      for (const json::value& name : names->as_array())
        headers[name.as_string()] = reference("headers", name.as_string());
    if (takes_key(route_))
      headers["Idempotency-Replayed"] = reference("headers", "Idempotency-Replayed");
    if (!headers.empty()) made["headers"] = std::move(headers);
    if (const json::value* const content = from.if_contains("content"))
      made["content"] = words_.replace(*content);
    else if (from.contains("schema"))
      made["content"] = object{{"application/json", media(from)}};
    return made;
  }

  std::string operation_id() const {
    std::string id(route_.operation_id);
    if (!of_every_kind_) return id;
    if (const std::size_t many = id.find("Records"); many != std::string::npos)
      return id.replace(many, 7, kind_words(words_.kind()));
    const std::size_t one = id.find("Record");
    if (one == std::string::npos) return id + "Of" + kind_words(words_.kind());
    return id.replace(one, 6, kind_word(words_.kind()));
  }

 private:
  std::vector<std::string_view> names_in_path() const {
    std::vector<std::string_view> names;
    const std::string_view path = route_.path;
    for (std::size_t open = path.find('{'); open != path.npos; open = path.find('{', open + 1)) {
      const std::string_view name = path.substr(open + 1, path.find('}', open) - open - 1);
      if (!of_every_kind_ || name != "plural") names.push_back(name);
    }
    return names;
  }

  object path_parameter(std::string_view name) const {
    object made{{"name", name}, {"in", "path"}, {"required", true}};
    const json::value* const schemas = described_.if_contains("path");
    const json::value* const schema = schemas ? schemas->as_object().if_contains(name) : nullptr;
    made["schema"] = schema ? words_.replace(*schema) : object{{"type", "string"}};
    return made;
  }

  // {schema, example} as a Media Type Object.
  object media(const object& from) const {
    object made;
    const json::value& schema = from.at("schema");
    if (schema.is_object())
      made["schema"] = words_.replace(schema);
    else if (schema.as_string() != "@file")
      made["schema"] = reference("schemas", words_.replace_in(schema.as_string()));
    if (const json::value* const example = from.if_contains("example"))
      made["example"] = words_.replace(*example);
    return made;
  }

  const Route& route_;
  const object& described_;
  const Words words_;
  const bool of_every_kind_;
};

}  // namespace

json::object operation(const Route& route, const Kind* kind, std::set<int>& refusals) {
  const json::value* const entry = parts().operations.if_contains(route.operation_id);
  SKERRY_CHECK(entry);
  const object& described = entry->as_object();
  const bool of_every_kind = kind != nullptr;
  if (const auto name = text_member(described, "kind"); !kind && !name.empty())
    kind = find_kind(name);
  const Words words(kind);
  const Writer writer(route, described, kind, of_every_kind);
  object made{{"operationId", writer.operation_id()}};
  const std::string_view tag = text_member(described, "tag");
  made["tags"] = array{tag.empty() ? kind->plural : tag};
  const std::string_view summary = text_member(described, "summary");
  made["summary"] = words.replace_in(summary.empty() ? route.summary : summary);
  made["description"] = words.replace_in(text_member(described, "description"));
  made["x-access"] = to_string(
      of_every_kind && writes_records(route) ? access_to_write(*kind, route) : route.access);
  if (route.reach == Reach::customers) made["x-reach"] = "customers";
  if (route.access == Access::open) made["security"] = array();
  if (array parameters = writer.parameters(); !parameters.empty())
    made["parameters"] = std::move(parameters);
  SKERRY_CHECK(described.contains("body") == (route.body != Body::none));
  if (route.body != Body::none) made["requestBody"] = writer.request_body();
  object responses;
  for (const auto& [status, answer] : described.at("answers").as_object())
    responses[status] = writer.answer(answer.as_object());
  array slugs;
  std::set<int> statuses;
  for (const Errc code : errors_of(route, described)) {
    slugs.emplace_back(info(code).slug);
    statuses.insert(info(code).http_status);
  }
  for (const int status : statuses)
    responses[std::to_string(status)] =
        flag(described, "for_browsers") ? problem_or_page(status)
                                        : reference("responses", fmt::format("Refused{}", status));
  refusals.merge(statuses);
  made["responses"] = std::move(responses);
  made["x-errors"] = std::move(slugs);
  return made;
}

std::string_view unused_description(std::span<const Route> routes) {
  for (const auto& described : parts().operations) {
    const std::string_view name = described.key();
    if (std::none_of(routes.begin(), routes.end(),
                     [&](const Route& route) { return route.operation_id == name; }))
      return name;
  }
  return {};
}

}  // namespace skerry::api::openapi
