// Everything an exchange works on, in one place; made once by the composition root or a simulation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/random.hpp"
#include "crypto/age.hpp"
#include "crypto/signing.hpp"
#include "store/change_log.hpp"
#include "store/database.hpp"
#include "store/identity.hpp"
#include "store/upstream.hpp"
#include "sync/bundle_writer.hpp"

namespace skerry::sync {

// This machine's own keys. They never leave it.
struct Keys {
  crypto::SigningKey sign;
  crypto::AgeIdentity age;
  std::vector<crypto::AgeIdentity> earlier = {};  // open what was made for them; nothing new is
};

// Whether what is done stays, or is only tried: all of it is undone then, and nothing recorded.
enum class Effect : std::uint8_t { lasting, tried };

// All must outlive the node. Its functions (pack_*, import_bundle, enrolment) may be called from
// any thread but the writer's, one exchange at a time.
struct Node {
  store::Database& database;
  store::ChangeLog& log;
  const Keys& keys;
  const Clock& clock;
  Random& random;
  std::filesystem::path spool;  // private folder for temporary files
  std::string app_version;
  BundleOptions options;
  Effect effect = Effect::lasting;
};

// As Database::write(), but that nothing stays of what is only tried.
template <class Work>
auto write_or_try(const Node& node, Work& work) -> std::invoke_result_t<Work&, store::Connection&> {
  using Outcome = std::invoke_result_t<Work&, store::Connection&>;
  if (node.effect == Effect::lasting) return node.database.write(work);
  std::optional<Outcome> tried;
  auto job = [&](store::Connection& connection) -> Outcome {
    tried.emplace(work(connection));
    return fail(Errc::internal, "what is only tried is undone");  // seen by the transaction only
  };
  Outcome undone = node.database.write(job);
  return tried ? std::move(*tried) : std::move(undone);
}

// The database knows whose keys are its machine's.
void remember_keys(store::Connection& connection, const Keys& keys);

Result<store::Identity> identity_of(const Node& node);
// Errc::wrong_role, with where to go.
Result<void> require_role(const Node& node, Role role);

// The common members of a manifest made here.
Manifest new_manifest(const Node& node, BundleKind kind, const Party& from, const EpochId& epoch,
                      const Party& to);

// This life of central (SYNC 4.1); of central's own node only.
store::CentralLife life_of(const store::LogHead& own);

}  // namespace skerry::sync
