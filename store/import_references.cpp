// The part of RowReader that finds the records a row refers to.
#include <algorithm>
#include <cstring>
#include <fmt/format.h>

#include "core/check.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "crypto/sha256.hpp"
#include "store/import_rows.hpp"
#include "store/write_records.hpp"

namespace skerry::store {
namespace {

constexpr std::size_t remembered_max = 10'000;  // of references; then it begins anew

bool may_be_made(const Kind& kind) {
  return kind.name == "customer" || kind.name == "product" || kind.name == "location";
}

// The same for the same key of the same kind, and no id of any record.
RecordId placeholder_for(std::string_view what, std::string_view key) {
  const Hash whole = crypto::sha256(as_bytes(fmt::format("{}\n{}", what, key)));
  RecordId id;
  std::memcpy(id.bytes.data(), whole.data(), id.bytes.size());
  return id;
}

RecordId placeholder_for_name(const Kind& kind, std::string_view name) {
  return placeholder_for(fmt::format("{} name", kind.name), name);
}

std::string memory_of_name(const Kind& kind, std::string_view name) {
  return fmt::format("name\n{}\n{}", kind.name, name);
}

// Its id, and whose it is.
std::string candidate_text(Connection& connection, const KeyRule& rule, const Record& record) {
  std::string text = to_string(record.id);
  for (const std::size_t other : rule.others) {
    const Field& field = rule.kind->fields[other];
    const json::string* value = record.values[other].if_string();
    if (field.type != FieldType::reference || !value) continue;
    const auto owner =
        find_record(connection, *find_kind(field.options.front()), *parse_id<RecordId>(*value));
    if (owner) text += " of " + record_label(*owner);
  }
  return text;
}

std::string name_of(const Record& record) {
  if (record.kind->find_field("name") < 0) return {};
  const json::string* name = record.value("name").if_string();
  return name ? std::string(*name) : std::string();
}

}  // namespace

RowReader::Named& RowReader::named(const ImportColumn& column) {
  const auto same = [&](const Named& each) {
    return each.column && each.column->field == column.field && each.column->rule == column.rule;
  };
  const auto found = std::find_if(named_.begin(), named_.end(), same);
  if (found != named_.end()) return *found;
  named_.emplace_back();
  named_.back().column = &column;
  return named_.back();
}

void RowReader::resolve(const Named& named) {
  const ImportColumn& column = *named.column;
  const Field& field = kind_.fields[column.field];
  std::optional<json::value>& given = given_[column.field];
  if (column.use == ColumnUse::key_part) return;  // what belongs to a key, without the key
  if (named.key.empty() && named.name.empty()) {
    if (given || field.options.size() > 1) return;  // another kind's column may hold it
    given = nullptr;
    if (field.required) complain(column, "required", "is required");
    return;
  }
  if (given && !given->is_null()) return check_name(named, *given);
  if (is_complained(column.field)) return;  // its id is none
  const auto resolved = named.key.empty() ? resolve_name(named) : resolve_key(named);
  if (!resolved) return;
  given = json::string(to_string(resolved->id));
  if (!named.key.empty()) compare_name(named, named.key, resolved->name);
  if (resolved->parent) row_.parents.emplace_back(column.field, resolved->parent);
}

void RowReader::compare_name(const Named& named, std::string_view key, std::string_view name) {
  const std::string_view said = trim_blanks(named.name);
  if (!said.empty() && said != trim_blanks(name))
    complain(*named.name_column, "other_name",
             fmt::format("{} is called {}; correct one of the two, or set this column aside", key,
                         name));
}

// What a row says of a record that another of its columns names: no more than a name, by an id.
void RowReader::check_name(const Named& named, const json::value& given) {
  const std::string_view text = given.get_string();
  const Kind& kind = *named.column->rule->kind;
  std::string memory = fmt::format("id\n{}\n{}", kind.name, text);
  auto known = resolved_.find(memory);
  if (known == resolved_.end()) {
    const auto id = parse_id<RecordId>(text);
    SKERRY_CHECK(id.has_value());
    const auto record = find_record(*connection_, kind, *id);
    if (record && named.key.empty())
      known = remember(std::move(memory), Resolved{*id, nullptr, name_of(*record)});
  }
  if (known != resolved_.end() && named.key.empty())
    return compare_name(named, text, known->second.name);
  const Field& field = kind_.fields[named.column->field];
  if (named.key.empty() && field.options.size() == 1) return;  // out of sight, or of nothing
  complain(named.key.empty() ? *named.name_column : *named.column, "two_references",
           fmt::format("{} is given by another column already", field.name));
}

// "Within the customer": of the row itself, when the kind has one and nothing else is said.
FieldValues RowReader::own_parts(const Named& named) const {
  FieldValues parts;
  if (!named.parts.empty()) return parts;
  for (const std::size_t part : named.column->rule->others) {
    const Field& other = named.column->rule->kind->fields[part];
    const int own = kind_.find_field(other.name);
    if (own < 0 || other.type != FieldType::reference) continue;
    const auto& value = given_[static_cast<std::size_t>(own)];
    if (value && value->is_string()) parts.push_back({part, *value});
  }
  return parts;
}

// The value of a field of the record that is referred to.
std::optional<json::value> RowReader::read_said(const ImportColumn& column, std::string_view text) {
  std::vector<FieldError> complaints;
  json::value value = read_value(*column.what, json::string(text), {}, complaints);
  for (FieldError& each : complaints)
    complain(column, std::move(each.code), std::move(each.detail));
  if (!complaints.empty()) return std::nullopt;
  return value;
}

std::optional<RowReader::Resolved> RowReader::resolve_key(const Named& named) {
  const ImportColumn& column = *named.column;
  FieldValues others = own_parts(named);
  std::string memory = fmt::format("{}\n{}\n{}", column.rule->kind->name, named.key, named.name);
  for (const auto& [part, text] : named.parts)
    fmt::format_to(std::back_inserter(memory), "\n{}", text);
  for (const FieldValue& other : others)
    fmt::format_to(std::back_inserter(memory), "\n{}", std::string_view(other.value.get_string()));
  if (const auto known = resolved_.find(memory); known != resolved_.end()) return known->second;

  const auto key = read_said(column, named.key);
  if (!key) return std::nullopt;
  std::shared_ptr<const NewParent> other_parent;
  std::size_t other_field = 0;
  for (const auto& [part, text] : named.parts) {
    Named inner;
    ImportColumn inner_column = *part;
    const Field& field = column.rule->kind->fields[part->part];
    inner_column.rule = find_key_rule(*find_kind(field.options.front()));
    inner.column = &inner_column;
    inner.key = text;
    const auto resolved = resolve_key(inner);
    if (!resolved) return std::nullopt;
    others.push_back({part->part, json::string(to_string(resolved->id))});
    if (resolved->parent) {
      other_parent = resolved->parent;
      other_field = part->part;
    }
  }
  auto found = look_up(named, *key, std::move(others), std::move(other_parent), other_field);
  if (found) remember(std::move(memory), *found);
  return found;
}

RowReader::Known RowReader::remember(std::string memory, Resolved resolved) {
  if (resolved_.size() >= remembered_max) resolved_.clear();
  return resolved_.insert_or_assign(std::move(memory), std::move(resolved)).first;
}

// By a name that one record alone has.
std::optional<RowReader::Resolved> RowReader::resolve_name(const Named& named) {
  const ImportColumn& column = *named.name_column;
  const KeyRule& rule = *column.rule;
  const Kind& kind = *rule.kind;
  std::string memory = memory_of_name(kind, named.name);
  if (const auto known = resolved_.find(memory); known != resolved_.end()) return known->second;

  const auto name = read_said(column, named.name);
  if (!name) return std::nullopt;
  const auto found = find_by_label(*connection_, kind, *name, 2);
  if (found.size() == 1) {
    Resolved one{found.front().id, nullptr, std::string(named.name)};
    remember(std::move(memory), one);
    return one;
  }
  if (found.size() > 1) {
    complain(column, "ambiguous_key",
             fmt::format("more than one {} has the name {}, such as {} and {}; name it by its {}, "
                         "or by its id, in {}",
                         kind.name, named.name, to_string(found[0].id), to_string(found[1].id),
                         rule.main_field().name, kind_.fields[column.field].name));
    return std::nullopt;
  }
  const bool needs_key = rule.main_field().required;
  if (!create_parents_ || !may_be_made(kind) || needs_key) {
    const std::string remedy =
        create_parents_ && needs_key
            ? fmt::format("; to make it takes its {}", rule.main_field().name)
            : std::string();
    complain(column, "reference_not_found",
             fmt::format("no {} has the name {}{}", kind.name, named.name, remedy));
    return std::nullopt;
  }
  const RecordId by_name = placeholder_for_name(kind, named.name);
  Namesake& namesake = namesakes_[by_name];
  if (namesake.is_several) {
    complain(column, "ambiguous_key",
             fmt::format("more than one {} of this file has the name {}; name it by its {}",
                         kind.name, named.name, rule.main_field().name));
    return std::nullopt;
  }
  if (namesake.placeholder.is_zero()) {
    namesake.placeholder = by_name;
    namesake.was_keyless = true;
  }
  FieldValues said;
  if (!namesake.key.empty()) said.push_back({rule.main, json::string(namesake.key)});
  Resolved made = new_parent(kind, namesake.placeholder, std::move(said), named.name);
  made.parent->gives_key = namesake.was_keyless && !namesake.key.empty();
  remember(std::move(memory), made);
  return made;
}

// The placeholder of the parent with this key. A name is no key: two records may have it. But what
// rows name by the name alone is the one to which a row gives a key with that name.
RecordId RowReader::give_key(const Named& named, const json::value& key, const RecordId& by_key) {
  if (const auto given = given_keys_.find(by_key); given != given_keys_.end()) return given->second;
  if (named.name.empty() || new_names_.contains(by_key)) return by_key;
  const Kind& kind = *named.column->rule->kind;
  Namesake& namesake = namesakes_[placeholder_for_name(kind, named.name)];
  if (!namesake.key.empty()) {
    namesake.is_several = true;
    resolved_.erase(memory_of_name(kind, named.name));
    return by_key;
  }
  namesake.key = std::string_view(key.get_string());
  if (namesake.placeholder.is_zero()) return namesake.placeholder = by_key;
  given_keys_.emplace(by_key, namesake.placeholder);
  return namesake.placeholder;
}

std::optional<RowReader::Resolved> RowReader::look_up(const Named& named, const json::value& key,
                                                      FieldValues others,
                                                      std::shared_ptr<const NewParent> other_parent,
                                                      std::size_t other_field) {
  const KeyRule& rule = *named.column->rule;
  const Kind& kind = *rule.kind;
  if (!other_parent) {
    const auto found = find_by_key(*connection_, rule, key, others);
    if (found.size() == 1) return Resolved{found.front().id, nullptr, name_of(found.front())};
    if (found.size() > 1) {
      complain(*named.column, "ambiguous_key",
               fmt::format("more than one {} has the {} {}, such as {} and {}; name it by its id, "
                           "in {}",
                           kind.name, rule.main_field().name, named.key,
                           candidate_text(*connection_, rule, found[0]),
                           candidate_text(*connection_, rule, found[1]),
                           kind_.fields[named.column->field].name));
      return std::nullopt;
    }
  }
  if (!create_parents_ || !may_be_made(kind) || others.size() < rule.others.size()) {
    complain(*named.column, "reference_not_found",
             fmt::format("no {} has the {} {}", kind.name, rule.main_field().name, named.key));
    return std::nullopt;
  }
  if (!named.name.empty() && !read_said(*named.name_column, named.name)) return std::nullopt;
  std::string text(named.key);
  for (const FieldValue& other : others) text += "\n" + to_json_text(other.value);
  const RecordId by_key = placeholder_for(kind.name, text);
  const RecordId placeholder = rule.main_field().required ? by_key : give_key(named, key, by_key);
  others.push_back({rule.main, key});
  Resolved made =
      new_parent(kind, placeholder, std::move(others), named.name.empty() ? named.key : named.name);
  made.parent->parent = std::move(other_parent);
  made.parent->parent_field = other_field;
  made.parent->gives_key = placeholder != by_key;
  return made;
}

// `said`: of its key. What the first row of the file calls it is its name.
RowReader::Resolved RowReader::new_parent(const Kind& kind, RecordId placeholder, FieldValues said,
                                          std::string_view name) {
  const std::string& called = new_names_.emplace(placeholder, std::string(name)).first->second;
  auto parent = std::make_shared<NewParent>();
  parent->kind = &kind;
  parent->placeholder = placeholder;
  for (std::size_t i = 0; i < kind.fields.size(); ++i) {
    const Field& field = kind.fields[i];
    json::value value = default_value(field);
    if (field.name == "name")
      value = json::string(called);
    else if (kind.name == "product" && field.name == "type")
      value = "device";
    for (const FieldValue& each : said)
      if (each.field == i) value = each.value;
    if (!value.is_null()) parent->values.push_back({i, std::move(value)});
  }
  return Resolved{placeholder, std::move(parent), called};
}

// References by id; those by key were found, or are to be made. What a record names already need
// not be here: a site does not see all of it.
void RowReader::check_references(const std::optional<Record>& match) {
  for (const ImportColumn& column : columns_.columns) {
    if (column.use != ColumnUse::value || column.what->type != FieldType::reference) continue;
    const auto& value = given_[column.field];
    if (!value || !value->is_string()) continue;
    const auto id = parse_id<RecordId>(value->get_string());
    SKERRY_CHECK(id.has_value());
    auto known = exists_.find(*id);
    if (known == exists_.end()) {
      if (exists_.size() >= remembered_max) exists_.clear();
      known = exists_.emplace(*id, find_referenced(*connection_, *column.what, *id)).first;
    }
    const bool as_it_was = match && match->values[column.field] == *value;
    if (!known->second && !as_it_was) complain(column, "reference_not_found", "names no record");
  }
}

}  // namespace skerry::store
