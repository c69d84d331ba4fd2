// The folder where bundles wait to be fetched: by the command line for a stick, or by a browser.
// What is there can be packed again at any time. When a medium took only some of the bundles of one
// packing, the others stay for the next medium.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/strict_json.hpp"
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

  // The bundles of one packing, in its order, as the API describes them: "name" and what else.
  // begin_packing() forgets the one before, so that one which fails midway leaves none.
  void begin_packing() const;
  Result<void> end_packing(const json::array& described) const;
  // Of the last packing. carried = 0: nobody has taken any, and it is as good packed anew.
  struct LastPacking {
    json::array left;
    std::int64_t carried = 0;
  };
  LastPacking last_packing() const;
  // The bundle is on a medium: it goes. Errc::not_found.
  Result<void> carried(const std::string& name) const;

  // Errc::not_found. The name is checked: it never leaves the folder.
  Result<FileHandle> open_bundle(const std::string& name) const;

 private:
  explicit Outbox(std::filesystem::path folder) : folder_(std::move(folder)) {}
  // Empty when there is none.
  std::filesystem::path find(const std::string& name) const;

  std::filesystem::path folder_;
};

}  // namespace skerry::sync
