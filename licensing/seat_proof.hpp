// How a seat is proven: a secret that its holder keeps, and a nonce that changes with every call.
//
// Both are computed from this machine's own key and the seat, so that a reply which was lost can be
// given again word for word and nothing secret is kept in the database. A nonce carries its turn
// and a code that only this machine makes: one of a later turn than the database knows was given
// before this machine lost memory, and counts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/ids.hpp"
#include "crypto/sha256.hpp"
#include "crypto/signing.hpp"

namespace skerry::licensing {

// Immutable: any thread.
class SeatProof {
 public:
  explicit SeatProof(const crypto::SigningKey& key);

  // 43 characters of base64url.
  std::string secret(const RecordId& seat, std::int64_t generation) const;
  bool is_secret(const RecordId& seat, std::int64_t generation, std::string_view text) const;
  // "<turn>.<22 characters of base64url>"
  std::string nonce(const RecordId& seat, std::int64_t turn) const;
  // nullopt for anything but a nonce that this machine made for the seat.
  std::optional<std::int64_t> turn_of(const RecordId& seat, std::string_view nonce) const;
  // Names whoever holds an activation code, by its digest, among those whose keys are kept.
  std::string holder(const Hash& code) const;

 private:
  Hash code(std::string_view purpose, const RecordId& seat, std::int64_t number) const;
  crypto::HmacKey key_;
};

}  // namespace skerry::licensing
