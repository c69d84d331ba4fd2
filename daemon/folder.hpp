// The data folder of one machine: what lies where in it. Only `skerry init` makes it.
#pragma once

#include <filesystem>
#include <optional>

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
  // The same three, prepared and not in use yet.
  std::filesystem::path next_keys() const { return keys() / "next"; }
  // age keys that nothing new is made for: one file each.
  std::filesystem::path earlier_keys() const { return keys() / "earlier"; }
  std::filesystem::path spool() const { return path / "spool"; }
  std::filesystem::path outbox() const { return path / "outbox"; }
  std::filesystem::path scratch() const { return path / "scratch"; }  // of backups, in the clear
  std::filesystem::path config() const { return path / "skerry.toml"; }
  std::filesystem::path address() const { return path / "address"; }  // of the running daemon

  // Errc::forbidden for root in the folder of another user, whose daemon could not read what root
  // makes there; not where the database is root's own.
  Result<void> must_be_owned() const;
  // Errc::bad_config, with the way out, unless `init` was here and its database still is.
  Result<void> must_be_initialised() const;
  // Of a machine that was: only its keys are left.
  bool lost_database() const;
  Error database_is_lost() const;  // Errc::bad_config
};

// Anything, a link to nothing, too.
bool is_there(const std::filesystem::path& path);

// Creates it with mode 0700 unless it is there.
Result<void> make_private_folder(const std::filesystem::path& folder);

// Whether that can be done, and files be made in it: the same errors, and nothing is made.
Result<void> check_private_folder(const std::filesystem::path& folder);

// Of a machine that was initialised, as its files have them. Errc::bad_config for a key that others
// may read.
Result<sync::Keys> load_keys(const DataFolder& folder);
// The same, held against the database, which knows whose keys are its machine's: others would sign
// what nobody believes, and open nothing that is sent here. New ones that the database already
// counts on are put in place first. Errc::bad_config for the keys of another machine.
Result<sync::Keys> load_own_keys(const DataFolder& folder, store::Connection& connection);

// Writes them to three files in `keys`, a folder of mode 0700 that is made.
Result<void> save_keys(const std::filesystem::path& keys, const sync::Keys& made);

// New keys for this machine, in files, and not in use before the database says so; the ones that
// were prepared before when there are some.
Result<sync::Keys> prepare_next_keys(const DataFolder& folder, Random& random);
// nullopt: none were prepared.
Result<std::optional<sync::Keys>> find_next_keys(const DataFolder& folder);
// When the database counts on the prepared keys: the old signing key is gone afterwards, the old
// age key among the earlier ones. Cut off anywhere, the next call ends it.
Result<void> put_next_keys_in_place(const DataFolder& folder, store::Connection& connection);

}  // namespace skerry::daemon
