// The document against the route table and the kinds. That its examples fit, and that the machine
// keeps to it, is what tests/contract asks.
#include "api/openapi.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <set>

#include "api/openapi/kind_schemas.hpp"
#include "api/openapi/operations.hpp"
#include "api/openapi/parts.hpp"
#include "api/openapi/problems.hpp"
#include "api/openapi/words.hpp"
#include "api/routes.hpp"
#include "core/errc.hpp"
#include "core/kinds/validate.hpp"
#include "store/list_fields.hpp"

namespace skerry::api {
namespace {

using json::array;
using json::object;
using openapi::Form;

const object& paths() { return openapi_object().at("paths").as_object(); }
const object& schemas() { return openapi_object().at("components").at("schemas").as_object(); }

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const std::size_t at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

bool has_name(const array& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const json::value& each) { return each.as_string() == name; });
}

TEST(Openapi, EveryRouteIsDescribed) {
  for (const Route& route : all_routes()) {
    SCOPED_TRACE(route.operation_id);
    ASSERT_TRUE(openapi::parts().operations.contains(route.operation_id))
        << "add it to the operations of a file in api/openapi";
    std::string path(route.path);
    if (path.starts_with("/v1/{plural}") || path.starts_with("/v1/exports/"))
      path = replaced(path, "{plural}", "customers");
    ASSERT_TRUE(paths().contains(path)) << path;
    std::string method(to_string(route.method));
    for (char& c : method) c = static_cast<char>(c - 'A' + 'a');
    EXPECT_TRUE(paths().at(path).as_object().contains(method));
  }
}

TEST(Openapi, NothingIsDescribedThatIsNoRoute) {
  EXPECT_EQ(openapi::unused_description(all_routes()), "");
}

TEST(Openapi, AccessIsThatOfTheRouteTable) {
  const object& livez = paths().at("/livez").at("get").as_object();
  EXPECT_EQ(livez.at("x-access").as_string(), "open");
  EXPECT_TRUE(livez.at("security").as_array().empty());
  const object& create = paths().at("/v1/customers").at("post").as_object();
  EXPECT_EQ(create.at("x-access").as_string(), "write");
  EXPECT_FALSE(create.contains("security"));
}

TEST(Openapi, RoutesOfRecordsAreWrittenOutForEachKind) {
  std::set<std::string_view> ids;
  for (const Kind& kind : all_kinds()) {
    const object& list = paths().at(fmt::format("/v1/{}", kind.plural)).at("get").as_object();
    EXPECT_EQ(list.at("operationId").as_string(), "list" + openapi::kind_words(kind));
    EXPECT_EQ(list.at("tags").at(0).as_string(), kind.plural);
    ids.insert(list.at("operationId").as_string());
  }
  EXPECT_EQ(ids.size(), all_kinds().size());
  EXPECT_FALSE(paths().contains("/v1/{plural}"));
}

TEST(Openapi, SchemasOfAKindFollowItsFields) {
  for (const Kind& kind : all_kinds()) {
    SCOPED_TRACE(kind.name);
    const object& record = schemas().at(openapi::schema_name(kind, Form::record)).as_object();
    if (!openapi::has_form(kind, Form::create)) {
      EXPECT_FALSE(schemas().contains(openapi::schema_name(kind, Form::create)));
      continue;
    }
    const object& create = schemas().at(openapi::schema_name(kind, Form::create)).as_object();
    const object& patch = schemas().at(openapi::schema_name(kind, Form::patch)).as_object();
    for (const Field& field : kind.fields) {
      SCOPED_TRACE(field.name);
      const object& shown = record.at("properties").at(field.name).as_object();
      EXPECT_EQ(shown.contains("readOnly"), field.read_only);
      EXPECT_EQ(create.at("properties").as_object().contains(field.name), !field.read_only);
      EXPECT_EQ(patch.at("properties").as_object().contains(field.name), !field.read_only);
      EXPECT_TRUE(has_name(record.at("required").as_array(), field.name));
      EXPECT_EQ(has_name(create.at("required").as_array(), field.name),
                field.required && field.default_json == "null");
      if (field.type == FieldType::scope) continue;  // "all" or an array, never null
      EXPECT_EQ(shown.at("type").is_array(), !field.required) << "null is allowed where it may be";
    }
    EXPECT_FALSE(record.contains("additionalProperties")) << "an answer may gain members";
    EXPECT_FALSE(create.at("additionalProperties").as_bool());
    EXPECT_FALSE(patch.at("additionalProperties").as_bool());
    EXPECT_FALSE(patch.contains("required"));
  }
}

