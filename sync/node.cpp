#include "sync/node.hpp"

#include <fmt/format.h>

namespace skerry::sync {

void remember_keys(store::Connection& connection, const Keys& keys) {
  store::write_meta(connection, "sign_key", keys.sign.verify_key().to_text());
  store::write_meta(connection, "age_recipient", keys.age.recipient().to_text());
}

Result<store::Identity> identity_of(const Node& node) {
  const store::Reader reader = node.database.read();
  auto identity = store::read_identity(*reader);
  if (!identity)
    return fail(Errc::bad_config, "the data folder was never initialised", "skerry init");
  return std::move(*identity);
}

Result<void> require_role(const Node& node, Role role) {
  SKERRY_TRY(const store::Identity identity, identity_of(node));
  if (identity.role == role) return {};
  return fail(Errc::wrong_role,
              fmt::format("this machine is a {}, not a {}", to_text(identity.role), to_text(role)),
              role == Role::central ? "run it at central" : "run it at a site");
}

Manifest new_manifest(const Node& node, BundleKind kind, const Party& from, const EpochId& epoch,
                      const Party& to) {
  Manifest manifest;
  manifest.kind = kind;
  manifest.id = new_id<BundleId>(node.random);
  manifest.from = {from, epoch, node.keys.sign.verify_key().key_id()};
  manifest.to = to;
  manifest.producer = {node.app_version, {1}, schema_version, schema_version_min};
  const UnixMillis wall = node.clock.wall_ms();
  manifest.clock = {HlcStamp::at(wall), wall, ClockSource::none};
  return manifest;
}

store::CentralLife life_of(const store::LogHead& own) {
  store::CentralLife life;
  life.ord = own.ord;
  life.nonce = own.epoch.bytes;
  return life;
}

}  // namespace skerry::sync
