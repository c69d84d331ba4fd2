// ETag, If-Match, If-None-Match (RFC 9110 sections 8.8.3, 13.1): the tag of a record is its
// revision, strong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace skerry::api {

std::string entity_tag(std::int64_t revision);  // "\"17\"", quotes included

// If-None-Match names this revision, or "*": 304. Weak tags count.
bool none_match_fails(std::string_view if_none_match, std::int64_t revision);

// The revision that If-Match demands; nullopt for "*". A tag of another form than ours gives -1,
// which no record has. Errc::precondition_required when the header is absent, bad_request when it
// is not one entity tag.
Result<std::optional<std::int64_t>> required_revision(std::string_view if_match);

}  // namespace skerry::api
