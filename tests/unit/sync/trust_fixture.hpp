// Holders of root keys, and generations that they sign.
#pragma once

#include <vector>

#include "sync/trust_office.hpp"
#include "tests/unit/sync/enrolled_fixture.hpp"

namespace skerry::sync {

struct Holders {
  std::vector<crypto::SigningKey> keys = {test::signing_key(11), test::signing_key(12),
                                          test::signing_key(13)};

  std::vector<crypto::VerifyKey> roots() const {
    std::vector<crypto::VerifyKey> roots;
    for (const crypto::SigningKey& key : keys) roots.push_back(key.verify_key());
    return roots;
  }
  void sign_by(SignedText& text, std::initializer_list<std::size_t> which) const {
    for (const std::size_t holder : which) sign(text, keys.at(holder));
  }
};

inline Keys new_keys(Random& random) {
  return {crypto::SigningKey::generate(), crypto::AgeIdentity::generate(random)};
}

// As the daemon does when it starts: the old age key goes on to open what was made for it.
inline void put_in_place(EnrolledMachine& machine, Keys next) {
  next.earlier = std::move(machine.keys.earlier);
  next.earlier.push_back(std::move(machine.keys.age));
  machine.keys = std::move(next);
}

}  // namespace skerry::sync
