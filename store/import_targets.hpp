// The places of a record that a column of a file can fill. Internal to the import.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/import_columns.hpp"

namespace skerry::store {

struct ImportTarget {
  std::string name;                  // "name", "address.city", "customer_ref"
  std::vector<std::string> aliases;  // further names, weaker than every name and title
  ImportColumn column;               // all but its place in the file

  // Two columns cannot both fill it.
  bool same_place(const ImportColumn& other) const;
};

std::vector<ImportTarget> import_targets(const Kind& kind,
                                         const std::vector<CustomField>& custom_fields);

// The target a person calls `name`; nullptr when there is none. A field's own name goes before
// titles and aliases, so that a contact's "title" is not somebody else's.
const ImportTarget* find_target(const std::vector<ImportTarget>& targets, std::string_view name);

// "a, b, c"
std::string names_of(const std::vector<ImportTarget>& targets);
// What `name` may have meant, as a part of a sentence: the target that is written like it, or, when
// none is, all of them.
std::string likely_target(const std::vector<ImportTarget>& targets, std::string_view name);

}  // namespace skerry::store
