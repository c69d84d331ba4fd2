#include "sync/container.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "core/check.hpp"
#include "sync/file_handle.hpp"

namespace skerry::sync {
namespace {

constexpr std::array<std::uint8_t, ustar_end_bytes> zeros{};

Result<void> begin_member(ByteSink& out, std::string_view name, std::uint64_t size) {
  return out.write(make_ustar_header(name, size));
}

Result<void> end_member(ByteSink& out, std::uint64_t size) {
  return out.write(ByteView(zeros).first(ustar_padding(size)));
}

Result<void> write_member(ByteSink& out, std::string_view name, ByteView content) {
  SKERRY_TRY_VOID(begin_member(out, name, content.size()));
  SKERRY_TRY_VOID(out.write(content));
  return end_member(out, content.size());
}

// By key id: the order of the members.
std::map<crypto::KeyId, crypto::Signature> sign(std::string_view text,
                                                std::span<const crypto::SigningKey> keys) {
  SKERRY_CHECK(!keys.empty() && keys.size() <= signatures_max);
  std::map<crypto::KeyId, crypto::Signature> signatures;
  for (const crypto::SigningKey& key : keys)
    signatures.emplace(key.verify_key().key_id(), key.sign(as_bytes(text)));
  SKERRY_CHECK(signatures.size() == keys.size());
  return signatures;
}

}  // namespace

Result<void> write_container(ByteSink& out, std::string_view manifest,
                             std::span<const crypto::SigningKey> keys,
                             const std::optional<PayloadSource>& payload) {
  SKERRY_TRY_VOID(write_member(out, manifest_member, as_bytes(manifest)));
  for (const auto& [key, signature] : sign(manifest, keys))
    SKERRY_TRY_VOID(write_member(out, std::string(signature_prefix) + key, signature));
  if (payload) {
    SKERRY_TRY_VOID(begin_member(out, payload_member, payload->size));
    SKERRY_TRY_VOID(pump(payload->fd, 0, payload->size, out));
    SKERRY_TRY_VOID(end_member(out, payload->size));
  }
  return out.write(zeros);
}

Result<std::string> read_manifest_text(int fd, const BundleLayout& layout) {
  std::string text(layout.manifest.size, '\0');
  SKERRY_TRY_VOID(read_at(fd, layout.manifest.offset,
                          {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
  return text;
}

Result<void> check_signatures(int fd, const BundleLayout& layout, std::string_view manifest,
                              const SignerLookup& lookup) {
  for (const SignatureMember& member : layout.signatures) {
    crypto::Signature signature;
    SKERRY_TRY_VOID(read_at(fd, member.offset, signature));
    SKERRY_TRY(const crypto::VerifyKey key, lookup(member.key));
    // The name is only a hint: it must still be the right one, or the file has two spellings.
    if (key.key_id() != member.key || !key.verify(as_bytes(manifest), signature))
      return fail(Errc::bad_signature,
                  fmt::format("the signature by key {} does not fit the manifest", member.key));
  }
  return {};
}

bool has_signature(const BundleLayout& layout, const crypto::KeyId& key) {
  return std::any_of(layout.signatures.begin(), layout.signatures.end(),
                     [&](const SignatureMember& member) { return member.key == key; });
}

}  // namespace skerry::sync