TEST(Openapi, DerivedMembersAreReadOnly) {
  for (const Kind& kind : all_kinds()) {
    const object& record = schemas().at(openapi::schema_name(kind, Form::record)).as_object();
    const Form written = openapi::has_form(kind, Form::create) ? Form::create : Form::patch;
    const object& create = schemas().at(openapi::schema_name(kind, written)).as_object();
    for (const Field& field : kind.derived) {
      SCOPED_TRACE(field.name);
      EXPECT_TRUE(record.at("properties").at(field.name).at("readOnly").as_bool());
      EXPECT_FALSE(create.at("properties").as_object().contains(field.name));
    }
  }
}

TEST(Openapi, SitesAreInvitedAndWrittenByAdministrators) {
  EXPECT_FALSE(paths().at("/v1/sites").as_object().contains("post"));
  EXPECT_FALSE(paths().at("/v1/sites/{id}").as_object().contains("delete"));
  EXPECT_FALSE(paths().contains("/v1/sites:batch"));
  const object& change = paths().at("/v1/sites/{id}").at("patch").as_object();
  EXPECT_EQ(change.at("x-access").as_string(), "admin");
  const object& invite = paths().at("/v1/sites:invite").at("post").as_object();
  EXPECT_EQ(invite.at("x-access").as_string(), "admin");
  const object& created = schemas().at("SiteCreate").at("properties").as_object();
  EXPECT_TRUE(created.contains("id"));
  const std::string imported = json::serialize(paths().at("/v1/imports/{plural}"));
  EXPECT_EQ(imported.find("\"sites\""), std::string::npos);
}

TEST(Openapi, AnEnumThatMayBeNullSaysSo) {
  const Kind& contact = *find_kind("contact");
  const object schema = openapi::kind_schema(contact, Form::record);
  const array& values = schema.at("properties").at("status").at("enum").as_array();
  EXPECT_EQ(json::serialize(values), R"(["active","inactive",null])");
}

TEST(Openapi, ListsTakeTheirFiltersAndNoOthers) {
  for (const Kind& kind : all_kinds()) {
    std::set<std::string_view> names;
    const array parameters = openapi::filter_parameters(kind);
    for (const json::value& each : parameters) names.insert(each.at("name").as_string());
    for (const Field& field : kind.fields)
      EXPECT_EQ(names.contains(field.name),
                field.type == FieldType::custom ||  // custom.KEY, one parameter for all keys
                    store::find_list_field(kind, field.name, store::ListUse::filter) != nullptr)
          << kind.name << " " << field.name;
    EXPECT_EQ(names.contains("scrapped"), kind.name == "asset");
    for (const std::string& bound : store::list_bound_names(kind))
      EXPECT_TRUE(names.contains(bound)) << kind.name << " " << bound;
    EXPECT_EQ(names.contains("custom"), kind.find_field("custom") >= 0) << kind.name;
  }
}

std::set<std::string> parameters_of(const std::string& path, const char* method) {
  std::set<std::string> names;
  for (const json::value& each : paths().at(path).at(method).at("parameters").as_array())
    if (const json::value* name = each.as_object().if_contains("name"))
      names.emplace(name->as_string());
  return names;
}

// What is exported, archived or moved is what a list with these filters shows.
TEST(Openapi, WhatTakesTheFiltersOfAListSaysSo) {
  for (const Kind& kind : all_kinds()) {
    SCOPED_TRACE(kind.name);
    std::set<std::string> list = parameters_of(fmt::format("/v1/{}", kind.plural), "get");
    EXPECT_EQ(list.erase("count"), 1u);
    std::set<std::string> exported =
        parameters_of(fmt::format("/v1/exports/{}", kind.plural), "get");
    EXPECT_EQ(exported.erase("format"), 1u);
    EXPECT_EQ(exported, list);
    EXPECT_EQ(list.erase("sort"), 1u);
    EXPECT_EQ(parameters_of(fmt::format("/v1/{}:archive", kind.plural), "post"), list);
  }
  EXPECT_FALSE(paths().contains("/v1/exports/{plural}"));
}

