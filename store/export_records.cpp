#include "store/export_records.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/json_text.hpp"
#include "core/text.hpp"
#include "store/csv_reader.hpp"
#include "store/csv_writer.hpp"

namespace skerry::store {
namespace {

// A number or a boolean as JSON has it, a text as it is.
std::string plain(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  return to_json_text(value);
}

std::string joined(const json::array& elements) {
  const auto splits = [](const json::value& each) {
    return each.is_string() &&
           (each.get_string().find_first_of(";|") != json::string::npos ||
            trim_blanks(each.get_string()) != std::string_view(each.get_string()));
  };
  if (elements.empty() || std::any_of(elements.begin(), elements.end(), splits) ||
      plain(elements.front()).starts_with('['))
    return to_json_text(elements);
  std::string text;
  for (const json::value& each : elements) text += (text.empty() ? "" : ";") + plain(each);
  return text;
}

// What follows from other things is left out of what an import takes, as derived columns are.
bool has_own_column(const Kind& kind, const Field& field) {
  if (field.read_only && kind.is_written()) return false;
  return field.type != FieldType::group && field.type != FieldType::custom;
}

std::span<const Field> derived_columns(const Kind& kind) {
  return !kind.is_written() ? kind.derived : std::span<const Field>();
}

const json::value& member_of(const json::value& value, std::string_view name) {
  static const json::value nothing;
  const json::object* object = value.if_object();
  const json::value* member = object ? object->if_contains(name) : nullptr;
  return member ? *member : nothing;
}

}  // namespace

std::vector<std::string> export_columns(const Kind& kind,
                                        const std::vector<CustomField>& custom_fields) {
  std::vector<std::string> names{"id"};
  for (const Field& field : kind.fields) {
    if (has_own_column(kind, field)) names.emplace_back(field.name);
    for (const Field& member : field.members)
      names.push_back(fmt::format("{}.{}", field.name, member.name));
  }
  for (const Field& field : derived_columns(kind)) names.emplace_back(field.name);
  for (const CustomField& field : custom_fields) names.push_back("custom." + field.key);
  return names;
}

std::string export_cell(const Field& field, const json::value& value) {
  const json::object* object = value.if_object();
  if (value.is_null() || (object && object->empty())) {
    const bool would_be_default = field.default_json != "null" && field.type != FieldType::text;
    return would_be_default ? "null" : "";
  }
  if (const json::array* elements = value.if_array()) return joined(*elements);
  return plain(value);
}

RecordExport::RecordExport(Connection& connection, ListQuery query, ExportFormat format)
    : connection_(connection), query_(std::move(query)), format_(format) {
  query_.limit = list_limit_max;
  query_.after.reset();
  if (query_.kind->find_field("custom") >= 0)
    custom_fields_ = custom_columns_of(connection, *query_.kind);
}

std::string RecordExport::begin() const {
  std::string line;
  if (format_ == ExportFormat::csv)
    append_csv_row(line, export_columns(*query_.kind, custom_fields_));
  return line;
}

bool RecordExport::next(std::string& out) {
  if (ended_) return false;
  ListPage page = list_records(connection_, query_);
  for (const std::string& record : page.items) {
    if (format_ == ExportFormat::csv) {
      append_csv(out, record);
    } else {
      out += record;
      out += '\n';
    }
  }
  ended_ = !page.next;
  if (page.next) query_.after = std::move(page.next);
  return true;
}

void RecordExport::append_csv(std::string& out, const std::string& record) const {
  const json::value value = parse_kept_json(record);
  std::vector<std::string> cells{plain(member_of(value, "id"))};
  for (const Field& field : query_.kind->fields) {
    const json::value& whole = member_of(value, field.name);
    if (has_own_column(*query_.kind, field)) cells.push_back(export_cell(field, whole));
    for (const Field& member : field.members)
      cells.push_back(export_cell(member, member_of(whole, member.name)));
  }
  for (const Field& field : derived_columns(*query_.kind))
    cells.push_back(export_cell(field, member_of(value, field.name)));
  for (const CustomField& field : custom_fields_)
    cells.push_back(export_cell({}, member_of(member_of(value, "custom"), field.key)));
  append_csv_row(out, cells);
}

}  // namespace skerry::store
