// Large bodies on their way in: an unnamed private file per upload.
#pragma once

#include <filesystem>
#include <string_view>

#include "api/http_types.hpp"

namespace skerry::api {

// A new file (mode 0600) in `folder` that has no name, so that it is gone with its descriptor, also
// after a crash. Errc::io_failed or Errc::storage_full.
Result<Descriptor> open_spool(const std::filesystem::path& folder);

// Appends. Errc::storage_full when the disk is full, Errc::io_failed otherwise.
Result<void> append_spool(SpooledBody& upload, std::string_view bytes);

}  // namespace skerry::api
