// The data folder of one machine: what lies where in it. Only `skerry init` makes it.
#pragma once

#include <filesystem>

#include "core/result.hpp"
#include "sync/node.hpp"

namespace skerry::daemon {

struct DataFolder {
  std::filesystem::path path;

  std::filesystem::path database() const { return path / "skerry.db"; }
  std::filesystem::path keys() const { return path / "keys"; }
  std::filesystem::path signing_key() const { return keys() / "sign.pem"; }
  std::filesystem::path public_key() const { return keys() / "sign.pub.pem"; }
  std::filesystem::path age_key() const { return keys() / "age.key"; }
  std::filesystem::path spool() const { return path / "spool"; }
  std::filesystem::path outbox() const { return path / "outbox"; }
  std::filesystem::path scratch() const { return path / "scratch"; }  // of backups, in the clear
  std::filesystem::path config() const { return path / "skerry.toml"; }
  std::filesystem::path address() const { return path / "address"; }  // of the running daemon

  // Errc::bad_config, with the way out, unless `init` was here.
  Result<void> must_be_initialised() const;
};

// Creates it with mode 0700 unless it is there.
Result<void> make_private_folder(const std::filesystem::path& folder);

// Of a machine that was initialised. Errc::bad_config for a key that others may read.
Result<sync::Keys> load_keys(const DataFolder& folder);

// The database knows whose keys are its machine's: others would sign what nobody believes, and open
// nothing that is sent here. Errc::bad_config for the keys of another machine.
void remember_keys(store::Connection& connection, const sync::Keys& keys);
Result<void> must_be_own(const sync::Keys& keys, store::Connection& connection,
                         const DataFolder& folder);

}  // namespace skerry::daemon
