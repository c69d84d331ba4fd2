#include "sync/bundle_reader.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>

#include "core/check.hpp"
#include "sync/container.hpp"
#include "sync/zstd_stream.hpp"

namespace skerry::sync {
namespace {

// The end of staging: hashes, counts and cuts into lines what comes out of the decompressor, keeps
// the head line, and writes everything to the private file.
class PlainSink final : public ByteSink {
 public:
  PlainSink(int fd, const PayloadInfo& payload, const BundleLimits& limits)
      : plain_size_(payload.plain_size),
        file_(fd, payload.plain_size),
        lines_({limits.line_bytes_max, payload.lines},
               [this](std::string_view line, std::uint64_t number) -> Result<void> {
                 if (number == 1) head_ = line;
                 return {};
               }) {}

  Result<void> write(ByteView bytes) override {
    if (bytes.size() > plain_size_ - file_.bytes())
      return fail(Errc::limit_exceeded,
                  fmt::format("more than the {} bytes the manifest names", plain_size_));
    SKERRY_TRY_VOID(lines_.write(bytes));
    return file_.write(bytes);
  }
  Result<void> finish() override { return lines_.finish(); }

  const std::string& head() const { return head_; }
  Result<void> compare(const PayloadInfo& payload) {
    if (file_.bytes() != payload.plain_size || lines_.lines() != payload.lines)
      return fail(Errc::corrupt_bundle,
                  fmt::format("the payload has {} bytes in {} lines, the manifest names {} in {}",
                              file_.bytes(), lines_.lines(), payload.plain_size, payload.lines));
    if (file_.hash() != payload.plain_sha256)
      return fail(Errc::corrupt_bundle, "the payload's content has another hash than the manifest");
    return {};
  }

 private:
  std::uint64_t plain_size_;
  FileSink file_;
  LineReader lines_;
  std::string head_;
};

// Stripping a payload and signing it as one's own ends here.
Result<void> compare_head(std::string_view line, const Manifest& manifest) {
  SKERRY_TRY(const PayloadHead head, parse_payload_head(line));
  const bool same = head.bundle == manifest.id && head.from == manifest.from.party &&
                    head.epoch == manifest.from.epoch && head.to == manifest.to;
  if (same) return {};
  return fail(Errc::bad_signature,
              fmt::format("the payload was made by {} for {}, as bundle {}: the manifest signed "
                          "over it says otherwise",
                          to_string(head.from), to_string(head.to), to_string(head.bundle)));
}

Result<FileHandle> duplicate(int fd) {
  FileHandle copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy.is_open()) return fail(system_error(errno, "opening a bundle"));
  return copy;
}

BundleInspection inspection_of(const BundleReader& reader) {
  return {reader.manifest(), reader.manifest_text(), reader.signers(), reader.file_size()};
}

}  // namespace

std::string bundle_remedy(Errc code) {
  switch (code) {
    case Errc::corrupt_bundle:
    case Errc::limit_exceeded:
      return "have it written again by its sender; nothing was changed here";
    case Errc::bad_signature:
    case Errc::unknown_signer:
      return "do not use it; ask its sender, and check the medium";
    case Errc::missing_key:
      return "it was made for other keys: run an exchange so that it is packed anew";
    default:
      return {};
  }
}

Result<BundleReader> BundleReader::open(FileHandle file, const KeyLookup& lookup,
                                        const BundleLimits& limits) {
  BundleReader reader(std::move(file), limits);
  SKERRY_TRY_VOID(reader.read_manifest());
  SKERRY_TRY_VOID(reader.check_signatures(lookup));
  return reader;
}

Result<void> BundleReader::read_manifest() {
  SKERRY_TRY(layout_, read_layout(file_.fd(), limits_));
  SKERRY_TRY(manifest_text_, read_manifest_text(file_.fd(), layout_));
  SKERRY_TRY(manifest_, parse_manifest(manifest_text_));
  if (manifest_.payload.has_value() != layout_.payload.has_value())
    return fail(Errc::corrupt_bundle, "only one of manifest and archive has a payload");
  if (layout_.payload && layout_.payload->size != manifest_.payload->size)
    return fail(Errc::corrupt_bundle, "the payload has another size than the manifest names");
  if (!has_signature(layout_, manifest_.from.key))
    return fail(Errc::bad_signature,
                fmt::format("no signature is by the sender's key {}", manifest_.from.key));
  return {};
}