// An example is a record that the kind's own rules accept.
TEST(Openapi, ExamplesOfNewRecordsAreAccepted) {
  for (const Kind& kind : all_kinds()) {
    const object patch = openapi::kind_example(kind, Form::patch);
    EXPECT_EQ(patch.size(), 1u);
    if (!openapi::has_form(kind, Form::create)) continue;
    object example = openapi::kind_example(kind, Form::create);
    const auto values = read_new(kind, example);
    ASSERT_TRUE(values) << kind.name << ": " << values.error().errors.at(0).pointer << " "
                        << values.error().errors.at(0).detail;
  }
}

TEST(Openapi, RefusalsAreThoseOfTheTableOfErrors) {
  const object& create = paths().at("/v1/customers").at("post").as_object();
  EXPECT_TRUE(has_name(create.at("x-errors").as_array(), "duplicate_key"));
  EXPECT_TRUE(has_name(create.at("x-errors").as_array(), "idempotency_running"));
  EXPECT_FALSE(has_name(create.at("x-errors").as_array(), "precondition_failed"));
  const object& responses = create.at("responses").as_object();
  for (const json::value& slug : create.at("x-errors").as_array())
    EXPECT_TRUE(responses.contains(std::to_string(find_errc(slug.as_string())->http_status)));
  EXPECT_TRUE(responses.at("422").as_object().contains("$ref"));
  const object& form = paths().at("/setup").at("post").at("responses").as_object();
  for (const char* type : {"application/problem+json", "text/html"})
    EXPECT_TRUE(form.at("422").at("content").as_object().contains(type));
  const object made = openapi::problem_responses({412, 503});
  EXPECT_TRUE(made.at("Refused412").at("headers").as_object().contains("ETag"));
  EXPECT_TRUE(made.at("Refused503").at("headers").as_object().contains("Retry-After"));
  // No operation can be answered so: what has it is a method that no path describes.
  const auto& about = openapi_object().at("info").at("description").as_string();
  EXPECT_NE(std::string_view(about).find("method_not_allowed"), std::string_view::npos);
}

TEST(Openapi, EveryPostOfAClientTakesAKey) {
  const auto takes_key = [](const object& operation) {
    const json::value* const parameters = operation.if_contains("parameters");
    return parameters && json::serialize(*parameters).find("Idempotency-Key") != std::string::npos;
  };
  EXPECT_TRUE(takes_key(paths().at("/v1/customers").at("post").as_object()));
  EXPECT_TRUE(takes_key(paths().at("/v1/tokens").at("post").as_object()));
  EXPECT_TRUE(takes_key(paths().at("/v1/sites:invite").at("post").as_object()));
  EXPECT_FALSE(takes_key(paths().at("/v1/exchange").at("post").as_object()));
  EXPECT_FALSE(takes_key(paths().at("/v1/customers").at("get").as_object()));
}

TEST(OpenapiWords, StandForKindsAndExamples) {
  const openapi::Words words(find_kind("customer"));
  EXPECT_EQ(words.replace_in("{Kind}, {title}, {titles}, {id}"),
            "Customer, customer, customers, {id}");
  const json::value kinds = words.replace(json::value{"@kinds"});
  EXPECT_EQ(kinds.as_array().size(), all_kinds().size());
  EXPECT_EQ(words.replace("@create").at("name").as_string(), "Lighthouse Bakery");
  EXPECT_EQ(words.replace("@change").at("op").as_string(), "set");
  EXPECT_EQ(words.replace("post@bakery.example").as_string(), "post@bakery.example");
}

TEST(OpenapiWordsDeathTest, AnUnknownWordIsADefect) {
  const openapi::Words words(nullptr);
  EXPECT_DEATH(words.replace("@nothing"), "example");
  EXPECT_DEATH(words.replace("@record"), "kind_");
}

}  // namespace
}  // namespace skerry::api
