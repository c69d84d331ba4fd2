// The manifest of a backup (docs/formats/backup.md): the small text that is signed and says of
// which machine the database is, how far its logs go in it, and what the payload must be.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crypto/signing.hpp"
#include "store/backups.hpp"
#include "store/identity.hpp"
#include "sync/positions.hpp"

namespace skerry::sync {

using store::BackupId;

inline constexpr std::string_view backup_type = "skerry/backup/v1";
// At most so many bytes: room for 30,000 epochs of sites.
inline constexpr std::size_t backup_manifest_bytes_max = 4 * 1024 * 1024;

// What a database holds, as far as a backup answers for it; read_facts() computes it.
struct BackupFacts {
  store::Identity identity;
  EpochId epoch;  // of its own log, with the position it ends at
  std::int64_t ord = 0;
  std::int64_t head = 0;
  Hash hash{};
  std::int64_t rows = 0;                  // the last n of the change log
  std::optional<DownPosition> upstream;   // at a site: what it holds of central
  std::vector<store::DurableHead> sites;  // at central: how far each epoch was taken in, by epoch
  std::vector<std::pair<std::string, std::int64_t>> records;  // of each kind, in the order of kinds
  Hash digest{};                                              // digest.hpp, over every record
  std::int64_t schema = 0;     // of records: the digest is comparable within one schema
  std::int64_t migration = 0;  // the last one applied to the database

  bool operator==(const BackupFacts&) const = default;
};

struct BackupPayload {
  std::uint64_t size = 0;  // of the member `payload`
  Hash sha256{};
  std::uint64_t plain_size = 0;  // of the database
  Hash plain_sha256{};
  bool operator==(const BackupPayload&) const = default;
};

struct BackupManifest {
  BackupId id;
  UnixMillis created_at = 0;  // when the state was taken
  std::string app;            // the program's version
  crypto::KeyId key;          // the machine's: one of the signatures is by it
  BackupFacts facts;
  std::string recovery;  // the recovery key's public half, "age1…"
  std::string keys;      // the machine's keys as an armored age file
  BackupPayload payload;
  bool operator==(const BackupManifest&) const = default;
};

// Compact JSON in fixed order. Errc::limit_exceeded over backup_manifest_bytes_max.
Result<std::string> encode_backup_manifest(const BackupManifest& manifest);

// Errc::unsupported_version for a newer format, naming it; Errc::corrupt_bundle with every
// complaint in errors[]. Members that it does not know are passed over.
Result<BackupManifest> parse_backup_manifest(std::string_view text);

}  // namespace skerry::sync
