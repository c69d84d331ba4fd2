#include "store/import_columns.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <optional>
#include <tuple>

#include "core/check.hpp"
#include "core/text.hpp"

namespace skerry::store {
namespace {

// A place that a column can fill.
struct Target {
  std::string name;  // "name", "address.city", "customer_ref"
  std::size_t field = 0;
  int member = -1;
  bool by_key = false;
  const Field* what = nullptr;
};

std::vector<Target> targets_of(const Kind& kind) {
  std::vector<Target> targets;
  for (std::size_t i = 0; i < kind.fields.size(); ++i) {
    const Field& field = kind.fields[i];
    const std::string name(field.name);
    for (std::size_t m = 0; m < field.members.size(); ++m)
      targets.push_back({fmt::format("{}.{}", name, field.members[m].name), i, static_cast<int>(m),
                         false, &field.members[m]});
    if (field.type != FieldType::group) targets.push_back({name, i, -1, false, &field});
    if (kind_referred_by_key(field)) targets.push_back({name + "_ref", i, -1, true, &field});
  }
  return targets;
}

std::string comparable(std::string_view name) {
  std::string text = ascii_lower(trim_blanks(name));
  std::replace(text.begin(), text.end(), '_', ' ');
  std::replace(text.begin(), text.end(), '-', ' ');
  return text;
}

// The target a person calls `name`; the field's own name goes before titles and aliases, so that a
// contact's "title" is not somebody else's.
const Target* find_target(const std::vector<Target>& targets, std::string_view name) {
  const std::string wanted = comparable(name);
  const auto is = [&](std::string_view text) { return comparable(text) == wanted; };
  for (const Target& target : targets)
    if (is(target.name)) return &target;
  for (const Target& target : targets)
    if (!target.by_key && is(target.what->name)) return &target;
  for (const Target& target : targets) {
    if (target.by_key) continue;
    const auto& aliases = target.what->aliases;
    if (is(target.what->title) || std::any_of(aliases.begin(), aliases.end(), is)) return &target;
  }
  return nullptr;
}

std::string names_of(const std::vector<Target>& targets) {
  std::string text;
  for (const Target& target : targets) text += (text.empty() ? "" : ", ") + target.name;
  return text;
}

class Binding {
 public:
  Binding(const Kind& kind, const std::vector<std::string>& headers)
      : kind_(kind), headers_(headers), targets_(targets_of(kind)), used_(headers.size()) {}

  Result<void> map(const ColumnMapping& mapping) {
    const Target* target = find_target(targets_, mapping.field);
    if (!target)
      return fail(Errc::bad_request,
                  fmt::format("map {}={}: a {} has no field {}", mapping.field, mapping.header,
                              kind_.name, mapping.field),
                  fmt::format("the fields are {}", names_of(targets_)));
    if (column_of(*target))
      return fail(Errc::bad_request, fmt::format("map: {} is mapped twice", target->name));
    const auto header = std::find_if(headers_.begin(), headers_.end(), [&](const auto& each) {
      return ascii_lower(each) == ascii_lower(trim_blanks(mapping.header));
    });
    if (header == headers_.end())
      return fail(Errc::bad_request,
                  fmt::format("map {}={}: the file has no column {}", mapping.field, mapping.header,
                              mapping.header),
                  fmt::format("the columns are {}", fmt::join(headers_, ", ")));
    add(*target, static_cast<std::size_t>(header - headers_.begin()));
    return {};
  }

  // What is not mapped, by its own name. A field that was mapped takes no second column.
  void match(std::vector<TableError>& errors) {
    const std::size_t mapped = bound_.columns.size();
    for (std::size_t i = 0; i < headers_.size(); ++i) {
      if (used_[i]) continue;
      const Target* target = find_target(targets_, headers_[i]);
      const auto before = target ? column_of(*target) : std::nullopt;
      if (!target || (before && *before < mapped)) {
        bound_.ignored.push_back(headers_[i]);
      } else if (before) {
        errors.push_back({1, headers_[i], "duplicate_column",
                          fmt::format("means {}, as {} does; choose one by a mapping", target->name,
                                      bound_.columns[*before].header)});
      } else {
        add(*target, i);
      }
    }
  }

