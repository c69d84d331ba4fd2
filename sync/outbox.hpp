// The folder where bundles wait to be fetched: by the command line for a stick, or by a browser.
// What is there can be packed again at any time.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sync/pack.hpp"

namespace skerry::sync {

class Outbox {
 public:
  // Creates the folder with mode 0700 when it is missing.
  static Result<Outbox> open(std::filesystem::path folder);

  // Keeps the bundle under its name, replacing one of that name. Bundles for the same recipient of
  // an earlier packing are removed by clear_for() first.
  Result<void> put(const PackedBundle& packed) const;
  void clear_for(const Party& to) const;

  // Errc::not_found. The name is checked: it never leaves the folder.
  Result<FileHandle> open_bundle(const std::string& name) const;

 private:
  explicit Outbox(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

}  // namespace skerry::sync
