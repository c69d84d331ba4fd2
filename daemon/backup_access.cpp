#include "daemon/backup_access.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "crypto/file.hpp"
#include "daemon/daemon_client.hpp"
#include "daemon/folder.hpp"

namespace skerry::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t key_bytes_max = 16 * 1024;

Error about(const std::string& file, Error error) {
  error.detail = fmt::format("{}: {}", file, error.detail);
  return error;
}

Result<std::vector<crypto::AgeIdentity>> identities_of(const DataFolder& folder,
                                                       const std::string& given) {
  std::vector<crypto::AgeIdentity> identities;
  auto identity = crypto::AgeIdentity::load(given.empty() ? folder.age_key() : fs::path(given));
  // Only of a key that is not here: one that cannot be read has a remedy of its own.
  if (!identity && given.empty() && identity.error().code == Errc::not_found)
    return fail(Errc::missing_key, identity.error().detail,
                "name the file of the recovery key: --identity FILE");
  if (!identity) return fail(as_input(std::move(identity).error()));
  identities.push_back(std::move(*identity));
  return identities;
}

// Those that are given; else this machine's, when there is a machine.
Result<std::vector<crypto::VerifyKey>> known_signers(const DataFolder& folder,
                                                     const std::vector<std::string>& given) {
  std::error_code ignored;
  if (given.empty() && !fs::exists(folder.public_key(), ignored))
    return std::vector<crypto::VerifyKey>();
  return load_public_keys(given.empty() ? std::vector{folder.public_key().string()} : given);
}

}  // namespace

Result<std::vector<crypto::VerifyKey>> load_public_keys(const std::vector<std::string>& given) {
  std::vector<crypto::VerifyKey> keys;
  for (const std::string& file : given) {
    if (auto text = crypto::VerifyKey::from_text(file)) {
      keys.push_back(std::move(*text));
      continue;
    }
    auto bytes = crypto::read_small_file(file, key_bytes_max);
    if (!bytes && bytes.error().code == Errc::io_failed) return fail(std::move(bytes).error());
    if (!bytes)
      return fail(Error(Errc::bad_input, fmt::format("{}: {}", file, bytes.error().detail),
                        "give the sender's public key: --key KEY (sign_key of skerry status or "
                        "site list --json), or a PEM file"));
    auto key = crypto::VerifyKey::from_pem(as_text(*bytes));
    if (!key && key.error().next.empty()) key.error().next = "give the sender's public key in PEM";
    if (!key) return fail(about(file, std::move(key).error()));
    keys.push_back(std::move(*key));
  }
  return keys;
}

Result<OpenedBackup> open_backup(const Config& config, const BackupAccess& access) {
  const DataFolder folder{config.data()};
  SKERRY_TRY(auto identities, identities_of(folder, access.identity));
  SKERRY_TRY(const auto known, known_signers(folder, access.keys));
  std::optional<crypto::VerifyKey> signer;
  // Where nobody is known, the key that came with the file is all there is: who may open the
  // backup can at least tell that it is one machine's.
  const sync::BackupSigner who = [&](const sync::BackupManifest& manifest,
                                     const crypto::KeyId& id) -> Result<crypto::VerifyKey> {
    for (const crypto::VerifyKey& key : known)
      if (key.key_id() == id) return signer.emplace(key);
    if (!known.empty()) return sync::signed_by(known.front())(manifest, id);
    const auto keys = sync::open_keys(manifest.keys, identities);
    if (!keys && keys.error().code == Errc::missing_key)
      return fail(Errc::missing_key, fmt::format("it opens with the key {}", manifest.recovery),
                  "name the file of that key: --identity FILE");
    if (!keys) return fail(keys.error());
    return signer.emplace(keys->sign.verify_key());
  };
  SKERRY_TRY(OpenFile opened, open_input(access.file));
  auto reader = sync::BackupReader::open(std::move(opened.file), who);
  if (!reader) return fail(about(access.file, std::move(reader).error()));
  return OpenedBackup{std::move(*reader), std::move(identities), *signer, !known.empty()};
}

Result<std::string> make_recovery_key(const std::filesystem::path& file) {
  crypto::SystemRandom random;
  const auto identity = crypto::AgeIdentity::generate(random);
  SKERRY_TRY_VOID(identity.save_new(file));
  return identity.recipient().to_text();
}

}  // namespace skerry::daemon