  void check(Role role, std::vector<TableError>& errors) const {
    for (std::size_t i = 0; i < kind_.fields.size(); ++i) {
      const Field& field = kind_.fields[i];
      const auto column = std::find_if(bound_.columns.begin(), bound_.columns.end(),
                                       [&](const ImportColumn& each) { return each.field == i; });
      const bool there = column != bound_.columns.end();
      if (field.required && !there)
        errors.push_back({1,
                          {},
                          "required_column",
                          fmt::format("no column holds {}; map one to it", field.name)});
      if (there && field.merge == MergeClass::central && role == Role::site)
        errors.push_back({1, column->header, "owned_by_central",
                          fmt::format("{} is central's to write", field.name)});
    }
  }

  ImportColumns take() {
    std::sort(bound_.columns.begin(), bound_.columns.end(), [](const auto& a, const auto& b) {
      return std::tie(a.field, a.member) < std::tie(b.field, b.member);
    });
    return std::move(bound_);
  }

 private:
  // By id or by key: the field is the same.
  std::optional<std::size_t> column_of(const Target& target) const {
    for (std::size_t i = 0; i < bound_.columns.size(); ++i)
      if (bound_.columns[i].field == target.field && bound_.columns[i].member == target.member)
        return i;
    return std::nullopt;
  }

  void add(const Target& target, std::size_t cell) {
    used_[cell] = true;
    bound_.columns.push_back(
        {cell, headers_[cell], target.field, target.member, target.by_key, target.what});
  }

  const Kind& kind_;
  const std::vector<std::string>& headers_;
  std::vector<Target> targets_;
  std::vector<bool> used_;
  ImportColumns bound_;
};

json::value read_boolean(std::string_view cell, std::vector<FieldError>& errors) {
  const std::string word = ascii_lower(cell);
  if (word == "true" || word == "yes" || word == "1") return true;
  if (word == "false" || word == "no" || word == "0") return false;
  errors.push_back({{}, "wrong_type", "must be true, false, yes, no, 1 or 0"});
  return nullptr;
}

json::array split_choices(std::string_view cell) {
  json::array choices;
  while (!cell.empty()) {
    const std::size_t end = std::min(cell.find_first_of(";|"), cell.size());
    const std::string_view choice = trim_blanks(cell.substr(0, end));
    if (!choice.empty()) choices.emplace_back(ascii_lower(choice));
    cell.remove_prefix(std::min(end + 1, cell.size()));
  }
  return choices;
}

}  // namespace

const Kind* kind_referred_by_key(const Field& field) {
  if (field.type != FieldType::reference || field.options.size() != 1) return nullptr;
  const Kind* kind = find_kind(field.options.front());
  SKERRY_CHECK(kind != nullptr);
  const int key = kind->find_field(kind->match_key);
  if (key < 0 || kind->field(static_cast<std::size_t>(key)).unique != Unique::everywhere)
    return nullptr;
  return kind;
}

Result<ImportColumns> bind_columns(const Kind& kind, Role role,
                                   const std::vector<std::string>& headers,
                                   const std::vector<ColumnMapping>& mapping,
                                   std::vector<TableError>& errors) {
  Binding binding(kind, headers);
  for (const ColumnMapping& each : mapping) SKERRY_TRY_VOID(binding.map(each));
  binding.match(errors);
  binding.check(role, errors);
  return binding.take();
}

json::value read_cell(const Field& field, std::string_view cell, std::vector<FieldError>& errors) {
  const std::string_view text = trim_blanks(cell);
  if (text.empty()) return nullptr;
  switch (field.type) {
    case FieldType::boolean:
      return read_boolean(text, errors);
    case FieldType::choices:
      return read_value(field, split_choices(text), {}, errors);
    case FieldType::choice:
      return read_value(field, json::string(ascii_lower(text)), {}, errors);
    default:
      return read_value(field, json::string(text), {}, errors);
  }
}

}  // namespace skerry::store
