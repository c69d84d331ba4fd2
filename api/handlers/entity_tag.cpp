#include "api/handlers/entity_tag.hpp"

#include <charconv>
#include <fmt/format.h>

namespace skerry::api {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_entity_tag(std::string_view text) {
  return text.size() >= 2 && text.front() == '"' && text.back() == '"' &&
         text.substr(1, text.size() - 2).find('"') == std::string_view::npos;
}

// -1 unless the tag is a revision as we write it.
std::int64_t revision_in(std::string_view tag) {
  const std::string_view digits = tag.substr(1, tag.size() - 2);
  std::int64_t revision = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), revision);
  const bool ours = error == std::errc() && end == digits.data() + digits.size() && revision > 0 &&
                    digits.front() != '0';
  return ours ? revision : -1;
}

}  // namespace

std::string entity_tag(std::int64_t revision) { return fmt::format("\"{}\"", revision); }

bool none_match_fails(std::string_view if_none_match, std::int64_t revision) {
  std::string_view rest = trimmed(if_none_match);
  if (rest == "*") return true;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    std::string_view tag = trimmed(rest.substr(0, comma));
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (is_entity_tag(tag) && revision_in(tag) == revision) return true;
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return false;
}

Result<std::optional<std::int64_t>> required_revision(std::string_view if_match) {
  const std::string_view tag = trimmed(if_match);
  if (tag.empty())
    return fail(Errc::precondition_required,
                "If-Match with the ETag of the record as you read it is required",
                "GET the record and send its ETag; If-Match: * takes any");
  if (tag == "*") return std::nullopt;
  if (tag.starts_with("W/") && is_entity_tag(tag.substr(2))) return -1;  // never matches strongly
  if (!is_entity_tag(tag))
    return fail(Errc::bad_request, "If-Match must be * or one entity tag such as \"3\"");
  return revision_in(tag);
}

}  // namespace skerry::api
