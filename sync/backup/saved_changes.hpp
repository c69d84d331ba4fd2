// Changes that a restore takes away, as bundles, and how they come back. Of a site with a central
// they are bundles for central, which takes them in whenever they come and counts each once; of any
// other machine bundles for itself, of kind "saved".
#pragma once

#include "sync/backup/cost.hpp"
#include "sync/pack.hpp"

namespace skerry::sync {

// Packs what `cost` says nobody else has, and of a site what its central has in no backup yet, for
// central may be put back as well; `node` is the machine as it is before the restore, `next` the
// epoch that it will go on in. No bundle when there is nothing.
Result<void> pack_saved(const Node& node, const RestoreCost& cost, const EpochId& next,
                        const EmitBundle& emit);

struct Reapplied {
  std::int64_t changes = 0;          // in the bundle
  std::int64_t written = 0;          // again, as new changes by their old authors
  std::int64_t there = 0;            // … that were there already
  std::vector<std::string> skipped;  // why the others were not: one text for each, at most 100
  std::int64_t skipped_count = 0;
};
// Writes the changes of a "saved" bundle of this machine again, one after another: a value that
// somebody changed since stays. All in one transaction. The same bundle again writes what was left
// out because it follows rows of sites, once they have sent those again, and nothing twice. The
// rows count as lost until nothing of them is left out.
// Errors: as of BundleReader; Errc::unknown_signer for another machine's, wrong_recipient for a
// bundle of another kind, with where to take it.
Result<Reapplied> reapply_saved(const Node& node, FileHandle file);

}  // namespace skerry::sync
