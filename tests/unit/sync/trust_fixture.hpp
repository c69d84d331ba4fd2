// Holders of root keys, and generations that they sign.
#pragma once

#include <vector>

#include "store/trust.hpp"
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

// Central, a site, and the holders of the roots; two of them sign.
class TrustTest : public EnrolmentTest {
 protected:
  // A generation that the holders signed; with `next`, other keys for central.
  Result<SignedText> signed_draft(const Keys* next, std::initializer_list<std::size_t> by) {
    TrustWish wish;
    if (generation_of(central) == 0) {
      wish.add_roots = holders.roots();
      wish.threshold = 2;
    }
    wish.next = next;
    wish.expires_at = central.clock.now + expires_in;
    SKERRY_TRY(TrustFile file, draft_trust(central.node(), wish));
    holders.sign_by(file.generations.back(), by);
    return file.generations.back();
  }
  void adopt(const Keys* next = nullptr) {
    const auto draft = signed_draft(next, {0, 1});
    ASSERT_TRUE(draft) << draft.error().detail;
    const auto adopted = adopt_trust(central.node(), {*draft}, next, author);
    ASSERT_TRUE(adopted) << adopted.error().detail;
    EXPECT_EQ(adopted->generations, 1);
    EXPECT_EQ(adopted->new_keys, next != nullptr);
  }
  PackedBundle down(Machine& to) {
    const store::Site known = *store::find_site(*central.database->read(), to.identity().id);
    std::optional<PackedBundle> last;
    EXPECT_TRUE(pack_state(central.node(), known, {.always = true, .resume = {}},
                           [&](PackedBundle&& packed) -> Result<void> {
                             last.emplace(std::move(packed));
                             return {};
                           }));
    return std::move(*last);
  }
  static std::int64_t generation_of(Machine& machine) {
    const auto newest = store::newest_trust(*machine.database->read());
    return newest ? newest->generation : 0;
  }

  const Holders holders;
  UnixMillis expires_in = 1'000'000'000;
};

}  // namespace skerry::sync
