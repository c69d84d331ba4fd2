#include "sync/backup/file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "crypto/age_armor.hpp"
#include "store/migrations.hpp"
#include "sync/container.hpp"
#include "sync/zstd_stream.hpp"

namespace skerry::sync {
namespace {

constexpr std::size_t keys_bytes_max = 8 * kibibyte;
constexpr std::string_view age_key_start = "AGE-SECRET-KEY-1";

BundleLimits backup_limits() {
  BundleLimits limits;
  limits.file_bytes_max = ustar_size_max + 2 * backup_manifest_bytes_max;  // and headers
  limits.manifest_bytes_max = backup_manifest_bytes_max;
  return limits;
}

// Collects a secret of bounded length.
class SecretSink final : public ByteSink {
 public:
  Result<void> write(ByteView bytes) override {
    if (bytes.size() > held_.size() - size_)
      return fail(Errc::limit_exceeded, "the keys are longer than keys are");
    std::ranges::copy(bytes, held_.span().subspan(size_).begin());
    size_ += bytes.size();
    return {};
  }
  Result<void> finish() override { return {}; }
  std::string_view text() const { return held_.text().substr(0, size_); }

 private:
  crypto::SecretBytes held_{keys_bytes_max};
  std::size_t size_ = 0;
};

// Collects what is no secret.
class BytesSink final : public ByteSink {
 public:
  Result<void> write(ByteView bytes) override {
    held_.insert(held_.end(), bytes.begin(), bytes.end());
    return {};
  }
  Result<void> finish() override { return {}; }
  ByteView bytes() const { return held_; }

 private:
  Bytes held_;
};

// Hashes and counts what passes, and tells how far it is.
class WatchedSink final : public ByteSink {
 public:
  WatchedSink(ByteSink& next, const BackupProgress& progress, std::string_view step,
              std::uint64_t total)
      : next_(next), progress_(progress), step_(step), total_(total) {}

  Result<void> write(ByteView bytes) override {
    hash_.update(bytes);
    bytes_ += bytes.size();
    SKERRY_TRY_VOID(progress_(step_, bytes_, total_));
    return next_.write(bytes);
  }
  Result<void> finish() override { return next_.finish(); }
  Hash hash() { return hash_.finish(); }

