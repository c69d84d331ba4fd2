#include "sync/retry_kept.hpp"

#include <algorithm>

#include "store/identity.hpp"
#include "store/inbox.hpp"
#include "sync/import.hpp"

namespace skerry::sync {
namespace {

constexpr std::string_view tried_key = "kept_tried_by";  // in table meta: a version of the program

std::vector<store::UnreadFile> kept_files(const Node& node, const Spool& spool) {
  const store::Reader reader = node.database.read();
  if (store::read_meta(*reader, tried_key) == node.app_version) return {};
  auto files = store::list_unread(*reader);
  std::erase_if(files, [&](const store::UnreadFile& file) { return !spool.is_kept(file.sha256); });
  return files;
}

bool take_in(const Node& node, const Spool& spool, const store::UnreadFile& file) {
  auto copy = spool.take_kept(file.sha256);
  if (!copy || !import_bundle(node, std::move(*copy), file.name).applied()) return false;
  spool.forget(file.sha256);
  return true;
}

}  // namespace

Retried retry_kept(const Node& node, const Spool& spool) {
  auto files = kept_files(node, spool);
  Retried retried;
  // One may stand on another that was kept later: again while that helps.
  for (std::size_t before = 0; before != files.size() && !files.empty();) {
    before = files.size();
    std::erase_if(files, [&](const auto& file) { return take_in(node, spool, file); });
    retried.taken += static_cast<std::int64_t>(before - files.size());
  }
  retried.left = static_cast<std::int64_t>(files.size());
  auto work = [&](store::Connection& connection) -> Result<void> {
    store::write_meta(connection, tried_key, node.app_version);
    return {};
  };
  // Not noted, they are tried once more.
  (void)node.database.write(work);
  return retried;
}

}  // namespace skerry::sync
