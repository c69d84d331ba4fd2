#include "api/docs_page.hpp"

#include <fmt/format.h>

#include "api/docs_html.hpp"
#include "api/openapi/parts.hpp"
#include "core/json_member.hpp"
#include "crypto/sha256.hpp"

namespace skerry::api {
namespace {

using docs::escape;
using docs::prose;
using json::object;

// Standard base64 (RFC 4648 section 4), as a policy writes hashes.
std::string base64(ByteView bytes) {
  std::string text = to_base64url(bytes);
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::string paragraphs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find("\n\n");
    out += fmt::format("<p>{}</p>\n", prose(text.substr(0, end)));
    text = end == text.npos ? std::string_view() : text.substr(end + 2);
  }
  return out;
}

class Page {
 public:
  explicit Page(const object& document)
      : document_(document), components_(document.at("components").as_object()) {}

  std::string write() const {
    const object& info = document_.at("info").as_object();
    std::string out = fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>{0} API</title>\n<style>{1}</style>\n</head>\n<body>\n"
        "<a class=\"skip\" href=\"#content\">To the content</a>\n"
        "<header><h1>{0} API</h1>\n<p>{2}</p>\n"
        "<p><a href=\"/v1/openapi.json\">The same for programs</a> (OpenAPI 3.1)</p></header>\n",
        escape(text_of(info, "title")), openapi::docs_style(), prose(text_of(info, "summary")));
    out += contents();
    out += "<main id=\"content\">\n" + paragraphs(text_of(info, "description"));
    for (const json::value& tag : document_.at("tags").as_array()) out += section(tag.as_object());
    return out + refusals() + schemas() + "</main>\n</body>\n</html>\n";
  }

 private:
  std::string contents() const {
    std::string out = "<nav aria-label=\"Contents\"><ul>\n";
    for (const json::value& tag : document_.at("tags").as_array())
      out += fmt::format("<li><a href=\"#tag-{0}\">{0}</a></li>\n",
                         escape(text_of(tag.as_object(), "name")));
    return out +
           "<li><a href=\"#refusals\">refusals</a></li>\n"
           "<li><a href=\"#schemas\">schemas</a></li>\n</ul></nav>\n";
  }

  std::string section(const object& tag) const {
    const std::string_view name = text_of(tag, "name");
    std::string out = fmt::format(
        "<section id=\"tag-{0}\" aria-labelledby=\"h-{0}\">\n<h2 id=\"h-{0}\">{0}</h2>\n"
        "<p>{1}</p>\n",
        escape(name), prose(text_of(tag, "description")));
    for (const auto& [path, methods] : document_.at("paths").as_object())
      for (const auto& [method, operation] : methods.as_object())
        if (operation.at("tags").at(0).as_string() == name)
          out += operation_html(path, method, operation.as_object());
    return out + "</section>\n";
  }

  std::string operation_html(std::string_view path, std::string_view method,
                             const object& operation) const {
    std::string out = fmt::format(
        "<details id=\"{}\"><summary><code class=\"method {}\">{}</code> <code>{}</code> "
        "<span>{}</span></summary>\n",
        escape(text_of(operation, "operationId")), method, method, escape(path),
        escape(text_of(operation, "summary")));
    out += fmt::format("<p>{}</p>\n<p>Access: <b>{}</b></p>\n",
                       prose(text_of(operation, "description")),
                       escape(text_of(operation, "x-access")));
    if (const json::value* const parameters = operation.if_contains("parameters"))
      out += parameters_html(parameters->as_array());
    if (const json::value* const body = operation.if_contains("requestBody"))
      out += "<h3>Body</h3>\n<p>" + prose(text_of(body->as_object(), "description")) + "</p>\n" +
             content_html(body->as_object());
    for (const auto& [status, response] : operation.at("responses").as_object())
      if (!response.as_object().contains("$ref"))
        out += response_html(status, response.as_object());
    return out + errors_html(operation.at("x-errors").as_array()) + "</details>\n";
  }

