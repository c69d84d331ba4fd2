// Certificates of others' authorities. What they are trusted for is libcurl's to check.
#pragma once

#include <filesystem>

#include "core/result.hpp"

namespace skerry::crypto {

// Errc::bad_config unless the file begins with a certificate in PEM (RFC 7468), behind any text.
Result<void> check_certificates(const std::filesystem::path& file);

}  // namespace skerry::crypto
