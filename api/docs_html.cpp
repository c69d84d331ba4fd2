#include "api/docs_html.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/json_member.hpp"

namespace skerry::api::docs {
namespace {

using json::array;
using json::object;

void indent(std::string& out, int depth) {
  out += '\n';
  out.append(static_cast<std::size_t>(depth) * 2, ' ');
}

void write_pretty(std::string& out, const json::value& value, int depth) {
  bool first = true;
  const auto next = [&] {
    if (!first) out += ',';
    first = false;
    indent(out, depth + 1);
  };
  if (const array* const items = value.if_array(); items && !items->empty()) {
    out += '[';
    for (const json::value& item : *items) next(), write_pretty(out, item, depth + 1);
    indent(out, depth);
    out += ']';
  } else if (const object* const members = value.if_object(); members && !members->empty()) {
    out += '{';
    for (const auto& [name, member] : *members) {
      next();
      out += json::serialize(name);
      out += ": ";
      write_pretty(out, member, depth + 1);
    }
    indent(out, depth);
    out += '}';
  } else {
    out += json::serialize(value);
  }
}

// "string or null"
std::string type_names(const json::value& type) {
  if (type.is_string()) return std::string(type.get_string());
  std::string names;
  for (const json::value& name : type.as_array())
    names += fmt::format("{}{}", names.empty() ? "" : " or ", std::string_view(name.as_string()));
  return names;
}

std::string limits(const object& schema) {
  std::string text;
  const auto add = [&](std::string_view member, std::string_view words) {
    if (const json::value* const limit = schema.if_contains(member))
      text += fmt::format(", {} {}", words, json::serialize(*limit));
  };
  add("minimum", "from");
  add("maximum", "up to");
  if (schema.contains("minLength") && schema.at("minLength") != 1) add("minLength", "at least");
  add("maxLength", "characters up to");
  add("default", "default");
  return text;
}

std::string alternatives(const array& options) {
  std::string text;
  for (const json::value& option : options) {
    if (!text.empty()) text += " ";
    text += fmt::format(
        "<code>{}</code>",
        escape(option.is_string() ? std::string(option.get_string()) : json::serialize(option)));
  }
  return text;
}

bool is_required(const object& schema, std::string_view name) {
  const json::value* const required = schema.if_contains("required");
  return required && std::any_of(required->as_array().begin(), required->as_array().end(),
                                 [&](const json::value& each) { return each.as_string() == name; });
}

const object* properties_of(const object& schema) {
  const json::value* const properties = schema.if_contains("properties");
  return properties ? &properties->as_object() : nullptr;
}

// The object that a property holds, directly or as the items of an array.
const object* nested(const object& schema) {
  if (properties_of(schema)) return &schema;
  const json::value* const items = schema.if_contains("items");
  return items && properties_of(items->as_object()) ? &items->as_object() : nullptr;
}

std::string property_row(const object& schema, std::string_view name, const object& property) {
  std::string meaning = prose(text_of(property, "description"));
  if (property.contains("readOnly")) meaning = "Read only. " + meaning;
  if (const object* const inner = nested(property)) meaning += schema_html(*inner);
  return fmt::format("<tr><th scope=\"row\"><code>{}</code>{}</th><td>{}</td><td>{}</td></tr>\n",
                     escape(name), is_required(schema, name) ? " <em>required</em>" : "",
                     type_text(property), meaning);
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string prose(std::string_view text) {
  std::string out;
  bool code = false;
  for (const char c : escape(text)) {
    if (c != '`') {
      out += c;
      continue;
    }
    out += code ? "</code>" : "<code>";
    code = !code;
  }
  if (code) out += "</code>";
  return out;
}

std::string example(const json::value& value) {
  std::string text;
  if (value.is_string())
    text = value.get_string();
  else
    write_pretty(text, value, 0);
  return fmt::format("<pre tabindex=\"0\">{}</pre>\n", escape(text));
}

std::string_view referenced(const json::object& object) {
  const std::string_view path = text_of(object, "$ref");
  return path.substr(path.rfind('/') + 1);
}

std::string type_text(const json::object& schema) {
  if (const std::string_view name = referenced(schema); !name.empty())
    return fmt::format("<a href=\"#schema-{0}\">{0}</a>", escape(name));
  const json::value* choices = schema.if_contains("oneOf");
  if (!choices) choices = schema.if_contains("anyOf");
  if (choices) {
    std::string text;
    for (const json::value& choice : choices->as_array())
      text += (text.empty() ? "" : " or ") + type_text(choice.as_object());
    return text;
  }
  if (const json::value* const items = schema.if_contains("items"))
    return fmt::format("array of {}", type_text(items->as_object()));
  const json::value* const type = schema.if_contains("type");
  std::string text = type ? type_names(*type) : std::string("any");
  if (const json::value* const options = schema.if_contains("enum"))
    text += ": " + alternatives(options->as_array());
  if (const auto format = text_of(schema, "format"); !format.empty())
    text += fmt::format(" ({})", escape(format));
  if (const auto pattern = text_of(schema, "pattern"); !pattern.empty())
    text += fmt::format(" <code>{}</code>", escape(pattern));
  return text + escape(limits(schema));
}

std::string schema_html(const json::object& schema) {
  std::string out;
  if (const json::value* const bases = schema.if_contains("allOf"))
    for (const json::value& base : bases->as_array())
      out += fmt::format("<p>All of {}, and:</p>\n", type_text(base.as_object()));
  const json::object* const properties = properties_of(schema);
  if (!properties) return out + fmt::format("<p>{}</p>\n", type_text(schema));
  out += "<table><tbody>\n";
  for (const auto& [name, property] : *properties)
    out += property_row(schema, name, property.as_object());
  return out + "</tbody></table>\n";
}

}  // namespace skerry::api::docs
