#include "store/import_columns.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tuple>

#include "core/text.hpp"
#include "store/import_targets.hpp"

namespace skerry::store {
namespace {

class Binding {
 public:
  Binding(const Kind& kind, const std::vector<std::string>& headers,
          const std::vector<CustomField>& custom_fields)
      : kind_(kind),
        headers_(headers),
        targets_(import_targets(kind, custom_fields)),
        used_(headers.size()) {}

  Result<void> wish(const ColumnWishes& wishes) {
    for (const ColumnMapping& each : wishes.mapping) {
      SKERRY_TRY(const ImportTarget* const target, wanted("map", each.field, each.header));
      SKERRY_TRY(const std::size_t cell, find_header("map", each.field, each.header));
      used_[cell] = true;
      add(*target, cell);
    }
    for (const FixedValue& each : wishes.fixed) {
      SKERRY_TRY(const ImportTarget* const target, wanted("set", each.field, each.value));
      add(*target, 0);
      bound_.columns.back().fixed = each.value;
      bound_.columns.back().header = target->name;
    }
    for (const std::string& each : wishes.ignored) {
      SKERRY_TRY(const std::size_t cell, find_header("ignore", {}, each));
      if (used_[cell])
        return fail(Errc::bad_request,
                    fmt::format("ignore={}: the column is mapped to a field", each));
      set_aside(cell);
    }
    return {};
  }

  // What nobody spoke of, by its own name. A field that was mapped takes no second column.
  void match(const ColumnWishes& wishes, std::vector<TableError>& errors) {
    const std::size_t wished = bound_.columns.size();
    const bool others_aside = wishes.ignore_unknown || !wishes.mapping.empty();
    for (std::size_t i = 0; i < headers_.size(); ++i) {
      if (used_[i]) continue;
      const ImportTarget* target = find_target(targets_, headers_[i]);
      const bool foreign_id =
          target && target->column.use == ColumnUse::id && !wishes.mapping.empty();
      const auto before = target ? column_of(*target) : std::nullopt;
      if (foreign_id || (before && *before < wished) || (!target && others_aside)) {
        set_aside(i);
      } else if (!target) {
        refuse_unknown(i, errors);
      } else if (before) {
        errors.push_back({1, headers_[i], "duplicate_column",
                          fmt::format("means {}, as {} does; choose one by a mapping", target->name,
                                      bound_.columns[*before].header)});
      } else {
        add(*target, i);
      }
    }
  }

  void check(std::vector<TableError>& errors) const {
    const auto has = [&](const auto& is) {
      return std::any_of(bound_.columns.begin(), bound_.columns.end(), is);
    };
    const auto is_there = [&](std::size_t field) {
      return has([&](const ImportColumn& column) {
        return column.field == field &&
               (column.use == ColumnUse::value || column.use == ColumnUse::by_key ||
                column.use == ColumnUse::parent_name);
      });
    };
    for (const ImportColumn& part : bound_.columns) {
      if (part.use != ColumnUse::key_part || has([&](const ImportColumn& column) {
            return column.use == ColumnUse::by_key && column.field == part.field &&
                   column.rule == part.rule;
          }))
        continue;
      errors.push_back(
          {1, part.header, "required_column",
           fmt::format("is of the key of {0}, and no column holds its {1}; map one to it, or set "
                       "this one aside with --ignore {2}",
                       with_article(part.rule->kind->name), part.rule->main_field().name,
                       part.header)});
    }
    if (has([](const ImportColumn& column) { return column.use == ColumnUse::id; })) return;
    const bool has_key = holds_key(is_there);
    for (std::size_t i = 0; i < kind_.fields.size(); ++i) {
      const Field& field = kind_.fields[i];
      if (!field.required || field.default_json != "null" || has_key || is_there(i)) continue;
      errors.push_back({1, std::string(field.name), "required_column",
                        fmt::format("no column holds {}; map one to it", field.name)});
    }
  }

  ImportColumns take() {
    std::stable_sort(bound_.columns.begin(), bound_.columns.end(),
                     [](const auto& a, const auto& b) {
                       return std::tie(a.field, a.member) < std::tie(b.field, b.member);
                     });
    return std::move(bound_);
  }

