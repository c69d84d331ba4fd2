#include "store/import_targets.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

#include "core/check.hpp"
#include "core/text.hpp"

namespace skerry::store {
namespace {

std::string comparable(std::string_view name) {
  std::string text = ascii_lower(trim_blanks(name));
  std::replace(text.begin(), text.end(), '_', ' ');
  std::replace(text.begin(), text.end(), '-', ' ');
  return text;
}

// The rule of a kind whose records a file may name by their key, or nullptr.
const KeyRule* naming_rule(std::string_view kind_name) {
  const Kind* kind = find_kind(kind_name);
  SKERRY_CHECK(kind != nullptr);
  const KeyRule* rule = find_key_rule(*kind);
  return rule && rule->names_records ? rule : nullptr;
}

class TargetList {
 public:
  explicit TargetList(const Kind& kind) : kind_(kind) {}

  void add(std::string name, ImportColumn column) {
    targets_.push_back({std::move(name), {}, std::move(column)});
  }

  void add_field(std::size_t index) {
    const Field& field = kind_.fields[index];
    if (field.read_only) return;
    ImportColumn column;
    column.field = index;
    if (field.type == FieldType::group) {
      for (std::size_t m = 0; m < field.members.size(); ++m) {
        column.member = static_cast<int>(m);
        column.what = &field.members[m];
        add(fmt::format("{}.{}", field.name, field.members[m].name), column);
      }
      return;
    }
    column.what = &field;
    if (field.type == FieldType::custom) return;  // one column for each
    add(std::string(field.name), column);
    if (field.type == FieldType::reference) add_references(index);
  }

  // Of the target that was added last.
  void alias(std::string text) { targets_.back().aliases.push_back(std::move(text)); }

  std::vector<ImportTarget> take() { return std::move(targets_); }

 private:
  void add_references(std::size_t index) {
    const Field& field = kind_.fields[index];
    for (const std::string_view option : field.options) {
      const KeyRule* rule = naming_rule(option);
      if (!rule) continue;
      const std::string base = field.options.size() == 1 ? std::string(field.name)
                                                         : fmt::format("{}_{}", field.name, option);
      const bool short_names = takes_short_names(index, option);
      ImportColumn column;
      column.field = index;
      column.rule = rule;
      column.use = ColumnUse::by_key;
      column.what = &rule->main_field();
      add_named(base, option, rule->main_field().name, short_names, column);
      add_key_parts(base, option, short_names, column);
      // By its name, where people know it by that and an index finds it.
      const int name = rule->kind->find_field("name");
      if (rule->kind->label != "name" || static_cast<std::size_t>(name) == rule->main) continue;
      column.use = ColumnUse::parent_name;
      column.what = &rule->kind->field(static_cast<std::size_t>(name));
      add(base + "_name", column);
      if (short_names) alias(fmt::format("{}_name", option));
    }
  }

  void add_key_parts(const std::string& base, std::string_view kind, bool short_names,
                     const ImportColumn& column) {
    for (const std::size_t part : column.rule->others) {
      const Field& other = column.rule->kind->fields[part];
      if (other.type != FieldType::reference || other.options.size() != 1) continue;
      const KeyRule* rule = naming_rule(other.options.front());
      if (!rule) continue;
      ImportColumn named = column;
      named.use = ColumnUse::key_part;
      named.part = part;
      named.what = &rule->main_field();
      const bool alone = short_names && kind_.find_field(other.name) < 0;
      add_named(fmt::format("{}_{}", base, other.name), other.name, rule->main_field().name, alone,
                named);
      if (!short_names) continue;
      alias(fmt::format("{}_{}_ref", kind, other.name));
      alias(fmt::format("{}_{}_{}", kind, other.name, rule->main_field().name));
    }
  }

  // "base_ref", "base_key" and, if `short_names`, the same with the kind in the field's place.
  void add_named(const std::string& base, std::string_view kind, std::string_view key,
                 bool short_names, const ImportColumn& column) {
    add(base + "_ref", column);
    alias(fmt::format("{}_{}", base, key));
    if (!short_names) return;
    alias(fmt::format("{}_ref", kind));
    alias(fmt::format("{}_{}", kind, key));
  }

