// The manifest of a bundle (SYNC 4.6): the small text that is signed and covers everything else.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "core/hlc.hpp"
#include "core/ids.hpp"
#include "core/role.hpp"
#include "core/strict_json.hpp"
#include "crypto/signing.hpp"

namespace skerry::sync {

using BundleId = Id<struct BundleTag>;  // UUIDv4: one file

inline constexpr std::string_view manifest_type = "skerry/bundle/v1";

enum class BundleKind {
  changes,     // up: rows of a site's log
  state,       // down: records and results since a base
  snapshot,    // down: everything in scope
  invitation,  // central to a site to be
  enrol,       // the site's keys, self-signed
  enrol_ack,   // central admits the site
  trust,       // the vendor's root keys and what they vouch for
  handover,    // all rows a fenced copy still holds
  saved,       // a machine's own changes, for itself, that a restore took away
};
std::string_view to_string(BundleKind kind);

// One end of an exchange. Central's id is the zero id, a site's never is (core/ids.hpp).
struct Party {
  Role role = Role::site;
  SiteId id;

  static Party central() { return {Role::central, {}}; }
  static Party site(SiteId id) { return {Role::site, id}; }
  bool operator==(const Party&) const = default;
};
// "central" or the site's UUID: for messages, and the folder's name on a medium.
std::string to_string(const Party& party);

struct Sender {
  Party party;
  EpochId epoch;      // the life of the sender's log; central's: the nonce of its ce
  crypto::KeyId key;  // one of the signatures is by it
  bool operator==(const Sender&) const = default;
};

struct Producer {
  std::string app;           // the program's version
  std::vector<int> formats;  // bundle formats it reads, ascending
  int schema = 0;            // newest and oldest record schema it reads
  int schema_min = 0;
  bool operator==(const Producer&) const = default;
};

enum class ClockSource { ntp, operator_set, none };

struct ClockState {
  HlcStamp hlc;
  UnixMillis wall = 0;
  ClockSource source = ClockSource::none;
  bool operator==(const ClockState&) const = default;
};

enum class PayloadEncryption { age_v1, none };

// "comp" is always "zstd" in this version.
struct PayloadInfo {
  PayloadEncryption encryption = PayloadEncryption::age_v1;
  std::uint64_t size = 0;  // of the member `payload`
  Hash sha256{};
  std::uint64_t plain_size = 0;  // of the lines, newlines included
  Hash plain_sha256{};
  std::uint64_t lines = 0;  // the head line included
  bool operator==(const PayloadInfo&) const = default;
};

struct Manifest {
  BundleKind kind = BundleKind::changes;
  BundleId id;
  Sender from;
  Party to;
  Producer producer;
  ClockState clock;
  std::optional<PayloadInfo> payload;
  json::object extra;  // every other member, of the kind, in order: read by the engine
  bool operator==(const Manifest&) const = default;
};

// The members read here; `extra` may not name them.
bool is_manifest_member(std::string_view name);

// Compact JSON in fixed order: _type, kind, id, from, to, what `extra` holds, producer, clock,
// payload. Errc::limit_exceeded over manifest_bytes_max.
Result<std::string> encode_manifest(const Manifest& manifest);

// Errc::unsupported_version for a newer format, naming it; Errc::corrupt_bundle with every
// complaint in errors[]; Errc::limit_exceeded for a text over manifest_bytes_max.
Result<Manifest> parse_manifest(std::string_view text);

// The first line of a payload repeats what the manifest says, so that a payload taken out of one
// bundle and signed into another by somebody else is noticed. The random salt keeps the public
// plain_sha256 from confirming a guess at the content.
inline constexpr std::string_view payload_head_type = "skerry/payload/v1";

struct PayloadHead {
  BundleId bundle;
  Party from;
  EpochId epoch;
  Party to;
  Hash salt{};  // 32 random bytes, not a digest
  bool operator==(const PayloadHead&) const = default;
};

std::string encode_payload_head(const PayloadHead& head);
Result<PayloadHead> parse_payload_head(std::string_view line);

}  // namespace skerry::sync
