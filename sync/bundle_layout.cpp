#include "sync/bundle_layout.hpp"

#include <fmt/format.h>
#include <tuple>

#include "sync/file_handle.hpp"

namespace skerry::sync {
namespace {

constexpr std::size_t key_id_digits = 16;
constexpr std::size_t members_max = 1 + signatures_max + 1;

tl::unexpected<Error> unexpected_member(const UstarMember& member) {
  return fail(Errc::corrupt_bundle, fmt::format("member {} does not belong there", member.name));
}

std::optional<crypto::KeyId> signature_key(const UstarMember& member) {
  std::string_view name = member.name;
  if (!name.starts_with(signature_prefix)) return std::nullopt;
  name.remove_prefix(signature_prefix.size());
  if (name.size() != key_id_digits || !from_hex(name)) return std::nullopt;
  return crypto::KeyId(name);
}

Result<void> add_signature(const UstarMember& member, const crypto::KeyId& key,
                           std::vector<SignatureMember>& signatures) {
  if (member.size != std::tuple_size_v<crypto::Signature>)
    return fail(Errc::corrupt_bundle, fmt::format("member {} has not 64 bytes", member.name));
  if (!signatures.empty() && signatures.back().key >= key) return unexpected_member(member);
  if (signatures.size() == signatures_max)
    return fail(Errc::limit_exceeded, fmt::format("more than {} signatures", signatures_max));
  signatures.push_back({key, member.offset});
  return {};
}

}  // namespace

Result<BundleLayout> read_layout(int fd, const BundleLimits& limits) {
  BundleLayout layout;
  SKERRY_TRY(layout.file_size, file_size(fd));
  if (layout.file_size > limits.file_bytes_max)
    return fail(Errc::limit_exceeded, fmt::format("the file has {} bytes, at most {} are read",
                                                  layout.file_size, limits.file_bytes_max));
  SKERRY_TRY(const std::vector<UstarMember> members, read_ustar(fd, layout.file_size, members_max));
  if (members.empty() || members[0].name != manifest_member)
    return fail(Errc::corrupt_bundle, "the first member is not manifest.json");
  layout.manifest = members[0];
  if (layout.manifest.size > limits.manifest_bytes_max)
    return fail(Errc::limit_exceeded,
                fmt::format("manifest.json is longer than {} bytes", limits.manifest_bytes_max));
  for (std::size_t i = 1; i < members.size(); ++i) {
    if (layout.payload) return unexpected_member(members[i]);
    if (const std::optional<crypto::KeyId> key = signature_key(members[i])) {
      SKERRY_TRY_VOID(add_signature(members[i], *key, layout.signatures));
    } else if (members[i].name == payload_member) {
      layout.payload = members[i];
    } else {
      return unexpected_member(members[i]);
    }
  }
  if (layout.signatures.empty()) return fail(Errc::bad_signature, "the file has no signature");
  return layout;
}

}  // namespace skerry::sync
