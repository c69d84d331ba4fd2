// The file that goes from holder to holder until enough have signed: the generation to sign, and
// before it the one that it follows, so that a machine that never saw a central can say whose
// signatures are missing (docs/formats/trust.md).
#pragma once

#include <filesystem>

#include "sync/trust_chain.hpp"

namespace skerry::sync {

struct TrustFile {
  std::vector<SignedText> generations;  // at least one, ascending

  const SignedText& last() const { return generations.back(); }
};

// Errc::corrupt_bundle for what is none, with the file named; not_found, io_failed.
Result<TrustFile> load_trust_file(const std::filesystem::path& file);
// Replaces it atomically, or with `is_new` creates it: Errc::already_exists.
Result<void> save_trust_file(const std::filesystem::path& file, const TrustFile& trust,
                             bool is_new);

// Who signed the last generation, as far as the file itself tells.
struct TrustFileState {
  Trust trust;                    // the last generation
  std::optional<Trust> previous;  // the one before it
  MissingSignatures missing;      // of the previous ones only with `previous`
};
// Errors of parse_generation(); Errc::bad_signature for a signature that does not fit,
// Errc::bundle_gap for generations that do not follow each other.
Result<TrustFileState> read_state(const TrustFile& file);

}  // namespace skerry::sync