 private:
  // Whether rows may be recognised as records that are there: these need no more than what changes.
  template <class IsThere>
  bool holds_key(const IsThere& is_there) const {
    const KeyRule* rule = find_key_rule(kind_);
    if (!rule || !is_there(rule->main)) return false;
    return std::all_of(rule->others.begin(), rule->others.end(), [&](const std::size_t other) {
      return !kind_.fields[other].required || is_there(other);
    });
  }

  // The target of one wish.
  Result<const ImportTarget*> wanted(std::string_view verb, const std::string& field,
                                     const std::string& value) const {
    const ImportTarget* target = find_target(targets_, field);
    if (!target)
      return fail(Errc::bad_request,
                  fmt::format("{} {}={}: {} has no field {}", verb, field, value,
                              with_article(kind_.name), field),
                  fmt::format("the fields are {}", names_of(targets_)));
    if (column_of(*target))
      return fail(Errc::bad_request, fmt::format("{}: {} is given twice", verb, target->name),
                  "leave one of the two out");
    return target;
  }

  Result<std::size_t> find_header(std::string_view verb, std::string_view field,
                                  const std::string& name) const {
    const std::string wanted = ascii_lower(trim_blanks(name));
    const auto header = std::find_if(headers_.begin(), headers_.end(),
                                     [&](const auto& each) { return ascii_lower(each) == wanted; });
    if (header != headers_.end()) return static_cast<std::size_t>(header - headers_.begin());
    return fail(Errc::bad_request,
                fmt::format("{} {}{}{}: the file has no column {}", verb, field,
                            field.empty() ? "" : "=", name, name),
                fmt::format("the columns are {}", fmt::join(headers_, ", ")));
  }

  std::optional<std::size_t> column_of(const ImportTarget& target) const {
    for (std::size_t i = 0; i < bound_.columns.size(); ++i)
      if (target.same_place(bound_.columns[i])) return i;
    return std::nullopt;
  }

  void add(const ImportTarget& target, std::size_t cell) {
    ImportColumn column = target.column;
    column.cell = cell;
    if (!headers_.empty()) column.header = headers_[cell];
    bound_.columns.push_back(std::move(column));
  }

  void set_aside(std::size_t cell) {
    used_[cell] = true;
    bound_.ignored.push_back(headers_[cell]);
  }

  // Of a field whose values have a column each: the name of one. Empty for any other.
  std::string part_of(std::string_view name) const {
    const int field = kind_.find_field(name);
    if (field < 0) return {};
    const Field& whole = kind_.field(static_cast<std::size_t>(field));
    if (whole.type == FieldType::custom) return "custom.KEY";
    if (whole.type != FieldType::group) return {};
    return fmt::format("{}.{}", whole.name, whole.members.front().name);
  }

  void refuse_unknown(std::size_t cell, std::vector<TableError>& errors) {
    const std::string& header = headers_[cell];
    if (cell + 1 == headers_.size() && ascii_lower(header) == reject_reason_header)
      return set_aside(cell);
    const std::string name = ascii_lower(header);
    if (const std::string part = part_of(name); !part.empty()) {
      errors.push_back({1, header, "unknown_column",
                        fmt::format("has a column for each of its values, such as {}; map it to "
                                    "one, or set it aside with --ignore {}",
                                    part, header)});
      return;
    }
    if (kind_.find_column(name) >= 0 || name == "revision" || name == "created_at" ||
        name == "updated_at") {
      errors.push_back(
          {1, header, "read_only_column",
           fmt::format("is computed here, not imported; set it aside with --ignore {}", header)});
      return;
    }
    errors.push_back(
        {1, header, "unknown_column",
         fmt::format("is no field of {}; {}; map it, or set it aside with --ignore {}",
                     with_article(kind_.name), likely_target(targets_, header), header)});
  }

