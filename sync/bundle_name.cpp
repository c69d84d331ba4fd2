#include "sync/bundle_name.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace skerry::sync {
namespace {

template <class IdType>
std::string first8(const IdType& id) {
  return to_string(id).substr(0, 8);
}

}  // namespace

std::string up_bundle_name(SiteId site, EpochId epoch, std::uint64_t first, std::uint64_t last) {
  return fmt::format("u-{}-{}-{}-{}.skb", first8(site), first8(epoch), first, last);
}

std::string down_bundle_name(SiteId site, std::int64_t ce_ord, std::uint64_t base,
                             std::uint64_t upto, unsigned part) {
  return fmt::format("d-{}-{}-{}-{}-{}.skb", first8(site), ce_ord, base, upto, part);
}

std::string invitation_name(SiteId site) { return fmt::format("invitation-{}.skb", first8(site)); }
std::string enrol_name(SiteId site, const crypto::KeyId& key) {
  return fmt::format("enrol-{}-{}.skb", first8(site), key);
}

bool is_bundle_name(std::string_view name) {
  if (name.size() > bundle_name_bytes_max || !name.ends_with(bundle_suffix)) return false;
  name.remove_suffix(bundle_suffix.size());
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool bundle_name_less(const std::string& a, const std::string& b) {
  return ::strverscmp(a.c_str(), b.c_str()) < 0;
}

}  // namespace skerry::sync
