// Names of bundle files: for people and for order, never believed. ASCII, at most 64 characters,
// lower case: the same on every file system a stick has.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/ids.hpp"
#include "crypto/signing.hpp"

namespace skerry::sync {

inline constexpr std::string_view bundle_suffix = ".skb";
inline constexpr std::size_t bundle_name_bytes_max = 64;

// u-<site8>-<epoch8>-<first>-<last>.skb
std::string up_bundle_name(SiteId site, EpochId epoch, std::uint64_t first, std::uint64_t last);
// d-<site8>-<ceord>-<base>-<upto>-<part>.skb
std::string down_bundle_name(SiteId site, std::int64_t ce_ord, std::uint64_t base,
                             std::uint64_t upto, unsigned part);
std::string invitation_name(SiteId site);  // invitation-<site8>.skb
// enrol-<site8>-<key16>.skb: with the key, so that the answers of two machines lie side by side.
std::string enrol_name(SiteId site, const crypto::KeyId& key);

// 1 to 64 of [a-z0-9-], then ".skb" (within the 64).
bool is_bundle_name(std::string_view name);

// Numbers inside compare as numbers: 377 comes before 1204.
bool bundle_name_less(const std::string& a, const std::string& b);

}  // namespace skerry::sync
