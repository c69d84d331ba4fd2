// In which form records, and the log, leave as a file.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace skerry::store {

enum class ExportFormat : std::uint8_t { csv, ndjson };

constexpr std::optional<ExportFormat> parse_export_format(std::string_view text) {
  if (text == "csv") return ExportFormat::csv;
  if (text == "ndjson") return ExportFormat::ndjson;
  return std::nullopt;
}

}  // namespace skerry::store
