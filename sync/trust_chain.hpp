// Trust in generations (SYNC 4.8, docs/formats/trust.md): each is one text, signed by a threshold
// of its own roots and by a threshold of the roots of the one before it. The first follows what an
// invitation brought, whose only root is central's own signing key. So one rule leads from any
// generation to the next, whoever carries it, and never by more than one step.
#pragma once

#include "sync/signed_text.hpp"
#include "sync/trust.hpp"

namespace skerry::sync {

inline constexpr std::size_t roots_max = 16;
inline constexpr std::size_t revoked_max = 256;
inline constexpr std::int64_t generation_max = 1'000'000;
// How much of them a manifest carries: some thirty generations with three roots.
inline constexpr std::size_t carried_generations_max = 64;
inline constexpr std::size_t carried_trust_bytes_max = 48 * 1024;

// The exact bytes to sign. The trust is one that parse_generation() takes.
std::string generation_text(const Trust& trust);
// Errc::corrupt_bundle, unsupported_version.
Result<Trust> parse_generation(std::string_view text);

// What is to be done at central where others hold generations up to `than` that it does not.
std::string remedy_of_later(std::int64_t than);

// How many signatures are still missing, of this generation's own roots and of those before it.
struct MissingSignatures {
  std::int64_t own = 0;
  std::int64_t previous = 0;
  bool none() const { return own == 0 && previous == 0; }
};
Result<MissingSignatures> missing_signatures(const Trust& held, const Trust& next,
                                             const SignedText& signed_next);

// A generation whose roots are to be taken on as they come, because somebody who is trusted vouches
// for them: its own threshold, no more. Errc::bad_signature, and those of parse_generation().
Result<Trust> first_seen(const SignedText& generation);

// The step from `held` to the next generation. Errc::bundle_gap for another than the next one,
// Errc::bad_signature when one of the thresholds is not met, those of parse_generation().
Result<Trust> follow(const Trust& held, const SignedText& next);

// All steps that `carried` leads from `held`; what is known already is passed over, unread beyond
// its number.
struct TrustWalk {
  Trust trust;
  std::vector<SignedText> taken;  // the last one is `trust`
};
Result<TrustWalk> walk(const Trust& held, const std::vector<SignedText>& carried);

}  // namespace skerry::sync
