#include "api/docs_page.hpp"

#include "api/docs_html.hpp"
#include "api/openapi.hpp"
#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

json::object read(std::string_view text) { return json::parse(text).as_object(); }

TEST(DocsHtml, EscapesWhatItShows) {
  EXPECT_EQ(docs::escape(R"(<b title="x">&)"), "&lt;b title=&quot;x&quot;&gt;&amp;");
  EXPECT_EQ(docs::prose("see `<id>`, then `x"), "see <code>&lt;id&gt;</code>, then <code>x</code>");
  EXPECT_EQ(docs::example(json::value("<script>")), "<pre tabindex=\"0\">&lt;script&gt;</pre>\n");
}

TEST(DocsHtml, IndentsExamples) {
  EXPECT_EQ(
      docs::example(json::parse(R"({"a":[1,{}],"b":null})")),
      "<pre tabindex=\"0\">{\n  &quot;a&quot;: [\n    1,\n    {}\n  ],\n  &quot;b&quot;: null\n}"
      "</pre>\n");
}

TEST(DocsHtml, SaysWhatASchemaTakes) {
  EXPECT_EQ(docs::type_text(read(R"({"type":"integer","minimum":1,"maximum":5})")),
            "integer, from 1, up to 5");
  EXPECT_EQ(docs::type_text(read(R"({"type":["string","null"],"format":"uuid"})")),
            "string or null (uuid)");
  EXPECT_EQ(docs::type_text(read(R"({"type":"string","enum":["a","b"]})")),
            "string: <code>a</code> <code>b</code>");
  EXPECT_EQ(docs::type_text(read(R"({"type":"array","items":{"$ref":"#/x/Id"}})")),
            "array of <a href=\"#schema-Id\">Id</a>");
  EXPECT_EQ(docs::type_text(read(R"({"anyOf":[{"type":"null"},{"type":"string"}]})")),
            "null or string");
  EXPECT_EQ(docs::type_text(read("{}")), "any");
}

TEST(DocsHtml, MarksRequiredAndReadOnlyMembers) {
  const std::string html = docs::schema_html(read(
      R"({"type":"object","required":["a"],"properties":{"a":{"type":"string"},
          "b":{"type":"integer","readOnly":true,"description":"How many"}}})"));
  EXPECT_THAT(html, HasSubstr("<code>a</code> <em>required</em>"));
  EXPECT_THAT(html, HasSubstr("Read only. How many"));
}

TEST(DocsPage, ShowsEveryOperationAndSchema) {
  const std::string page = docs_page(openapi_object());
  for (const auto& [path, methods] : openapi_object().at("paths").as_object())
    for (const auto& [method, operation] : methods.as_object())
      EXPECT_THAT(
          page, HasSubstr(fmt::format("<details id=\"{}\">",
                                      std::string_view(operation.at("operationId").as_string()))));
  for (const auto& [name, schema] : openapi_object().at("components").at("schemas").as_object())
    EXPECT_THAT(page, HasSubstr(fmt::format("id=\"schema-{}\"", std::string_view(name))));
  EXPECT_THAT(page, HasSubstr("id=\"error-bundle_gap\""));
}

TEST(DocsPage, EveryLinkWithinItLeadsSomewhere) {
  const std::string page = docs_page(openapi_object());
  constexpr std::string_view link = "href=\"#";
  for (std::size_t at = page.find(link); at != page.npos; at = page.find(link, at + 1)) {
    const std::size_t start = at + link.size();
    const std::string name = page.substr(start, page.find('"', start) - start);
    EXPECT_NE(page.find(fmt::format("id=\"{}\"", name)), page.npos) << name;
  }
}

TEST(DocsPage, LoadsNothing) {
  const std::string page = docs_page(openapi_object());
  for (const char* loads : {"<script", "<link", "<img", "<iframe", "@import", "url(", "src="})
    EXPECT_THAT(page, Not(HasSubstr(loads)));
}

TEST_F(HandlersTest, NoAnswerIsTakenForAnotherKindOrFramed) {
  for (const char* target :
       {"/livez", "/docs", "/nowhere", "/v1/customers", "/v1/exports/customers"}) {
    const Answer answer = get(target);
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff") << target;
    EXPECT_THAT(answer.header("Content-Security-Policy"), HasSubstr("default-src 'none'"))
        << target;
    EXPECT_THAT(answer.header("Content-Security-Policy"), HasSubstr("frame-ancestors 'none'"));
  }
}

TEST_F(HandlersTest, ServesThePageUnderAStrictPolicy) {
  const Answer answer = get("/docs");
  EXPECT_EQ(answer.status, 200u);
  EXPECT_THAT(answer.body, HasSubstr("<title>Skerry API</title>"));
  EXPECT_THAT(answer.header("Content-Security-Policy"), HasSubstr("default-src 'none'"));
  EXPECT_THAT(answer.header("Content-Security-Policy"), Not(HasSubstr("unsafe")));
  EXPECT_EQ(send_with_token("", "GET", "/docs").status, 200u);
  EXPECT_EQ(get("/docs?x=1").status, 400u);
}

}  // namespace
}  // namespace skerry::api