Result<void> BundleReader::check_signatures(const KeyLookup& lookup) {
  const SignerLookup by_name = [&](const crypto::KeyId& id) -> Result<crypto::VerifyKey> {
    SKERRY_TRY(std::optional<crypto::VerifyKey> key, lookup(manifest_, id));
    if (!key)
      return fail(Errc::unknown_signer, fmt::format("key {} of {} is not known here", id,
                                                    to_string(manifest_.from.party)));
    signers_.push_back(id);
    return std::move(*key);
  };
  return sync::check_signatures(file_.fd(), layout_, manifest_text_, by_name);
}

Result<void> BundleReader::check_declared_sizes() const {
  const PayloadInfo& payload = *manifest_.payload;
  if (payload.plain_size > limits_.plain_bytes_for(payload.size))
    return fail(Errc::limit_exceeded,
                fmt::format("{} bytes in a payload of {}: at most {} are read", payload.plain_size,
                            payload.size, limits_.plain_bytes_for(payload.size)));
  if (payload.lines > limits_.lines_max)
    return fail(Errc::limit_exceeded,
                fmt::format("{} lines: at most {} are read", payload.lines, limits_.lines_max));
  return {};
}

Result<void> BundleReader::check_payload() const {
  if (!layout_.payload) return {};
  SKERRY_TRY_VOID(check_declared_sizes());
  HashSink hash;
  SKERRY_TRY_VOID(pump(file_.fd(), layout_.payload->offset, layout_.payload->size, hash));
  if (hash.hash() != manifest_.payload->sha256)
    return fail(Errc::corrupt_bundle, "the payload has another hash than the manifest names");
  return {};
}

Result<void> BundleReader::stage(std::span<const crypto::AgeIdentity> identities,
                                 const std::filesystem::path& folder) {
  SKERRY_TRY_VOID(check_payload());
  if (!layout_.payload) return {};
  const PayloadInfo& payload = *manifest_.payload;
  SKERRY_TRY(FileHandle staged, make_private_file(folder));
  PlainSink plain(staged.fd(), payload, limits_);
  ZstdDecompressor decompressor(plain);
  std::optional<crypto::AgeDecryptor> decryptor;
  if (payload.encryption == PayloadEncryption::age_v1) decryptor.emplace(decompressor, identities);
  ByteSink& first = decryptor ? static_cast<ByteSink&>(*decryptor) : decompressor;
  SKERRY_TRY_VOID(pump(file_.fd(), layout_.payload->offset, layout_.payload->size, first));
  SKERRY_TRY_VOID(first.finish());
  SKERRY_TRY_VOID(plain.compare(payload));
  SKERRY_TRY_VOID(compare_head(plain.head(), manifest_));
  staged_ = std::move(staged);
  return {};
}

Result<void> BundleReader::for_each_line(const LineCallback& on_line) const {
  if (!layout_.payload) return {};
  SKERRY_CHECK(staged_.is_open());
  const PayloadInfo& payload = *manifest_.payload;
  LineReader lines({limits_.line_bytes_max, payload.lines},
                   [&](std::string_view line, std::uint64_t number) -> Result<void> {
                     if (number == 1) return {};
                     return on_line(line, number);
                   });
  SKERRY_TRY_VOID(pump(staged_.fd(), 0, payload.plain_size, lines));
  return lines.finish();
}

Result<BundleInspection> inspect_bundle(int fd, const BundleLimits& limits) {
  SKERRY_TRY(const BundleLayout layout, read_layout(fd, limits));
  BundleInspection inspection;
  SKERRY_TRY(inspection.manifest_text, read_manifest_text(fd, layout));
  SKERRY_TRY(inspection.manifest, parse_manifest(inspection.manifest_text));
  for (const SignatureMember& member : layout.signatures)
    inspection.signature_keys.push_back(member.key);
  inspection.file_size = layout.file_size;
  return inspection;
}

Result<BundleInspection> verify_bundle(int fd, std::span<const crypto::VerifyKey> keys,
                                       const BundleLimits& limits) {
  const KeyLookup lookup =
      [keys](const Manifest&, const crypto::KeyId& id) -> Result<std::optional<crypto::VerifyKey>> {
    for (const crypto::VerifyKey& key : keys)
      if (key.key_id() == id) return key;
    return std::nullopt;
  };
  SKERRY_TRY(FileHandle file, duplicate(fd));
  SKERRY_TRY(const BundleReader reader, BundleReader::open(std::move(file), lookup, limits));
  SKERRY_TRY_VOID(reader.check_payload());
  return inspection_of(reader);
}

}  // namespace skerry::sync
