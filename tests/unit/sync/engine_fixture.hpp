// Lives, epochs and hashes that are told apart by a number.
#pragma once

#include "sync/positions.hpp"

namespace skerry::sync {

inline Hash hash_of(std::uint8_t number) {
  Hash hash{};
  hash[0] = number;
  return hash;
}

inline CentralLife life_of_ord(std::int64_t ord) {
  CentralLife life;
  life.ord = ord;
  life.nonce[0] = static_cast<std::uint8_t>(ord);
  return life;
}

inline EpochId epoch_of(std::uint8_t number) {
  EpochId epoch;
  epoch.bytes[0] = number;
  return epoch;
}

}  // namespace skerry::sync