  const Kind& kind_;
  const std::vector<std::string>& headers_;
  std::vector<ImportTarget> targets_;
  std::vector<bool> used_;
  ImportColumns bound_;
};

// A text that is none of them stays one, for the validation to name; so with numbers below.
json::value read_boolean(std::string_view cell) {
  const std::string word = ascii_lower(cell);
  if (word == "true" || word == "yes" || word == "1") return true;
  if (word == "false" || word == "no" || word == "0") return false;
  return json::string(cell);
}

json::array split_choices(std::string_view cell) {
  json::array choices;
  if (cell == "[]") return choices;
  while (!cell.empty()) {
    const std::size_t end = std::min(cell.find_first_of(";|"), cell.size());
    const std::string_view choice = trim_blanks(cell.substr(0, end));
    if (!choice.empty()) choices.emplace_back(ascii_lower(choice));
    cell.remove_prefix(std::min(end + 1, cell.size()));
  }
  return choices;
}

// In the order given; an array of JSON where texts hold what stands between them.
json::value split_texts(std::string_view cell) {
  if (cell.starts_with('[')) {
    json::error_code error;
    json::value texts = json::parse(json::string_view(cell.data(), cell.size()), error);
    if (!error) return texts;
  }
  json::array texts;
  while (!cell.empty()) {
    const std::size_t end = std::min(cell.find_first_of(";|"), cell.size());
    const std::string_view text = trim_blanks(cell.substr(0, end));
    if (!text.empty()) texts.emplace_back(text);
    cell.remove_prefix(std::min(end + 1, cell.size()));
  }
  return texts;
}

// An object of JSON: {"render":5,"hdr":true}.
json::value read_settings(std::string_view text) {
  const auto object = parse_json_object(text, {.fractions = true});
  return object ? json::value(*object) : json::value(json::string(text));
}

json::value read_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return json::string(text);
  return number;
}

// A whole number that a double would round is none, as in JSON.
bool would_be_rounded(std::string_view text) {
  constexpr std::int64_t whole_max = 9007199254740991;  // 2^53 - 1
  if (text.find_first_not_of("-0123456789") != std::string_view::npos) return false;
  const json::value whole = read_integer(text);
  return !whole.is_int64() || std::abs(whole.get_int64()) > whole_max;
}

json::value read_number(std::string_view text) {
  if (would_be_rounded(text)) return json::string(text);
  if (const json::value whole = read_integer(text); whole.is_int64()) return whole;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && std::isfinite(number))
    return number;
  return json::string(text);
}

json::value read_custom_cell(const CustomField& field, std::string_view cell) {
  if (field.type == "number") return read_number(trim_blanks(cell));
  if (field.type == "boolean") return read_boolean(trim_blanks(cell));
  if (field.type == "date") return json::string(trim_blanks(cell));
  return json::string(cell);
}

}  // namespace

Result<ImportColumns> bind_columns(const Kind& kind, const std::vector<std::string>& headers,
                                   const ColumnWishes& wishes,
                                   const std::vector<CustomField>& custom_fields,
                                   std::vector<TableError>& errors) {
  Binding binding(kind, headers, custom_fields);
  SKERRY_TRY_VOID(binding.wish(wishes));
  binding.match(wishes, errors);
  binding.check(errors);
  return binding.take();
}

std::optional<json::value> read_cell(const Field& field, std::string_view cell,
                                     std::vector<FieldError>& errors) {
  const std::string_view text = trim_blanks(cell);
  if (text.empty()) return std::nullopt;
  const bool may_be_null = field.default_json != "null" && field.type != FieldType::text;
  if (may_be_null && text == "null") return json::value(nullptr);
  switch (field.type) {
    case FieldType::boolean:
      return read_value(field, read_boolean(text), {}, errors);
    case FieldType::integer:
      return read_value(field, read_integer(text), {}, errors);
    case FieldType::texts:
      return read_value(field, split_texts(text), {}, errors);
    case FieldType::settings:
      return read_value(field, read_settings(text), {}, errors);
    case FieldType::choices: {
      const std::size_t complaints = errors.size();
      json::value choices = read_value(field, split_choices(text), {}, errors);
      if (errors.size() > complaints && text.find(',') != std::string_view::npos)
        errors.back().detail += "; between several stands ; or |";
      return choices;
    }
    case FieldType::choice:
      return read_value(field, json::string(ascii_lower(text)), {}, errors);
    case FieldType::text:
      return read_value(field, json::string(cell), {}, errors);
    default:
      return read_value(field, json::string(text), {}, errors);
  }
}

std::optional<json::value> read_cell(const CustomField& field, std::string_view cell,
                                     std::vector<FieldError>& errors) {
  if (trim_blanks(cell).empty()) return std::nullopt;
  json::value value = read_custom_cell(field, cell);
  if (auto complaint = complaint_about(field, value, {})) errors.push_back(std::move(*complaint));
  return value;
}

}  // namespace skerry::store