 private:
  ByteSink& next_;
  const BackupProgress& progress_;
  std::string_view step_;
  std::uint64_t total_;
  std::uint64_t bytes_ = 0;
  crypto::Sha256 hash_;
};

tl::unexpected<Error> not_as_named(std::string_view what) {
  return fail(Errc::corrupt_bundle,
              fmt::format("{} has another size or hash than the manifest names", what));
}

// What is wrong with the file, and what to do where nothing better is known.
Error with_remedy(Error error) {
  if (error.next.empty())
    error.next = "use another backup; check the disk or the medium that this one lies on";
  return error;
}

Error locked_to(const BackupManifest& manifest) {
  return Error(
      Errc::missing_key,
      fmt::format("no key at hand opens the backup: it is for the recovery key {}, and for "
                  "{} \"{}\" itself",
                  manifest.recovery, to_text(manifest.facts.identity.role),
                  manifest.facts.identity.name),
      "name the file of that recovery key: --identity FILE");
}

Result<void> check_version(const BackupManifest& manifest) {
  const auto known = static_cast<std::int64_t>(store::all_migrations().size());
  if (manifest.facts.migration <= known) return {};
  return fail(Errc::unsupported_version,
              fmt::format("the backup is of skerry {}, whose database has version {}; this program "
                          "knows versions up to {}",
                          manifest.app, manifest.facts.migration, known),
              fmt::format("install skerry {} or a newer version", manifest.app));
}

Result<BundleLayout> layout_of(int fd) {
  SKERRY_TRY(BundleLayout layout, read_layout(fd, backup_limits()));
  if (!layout.payload) return fail(Errc::corrupt_bundle, "the backup has no payload");
  return layout;
}

}  // namespace

Result<std::string> seal_keys(const Keys& keys, std::span<const crypto::AgeRecipient> recipients,
                              Random& random) {
  BytesSink file;
  crypto::AgeEncryptor encryptor(file, recipients, random);
  SKERRY_TRY_VOID(encryptor.write(keys.sign.to_pem().view()));
  SKERRY_TRY_VOID(encryptor.write(keys.age.to_text().view()));
  SKERRY_TRY_VOID(encryptor.write(as_bytes("\n")));
  SKERRY_TRY_VOID(encryptor.finish());
  return crypto::age_armor(file.bytes());
}

Result<Keys> open_keys(std::string_view sealed, std::span<const crypto::AgeIdentity> identities) {
  const auto corrupt = [](const Error& error) {
    return with_remedy(Error(Errc::corrupt_bundle, "the backup's keys: " + error.detail));
  };
  SKERRY_TRY(const Bytes file, crypto::age_dearmor(sealed).map_error(corrupt));
  SecretSink plain;
  crypto::AgeDecryptor decryptor(plain, identities);
  SKERRY_TRY_VOID(decryptor.write(file));
  SKERRY_TRY_VOID(decryptor.finish());
  const std::string_view text = plain.text();
  const std::size_t at = std::min(text.find(age_key_start), text.size());
  std::string_view line = text.substr(at);
  if (line.ends_with('\n')) line.remove_suffix(1);
  SKERRY_TRY(auto sign, crypto::SigningKey::from_pem(text.substr(0, at)).map_error(corrupt));
  SKERRY_TRY(auto age, crypto::AgeIdentity::parse(line).map_error(corrupt));
  return Keys{std::move(sign), std::move(age)};
}

Result<PackedPayload> pack_payload(const std::filesystem::path& database,
                                   std::span<const crypto::AgeRecipient> recipients, Random& random,
                                   int zstd_level, const std::filesystem::path& folder,
                                   const BackupProgress& progress) {
  const FileHandle source(::open(database.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source.is_open()) return fail(system_error(errno, "opening " + database.string()));
  PackedPayload packed;
  SKERRY_TRY(packed.info.plain_size, file_size(source.fd()));
  SKERRY_TRY(packed.file, make_private_file(folder));
  FileSink file(packed.file.fd(), ustar_size_max);
  crypto::AgeEncryptor encryptor(file, recipients, random);
  ZstdCompressor compressor(encryptor, zstd_level);
  WatchedSink plain(compressor, progress, "packing", packed.info.plain_size);
  SKERRY_TRY_VOID(pump(source.fd(), 0, packed.info.plain_size, plain));
  SKERRY_TRY_VOID(plain.finish());
  packed.info.plain_sha256 = plain.hash();
  packed.info.size = file.bytes();
  packed.info.sha256 = file.hash();
  return packed;
}

BackupSigner signed_by(crypto::VerifyKey key) {
  return [key = std::move(key)](const BackupManifest& manifest,
                                const crypto::KeyId& id) -> Result<crypto::VerifyKey> {
    if (key.key_id() == id) return key;
    return fail(Errc::unknown_signer,
                fmt::format("the backup is signed by key {} of {} \"{}\", not by this machine's {}",
                            id, to_text(manifest.facts.identity.role), manifest.facts.identity.name,
                            key.key_id()),
                "use a backup of this machine, or name the signer's public key with --key");
  };
}

Result<BackupReader> BackupReader::open(FileHandle file, const BackupSigner& signer) {
  BackupReader reader(std::move(file));
  SKERRY_TRY_VOID(reader.read_head(signer).map_error(with_remedy));
  return reader;
}

Result<void> BackupReader::read_head(const BackupSigner& signer) {
  const int fd = file_.fd();
  // As all below /proc are, of which some cannot even be read.
  SKERRY_TRY(const std::uint64_t size, sync::file_size(fd));
  if (size == 0) return fail(Errc::corrupt_bundle, "the file is empty");
  SKERRY_TRY(layout_, layout_of(fd));
  SKERRY_TRY(const std::string text, read_manifest_text(fd, layout_));
  SKERRY_TRY(manifest_, parse_backup_manifest(text));
  if (manifest_.payload.size != layout_.payload->size) return not_as_named("the payload");
  if (!has_signature(layout_, manifest_.key))
    return fail(Errc::bad_signature,
                fmt::format("no signature is by the machine's key {}", manifest_.key));
  return check_signatures(fd, layout_, text,
                          [&](const crypto::KeyId& id) { return signer(manifest_, id); });
}

Result<void> BackupReader::unpack(std::span<const crypto::AgeIdentity> identities,
                                  const std::filesystem::path& database,
                                  const BackupProgress& progress) const {
  SKERRY_TRY_VOID(check_version(manifest_));
  const FileHandle target(
      ::open(database.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!target.is_open()) return fail(system_error(errno, "creating " + database.string()));
  Result<void> outcome = pump_payload(target.fd(), identities, progress);
  if (!outcome) ::unlink(database.c_str());
  if (!outcome && outcome.error().code == Errc::missing_key) return fail(locked_to(manifest_));
  return outcome.map_error(with_remedy);
}

// The bytes that are hashed are those that are decrypted: a medium that answers differently the
// second time is not asked twice.
Result<void> BackupReader::pump_payload(int target, std::span<const crypto::AgeIdentity> identities,
                                        const BackupProgress& progress) const {
  const BackupPayload& payload = manifest_.payload;
  FileSink plain(target, payload.plain_size);
  ZstdDecompressor decompressor(plain);
  crypto::AgeDecryptor decryptor(decompressor, identities);
  WatchedSink packed(decryptor, progress, "reading back", payload.size);
  SKERRY_TRY_VOID(pump(file_.fd(), layout_.payload->offset, payload.size, packed));
  SKERRY_TRY_VOID(packed.finish());
  if (packed.hash() != payload.sha256) return not_as_named("the payload");
  if (plain.bytes() != payload.plain_size || plain.hash() != payload.plain_sha256)
    return not_as_named("the database");
  if (::fsync(target) != 0) return fail(system_error(errno, "writing the database"));
  return {};
}

Result<BackupManifest> inspect_backup(int fd) {
  SKERRY_TRY(const BundleLayout layout, layout_of(fd));
  SKERRY_TRY(const std::string text, read_manifest_text(fd, layout));
  return parse_backup_manifest(text);
}

}  // namespace skerry::sync