  // Of several references to one kind it is the required one that goes by the kind's name.
  bool takes_short_names(std::size_t index, std::string_view option) const {
    const auto refers = [&](const Field& field) {
      return field.type == FieldType::reference &&
             std::find(field.options.begin(), field.options.end(), option) != field.options.end();
    };
    const Field* first = nullptr;
    for (const Field& field : kind_.fields)
      if (refers(field) && (!first || (field.required && !first->required))) first = &field;
    return first == &kind_.fields[index];
  }

  const Kind& kind_;
  std::vector<ImportTarget> targets_;
};

}  // namespace

bool ImportTarget::same_place(const ImportColumn& other) const {
  const auto fills_field = [](ColumnUse use) {
    return use == ColumnUse::value || use == ColumnUse::by_key;
  };
  // A reference by id or by key is one place, unless the key may be of several kinds.
  const bool one_kind = !column.rule || !other.rule || column.rule == other.rule;
  if (fills_field(column.use) && fills_field(other.use))
    return column.field == other.field && column.member == other.member && one_kind;
  return std::tie(column.use, column.field, column.rule, column.part, column.custom.key) ==
         std::tie(other.use, other.field, other.rule, other.part, other.custom.key);
}

std::vector<ImportTarget> import_targets(const Kind& kind,
                                         const std::vector<CustomField>& custom_fields) {
  TargetList list(kind);
  ImportColumn id;
  id.use = ColumnUse::id;
  list.add("id", id);
  for (std::size_t i = 0; i < kind.fields.size(); ++i) list.add_field(i);
  const int custom = kind.find_field("custom");
  for (const CustomField& field : custom_fields) {
    if (custom < 0) break;
    ImportColumn column;
    column.use = ColumnUse::custom;
    column.field = static_cast<std::size_t>(custom);
    column.custom = field;
    list.add("custom." + field.key, column);
    const auto goes_by_it = [&](const CustomField& other) {
      return comparable(other.display_name) == comparable(field.display_name);
    };
    // One that two fields have names neither.
    if (std::count_if(custom_fields.begin(), custom_fields.end(), goes_by_it) == 1 &&
        !field.display_name.empty())
      list.alias(field.display_name);
  }
  return list.take();
}

const ImportTarget* find_target(const std::vector<ImportTarget>& targets, std::string_view name) {
  const std::string wanted = comparable(name);
  const auto is = [&](std::string_view text) { return comparable(text) == wanted; };
  for (const ImportTarget& target : targets)
    if (is(target.name)) return &target;
  const auto is_value = [](const ImportTarget& target) {
    return target.column.use == ColumnUse::value;
  };
  for (const ImportTarget& target : targets)
    if (is_value(target) && is(target.column.what->name)) return &target;
  for (const ImportTarget& target : targets) {
    if (!is_value(target)) continue;
    const auto& aliases = target.column.what->aliases;
    if (is(target.column.what->title) || std::any_of(aliases.begin(), aliases.end(), is))
      return &target;
  }
  for (const ImportTarget& target : targets)
    if (std::any_of(target.aliases.begin(), target.aliases.end(), is)) return &target;
  return nullptr;
}

std::string names_of(const std::vector<ImportTarget>& targets) {
  std::string text;
  for (const ImportTarget& target : targets) text += (text.empty() ? "" : ", ") + target.name;
  return text;
}

std::string likely_target(const std::vector<ImportTarget>& targets, std::string_view name) {
  const std::string wanted = comparable(name);
  const auto distance = [&](const ImportTarget& target) {
    std::size_t least = edit_distance(wanted, comparable(target.name));
    if (target.column.use == ColumnUse::value)
      least = std::min({least, edit_distance(wanted, comparable(target.column.what->name)),
                        edit_distance(wanted, comparable(target.column.what->title))});
    return least;
  };
  const auto nearest =
      std::min_element(targets.begin(), targets.end(),
                       [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
  if (is_typing_error(distance(*nearest), wanted)) return "the nearest is " + nearest->name;
  return "its fields are " + names_of(targets);
}

}  // namespace skerry::store
