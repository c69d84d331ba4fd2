#include "api/openapi/words.hpp"

#include <algorithm>

#include "api/openapi/kind_schemas.hpp"
#include "api/openapi/parts.hpp"
#include "core/check.hpp"

namespace skerry::api::openapi {
namespace {

using json::array;
using json::object;

std::string spoken(std::string_view name) {
  std::string words(name);
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

void replace_each(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

// One entry of an array may stand for several.
bool append_names(array& into, const json::value& each) {
  if (each != "@kinds" && each != "@plurals" && each != "@imported") return false;
  for (const Kind& kind : all_kinds())
    if (each != "@imported" || kind.is_written())
      into.emplace_back(each == "@kinds" ? kind.name : kind.plural);
  return true;
}

}  // namespace

const Kind& Words::kind() const {
  SKERRY_CHECK(kind_);
  return *kind_;
}

std::string Words::replace_in(std::string_view text) const {
  std::string made(text);
  if (!kind_) return made;
  std::string title(kind_->title);
  replace_each(made, "{Kind}", kind_word(*kind_));
  replace_each(made, "{Title}", title);
  replace_each(made, "{title}", spoken(kind_->name));
  replace_each(made, "{titles}", spoken(kind_->plural));
  return made;
}

json::value Words::replace_whole(std::string_view text) const {
  constexpr std::string_view of_kind = "@record:";
  if (!text.starts_with('@')) return json::value(replace_in(text));
  if (text == "@record") return kind_example(kind(), Form::record);
  if (text == "@create") return kind_example(kind(), Form::create);
  if (text == "@patch") return kind_example(kind(), Form::patch);
  if (text.starts_with(of_kind)) {
    const Kind* const named = find_kind(text.substr(of_kind.size()));
    SKERRY_CHECK(named);
    return kind_example(*named, Form::record);
  }
  const json::value* const example = parts().examples.if_contains(text.substr(1));
  SKERRY_CHECK(example);
  return replace(*example);
}

json::value Words::replace(const json::value& value) const {
  if (const json::string* const text = value.if_string()) return replace_whole(*text);
  if (const array* const items = value.if_array()) {
    array made;
    for (const json::value& item : *items)
      if (!append_names(made, item)) made.push_back(replace(item));
    return made;
  }
  if (const object* const members = value.if_object()) {
    object made;
    for (const auto& [name, member] : *members) made[name] = replace(member);
    return made;
  }
  return value;
}

}  // namespace skerry::api::openapi
