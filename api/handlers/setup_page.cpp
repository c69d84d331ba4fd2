#include "api/handlers/setup_page.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <optional>

#include "api/docs_html.hpp"
#include "api/handlers/sessions.hpp"
#include "core/json_member.hpp"
#include "core/password_rules.hpp"
#include "core/strict_json.hpp"
#include "core/text.hpp"
#include "crypto/token.hpp"

namespace skerry::api {
namespace {

constexpr std::string_view form_type = "application/x-www-form-urlencoded";
constexpr std::array<std::string_view, 3> form_names{"code", "password", "again"};
using Form = std::array<std::string, form_names.size()>;

void as_page(Response& response, std::string_view content) {
  response.content_type = "text/html; charset=utf-8";
  response.body = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Skerry</title>\n</head>\n<body>\n<main>\n{}</main>\n</body>\n</html>\n",
      content);
  response.policy = "form-action 'self'";
}

// What is wrong with a field of the form, as a sentence's end.
using Complaints = std::map<std::string, std::string, std::less<>>;

std::string field_html(std::string_view name, std::string_view label,
                       const Complaints& complaints) {
  std::string complaint, refers;
  if (const auto found = complaints.find(name); found != complaints.end()) {
    complaint = fmt::format("<br><strong id=\"{}-wrong\">This {}</strong>", name,
                            docs::escape(found->second));
    refers = fmt::format(" aria-invalid=\"true\" aria-describedby=\"{}-wrong\"", name);
  }
  return fmt::format(
      "<p><label>{}<br><input type=\"password\" name=\"{}\" required minlength=\"{}\" "
      "autocomplete=\"new-password\"{}></label>{}</p>\n",
      label, name, password_characters_min, refers, complaint);
}

std::string form_html(std::string_view code, const Complaints& complaints = {}) {
  return fmt::format(
      "<h1>Choose a password</h1>\n<p>It has {} characters or more. The link is good once.</p>\n"
      "<form method=\"post\" action=\"/setup\">\n"
      "<input type=\"hidden\" name=\"code\" value=\"{}\">\n{}{}"
      "<p><button>Choose it</button></p>\n</form>\n",
      password_characters_min, docs::escape(code), field_html("password", "Password", complaints),
      field_html("again", "Once more", complaints));
}

bool is_code(std::string_view code) {
  return code.starts_with("skry_code_") && crypto::is_well_formed_token(code);
}

// Of the form as it was sent, whatever else is wrong with it; empty when there is none.
std::string code_sent(const Request& request) {
  Target sent;
  if (!parse_target("/?" + request.body, sent)) return {};
  for (const QueryParameter& field : sent.query)
    if (field.name == form_names.front() && is_code(field.value)) return field.value;
  return {};
}

tl::unexpected<Error> wrong_form(std::string_view name, std::string code, std::string detail) {
  return fail(Error(Errc::validation_failed, "the form is not acceptable",
                    "correct the form, and send it again",
                    {{fmt::format("/{}", name), std::move(code), std::move(detail)}}));
}

Result<Form> read_form(const Request& request) {
  const std::string_view type = request.header("Content-Type");
  if (ascii_lower(trim_blanks(type.substr(0, type.find(';')))) != form_type)
    return fail(Errc::unsupported_media, fmt::format("this route reads {}", form_type),
                fmt::format("Content-Type: {}", form_type));
  Target sent;  // written as a query is
  if (!parse_target("/?" + request.body, sent))
    return fail(Errc::bad_request, "the form cannot be read");
  std::array<std::optional<std::string>, form_names.size()> found;
  for (QueryParameter& field : sent.query) {
    std::size_t at = 0;
    while (at < form_names.size() && form_names[at] != field.name) ++at;
    if (at == form_names.size())
      return wrong_form(escape_pointer(field.name), "unknown_field", "is not known here");
    if (found[at]) return wrong_form(field.name, "bad_value", "stands twice");
    found[at] = std::move(field.value);
  }
  Form form;
  for (std::size_t at = 0; at < form_names.size(); ++at) {
    if (!found[at]) return wrong_form(form_names[at], "required", "is required");
    form[at] = *std::move(found[at]);
  }
  if (form[1] == form[2]) return form;
  return wrong_form("again", "bad_value", "must be the password once more");
}

}  // namespace

Result<Response> get_setup_page(Context&, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({"code"}));
  const std::string_view code = request.query("code").value_or("");
  if (!is_code(code))
    return fail(Errc::bad_request, "the code is missing, or a character of it is wrong",
                "take the whole link that skerry setup, or skerry user reset NAME, prints");
  Response response = Response::json(200, std::string());
  response.header("Cache-Control", "no-store");
  as_page(response, form_html(code));
  return response;
}

Task<Result<Response>> post_setup_page(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(const Form form, read_form(request));
  const std::string_view code = form[0], password = form[1];
  auto response = co_await claim_by_code(context, request, code, password);
  if (!response) co_return tl::unexpected<Error>(std::move(response).error());
  as_page(*response, "<h1>The password is chosen</h1>\n<p>This page can be closed.</p>\n");
  co_return response;
}

void show_setup_refusal(Context&, const Request& request, Response& response) {
  const auto* const text = std::get_if<std::string>(&response.body);
  if (response.status < 400 || !text || !request.prefers_to_json("text/html")) return;
  const auto problem = parse_json_object(*text);
  if (!problem) return;
  const std::string_view detail = text_of(*problem, "detail"), next = text_of(*problem, "next");
  std::string page =
      fmt::format("<p role=\"alert\"><strong>{}.</strong></p>\n",
                  docs::escape(detail.empty() ? text_of(*problem, "title") : detail));
  if (!next.empty()) page += fmt::format("<p>Next: {}.</p>\n", docs::escape(next));
  Complaints complaints;
  if (const json::value* const errors = problem->if_contains("errors"))
    for (const json::value& each : errors->as_array()) {
      std::string_view name = text_of(each.as_object(), "pointer");
      name.remove_prefix(std::min<std::size_t>(name.size(), 1));
      const std::string_view what = text_of(each.as_object(), "detail");
      complaints.emplace(name, what);
      if (name != "password" && name != "again")  // those stand beside their fields
        page += fmt::format("<p>{}: {}.</p>\n", docs::escape(name), docs::escape(what));
    }
  // A code that was refused is not sent again.
  const bool is_over = response.status == 401 || response.status == 403;
  if (const std::string code = code_sent(request); !is_over && !code.empty())
    page += form_html(code, complaints);
  response.header("Cache-Control", "no-store");
  as_page(response, page + fmt::format("<p>Request {}</p>\n", docs::escape(request.id)));
}

}  // namespace skerry::api
