#include "api/openapi/problems.hpp"

#include <fmt/format.h>

#include "core/errc.hpp"

namespace skerry::api::openapi {
namespace {

using json::array;
using json::object;

object text(std::string_view description) {
  return {{"type", "string"}, {"description", description}};
}

object number(std::string_view description) {
  return {{"type", array{"integer", "null"}}, {"description", description}};
}

template <class Visit>
void for_each_error(Visit visit) {
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code)
    visit(info(static_cast<Errc>(code)));
}

object example_problem(const ErrcInfo& error) {
  return {{"type", fmt::format("/problems/{}", error.slug)},
          {"title", error.title},
          {"status", error.http_status},
          {"instance", "6f1d0a"},
          {"code", error.slug}};
}

object problem_response(int status) {
  std::string description;
  object examples;
  for_each_error([&](const ErrcInfo& error) {
    if (error.http_status != status) return;
    if (!description.empty()) description += ". ";
    description += fmt::format("`{}`: {}", error.slug, error.title);
    examples[error.slug] = object{{"summary", error.title}, {"value", example_problem(error)}};
  });
  object made{{"description", std::move(description)}};
  object headers;
  const auto header = [&headers](std::string_view name) {
    headers[name] = object{{"$ref", fmt::format("#/components/headers/{}", name)}};
  };
  if (status == 401) header("WWW-Authenticate");
  if (status == 412) header("ETag");
  if (status == 429 || status == 503) header("Retry-After");
  if (status == 401 || status == 429 || status == 503) {
    header("RateLimit-Policy");
    header("RateLimit");
  }
  if (!headers.empty()) made["headers"] = std::move(headers);
  made["content"] = object{{"application/problem+json",
                            object{{"schema", object{{"$ref", "#/components/schemas/Problem"}}},
                                   {"examples", std::move(examples)}}}};
  return made;
}

}  // namespace

json::object problem_schema() {
  array codes;
  for_each_error([&](const ErrcInfo& error) { codes.emplace_back(error.slug); });
  const object complaint{
      {"type", "object"},
      {"required", array{"pointer", "code", "detail"}},
      {"properties",
       object{{"pointer", text("JSON pointer to the member; in a table, row and column")},
              {"code", text("What is wrong, in one word")},
              {"detail", text("The same in a sentence")}}}};
  object properties{
      {"type", object{{"type", "string"},
                      {"format", "uri-reference"},
                      {"description", "A page of this machine that explains the code"}}},
      {"title", text("What the code means")},
      {"status", object{{"type", "integer"}, {"description", "The HTTP status"}}},
      {"detail", text("What happened here")},
      {"instance", text("The `X-Request-Id`; the machine's log has it")},
      {"code", object{{"type", "string"}, {"enum", std::move(codes)}}},
      {"errors", object{{"type", "array"},
                        {"description", "Every complaint, not only the first"},
                        {"items", complaint}}},
      {"next", text("What to do about it")},
      {"current", object{{"type", "object"},
                         {"description", "With `precondition_failed`: the record as it is now"}}},
      {"counts", object{{"type", "object"},
                        {"description", "With `in_use`: what would go with the record, by kind"},
                        {"additionalProperties", object{{"type", "integer"}}}}},
      {"mentions", object{{"type", "integer"},
                          {"description",
                           "With `in_use`: how many records would stay and lose an optional "
                           "reference"}}},
      {"token", text("With `in_use`: says that the counts were seen")},
      {"limit",
       number("With `seats_exhausted`, `feature_exhausted`: how many there are; null: any")},
      {"overdraft", number("The same: how many beyond that; null: any")},
      {"in_use", number("The same: how many are in use")},
      {"left", number("The same: how many are left; null: any")},
      {"next_free_in_seconds",
       number(
           "With `seats_exhausted`: until a seat comes free by itself, if nothing else happens")},
      {"holders",
       object{{"type", "array"},
              {"description", "With `seats_exhausted`, where the policy shows it: who has seats"},
              {"items", object{{"type", "string"}}}}},
      {"request", text("With `seats_exhausted` of an offline refresh: the request's id")},
      {"activation", text("The same: the seat that has ended")},
      {"answer", text("The same: the answer for its machine, as of a refresh that succeeds")}};
  return {{"type", "object"},
          {"description", "RFC 9457"},
          {"required", array{"type", "title", "status", "instance", "code"}},
          {"properties", std::move(properties)}};
}

json::object problem_or_page(int status) {
  object made = problem_response(status);
  object& content = made["content"].as_object();
  object& problem = content["application/problem+json"].as_object();
  problem["example"] =
      object(problem["examples"].as_object().begin()->value().as_object())["value"];
  problem.erase("examples");
  content["text/html"] = object{{"schema", object{{"type", "string"}}},
                                {"example", "<!doctype html><title>Skerry</title>"}};
  return made;
}

json::object problem_responses(const std::set<int>& statuses) {
  object responses;
  for (const int status : statuses)
    responses[fmt::format("Refused{}", status)] = problem_response(status);
  return responses;
}

}  // namespace skerry::api::openapi
