// A folder that people carry (SYNC 4.7): DIR/SKERRY/<to>/<from>/<name>.skb, where <to> and <from>
// are "central" or a site's UUID. Nothing on it is parsed in place, followed through links, or
// deleted unless asked.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sync/file_handle.hpp"
#include "sync/manifest.hpp"
#include "sync/receipt.hpp"

namespace skerry::sync {

struct MediumEntry {
  std::string from;  // folder: "central" or a UUID; a claim, as the name is
  std::string name;
  std::uint64_t size = 0;
};

// What looks like a bundle for us and cannot be one, or hides where bundles lie.
struct PassedOver {
  std::filesystem::path path;
  std::string reason;
};

struct MediumListing {
  std::vector<MediumEntry> bundles;  // ordered by sender and name
  std::vector<PassedOver> passed_over;
};

// Names that are looked at in one listing. A medium with more is somebody's prank or not ours; what
// is behind them is passed over.
inline constexpr std::size_t medium_names_max = 20'000;

// What a recipient left about bundles of ours.
struct FoundReceipt {
  std::string recipient;  // folder: "central" or a UUID; a claim
  std::vector<ReceiptLine> lines;
  std::optional<UnixMillis> at;  // a claim, too
};

// One thread. The medium may be pulled out at any time: every error names the path.
class Medium {
 public:
  // `folder` must be there; it may be reached through links, what is below may not.
  static Result<Medium> open(std::filesystem::path folder);

  // Bundles for `to`; none when there is no folder for it. Links, pipes and folders in their places
  // are named with the reason; files that are not called *.skb are left alone without a word.
  Result<MediumListing> list_for(const Party& to) const;

  // For Spool::take().
  Result<FileHandle> open_entry(const Party& to, const MediumEntry& entry) const;

  // Copies `size` bytes of `source` to its place: part file, fsync, rename, fsync of the folder,
  // then drops the caches, reads it again and compares with `sha256`. Replaces a file of that name.
  // Success means that the bytes were read back. Errc::storage_full when the medium is full;
  // Errc::io_failed with the remedy for the rest. Nothing partial stays, if the medium lets us.
  Result<std::filesystem::path> write(int source, std::uint64_t size, const Hash& sha256,
                                      const Party& to, const Party& from,
                                      const std::string& name) const;

  // Where the bundles lie that it is about. Errors as of write().
  Result<void> write_receipt(const Party& to, const std::string& from, std::string_view text) const;
  // Those about bundles of `from`, by anybody, ordered by recipient; what is no receipt is left
  // out.
  std::vector<FoundReceipt> receipts_about(const Party& from) const;

  Result<void> remove(const Party& to, const MediumEntry& entry) const;

  // For people.
  std::filesystem::path path_of(const Party& to, std::string_view from,
                                std::string_view name) const;

 private:
  Medium(std::filesystem::path folder, FileHandle root)
      : folder_(std::move(folder)), root_(std::move(root)) {}

  Result<FileHandle> open_folder(const Party& to, const std::string& from) const;
  Result<FileHandle> make_folder(const Party& to, const Party& from) const;

  std::filesystem::path folder_;
  FileHandle root_;
};

}  // namespace skerry::sync