  const object& resolve(const object& object_or_reference, std::string_view section) const {
    const std::string_view name = docs::referenced(object_or_reference);
    return name.empty() ? object_or_reference : components_.at(section).at(name).as_object();
  }

  std::string parameters_html(const json::array& parameters) const {
    std::string out = "<h3>Parameters</h3>\n<table><tbody>\n";
    for (const json::value& each : parameters) {
      const object& parameter = resolve(each.as_object(), "parameters");
      out += fmt::format(
          "<tr><th scope=\"row\"><code>{}</code>{}</th><td>{}; {}</td><td>{}</td></tr>\n",
          escape(text_of(parameter, "name")),
          parameter.contains("required") && parameter.at("required").as_bool()
              ? " <em>required</em>"
              : "",
          escape(text_of(parameter, "in")), docs::type_text(parameter.at("schema").as_object()),
          prose(text_of(parameter, "description")));
    }
    return out + "</tbody></table>\n";
  }

  static std::string content_html(const object& holder) {
    const json::value* const content = holder.if_contains("content");
    if (!content) return {};
    std::string out;
    for (const auto& [type, media] : content->as_object()) {
      out += fmt::format("<p><code>{}</code></p>\n", escape(type));
      if (const json::value* const schema = media.as_object().if_contains("schema"))
        out += docs::schema_html(schema->as_object());
      if (const json::value* const example = media.as_object().if_contains("example"))
        out += docs::example(*example);
    }
    return out;
  }

  std::string response_html(std::string_view status, const object& response) const {
    std::string out =
        fmt::format("<h3>{}: {}</h3>\n", escape(status), prose(text_of(response, "description")));
    if (const json::value* const headers = response.if_contains("headers")) {
      out += "<ul>\n";
      for (const auto& [name, header] : headers->as_object())
        out += fmt::format("<li><code>{}</code>: {}</li>\n", escape(name),
                           prose(text_of(resolve(header.as_object(), "headers"), "description")));
      out += "</ul>\n";
    }
    return out + content_html(response);
  }

  static std::string errors_html(const json::array& slugs) {
    std::string out = "<h3>Refusals</h3>\n<p>";
    for (const json::value& slug : slugs)
      out += fmt::format("<a href=\"#error-{0}\"><code>{0}</code></a> ", escape(slug.as_string()));
    return out + "</p>\n";
  }

  std::string refusals() const {
    std::string out =
        "<section id=\"refusals\" aria-labelledby=\"h-refusals\">\n"
        "<h2 id=\"h-refusals\">refusals</h2>\n<table><tbody>\n";
    for (const auto& [name, response] : components_.at("responses").as_object()) {
      const json::value& media = response.at("content").at("application/problem+json");
      for (const auto& [slug, example] : media.at("examples").as_object())
        out += fmt::format(
            "<tr id=\"error-{0}\"><th scope=\"row\"><code>{0}</code></th><td>{1}</td>"
            "<td>{2}</td></tr>\n",
            escape(slug), example.at("value").at("status").as_int64(),
            escape(text_of(example.as_object(), "summary")));
    }
    return out + "</tbody></table>\n</section>\n";
  }

  std::string schemas() const {
    std::string out =
        "<section id=\"schemas\" aria-labelledby=\"h-schemas\">\n"
        "<h2 id=\"h-schemas\">schemas</h2>\n";
    for (const auto& [name, schema] : components_.at("schemas").as_object())
      out += fmt::format("<section id=\"schema-{0}\"><h3>{0}</h3>\n<p>{1}</p>\n{2}</section>\n",
                         escape(name), prose(text_of(schema.as_object(), "description")),
                         docs::schema_html(schema.as_object()));
    return out + "</section>\n";
  }

  const object& document_;
  const object& components_;
};

}  // namespace

std::string docs_page(const json::object& document) { return Page(document).write(); }

const std::string& docs_security_policy() {
  static const std::string policy =
      fmt::format("form-action 'none'; style-src 'sha256-{}'",
                  base64(crypto::sha256(as_bytes(openapi::docs_style()))));
  return policy;
}

}  // namespace skerry::api
