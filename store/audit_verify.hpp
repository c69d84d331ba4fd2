// Proves an export of the log (docs/formats/audit.md) from its bytes alone.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signing.hpp"
#include "store/audit_export.hpp"

namespace skerry::store {

// What a sound export is.
struct ExportReport {
  struct Gap {  // rows of a chain that a filter left out
    std::string log;
    std::int64_t first = 0;
    std::int64_t last = 0;
  };
  std::string role;  // of the machine that wrote it
  std::string name;
  std::string exported_at;
  bool whole = false;       // every row from where the log began up to its heads
  std::int64_t pruned = 0;  // rows before it that the machine had forgotten
  json::object filter;
  std::int64_t rows = 0;
  std::int64_t logs = 0;
  std::vector<Gap> gaps;  // the first export_gaps_max of them
  std::int64_t gaps_count = 0;
  std::optional<crypto::VerifyKey> key;  // that signed it: whose it is, the caller must know
};

inline constexpr std::size_t export_gaps_max = 100;
inline constexpr std::size_t export_line_bytes_max = 1024 * 1024;

// Takes the lines in order, then finish(). Every error names the line: Errc::bad_input (not an
// export), Errc::unsupported_version, Errc::bad_signature (changed, missing, added or out of
// place).
class ExportVerifier {
 public:
  // Without its line break.
  Result<void> take(std::string_view line);
  Result<ExportReport> finish() const;

 private:
  enum class Expected : std::uint8_t { head, row, signature, nothing };
  struct Chain {
    std::int64_t rows = 0;
    std::int64_t first = 0;
    std::int64_t seq = 0;
    Hash hash{};
  };

  Result<void> take_head(std::string_view line);
  Result<void> take_begins(const json::object& begins);
  Result<void> take_row(std::string_view line);
  Result<void> take_place(const std::string& log, std::int64_t seq, const Hash& previous);
  Result<void> take_end(std::string_view line);
  Result<void> take_signature(std::string_view line);
  tl::unexpected<Error> refuse(std::string_view what) const;

  Expected expected_ = Expected::head;
  std::int64_t number_ = 0;  // of the line
  AuditCheck check_;
  std::map<std::string, Chain> chains_;
  std::int64_t last_n_ = 0;
  std::string end_;
  ExportReport report_;
};

}  // namespace skerry::store
