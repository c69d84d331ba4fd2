// The log as a file: NDJSON that proves itself (docs/formats/audit.md), CSV for people.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "crypto/signing.hpp"
#include "store/audit.hpp"
#include "store/export_format.hpp"
#include "store/identity.hpp"

namespace skerry::store {

inline constexpr std::string_view audit_type = "skerry/audit/v1";
inline constexpr std::size_t audit_check_digits = 16;

// The running value over the lines of an export: SHA-256(value before ‖ line without its `check`).
// A line shows its first digits, so that damage has a place; the end shows it whole, under the
// signature, so that damage cannot hide.
class AuditCheck {
 public:
  // `text`: a JSON object; what is returned has `check` as its last member and a line break.
  std::string sealed(std::string text);
  const Hash& value() const { return value_; }
  // The line without its `check`, or nullopt when it has none or another than it should.
  std::optional<std::string> opened(std::string_view line);

 private:
  Hash value_{};
};

// The last line: the signature over the exact bytes of the line before it, without its line break.
std::string audit_signature_line(const crypto::VerifyKey& key, const crypto::Signature& signature);

// One export, the oldest row first, a batch at a time so that memory is bounded. What is appended
// to the log meanwhile is not part of it.
class AuditExport {
 public:
  AuditExport(Connection& connection, ExportFormat format, AuditFilter filter,
              const json::object& filter_shown, crypto::SigningKey key, UnixMillis now);

  // Appends what comes next; false when nothing is left. Looks at no more than
  // export_rows_examined_max rows and may append nothing. Each call may use another connection.
  // Throws StorageError (Errc::busy) when rows were pruned since the constructor.
  bool append(Connection& connection, std::string& out);

 private:
  struct Chain {
    std::string epoch;
    std::int64_t rows = 0;   // exported
    std::int64_t first = 0;  // seq of the first of them
    std::int64_t last = 0;   // and of the last
    Hash last_hash{};
    std::int64_t seen = 0;  // seq of the last row looked at
    Hash seen_hash{};
  };

  std::string begin(Connection& connection);
  void append_head(std::string& out);
  void append_row(AuditReader& reader, Connection& connection, const LogRow& from,
                  std::string& out);
  void append_ndjson(const AuditRow& row, const LogRow& from, const Hash& previous,
                     std::string& out);
  void append_end(std::string& out);
  Hash hash_before(Connection& connection, const LogRow& row);

  ExportFormat format_;
  AuditFilter filter_;
  crypto::SigningKey key_;
  Identity identity_;
  std::string head_;
  AuditCheck check_;
  std::map<std::int64_t, Chain> chains_;  // by number of the log
  std::int64_t position_ = 0;
  std::int64_t begins_at_ = 0;  // rows up to this n were not there any more
  std::int64_t upto_ = 0;
  std::int64_t rows_ = 0;
  bool begun_ = false;
  bool ended_ = false;
};

inline constexpr int export_rows_examined_max = 500;
inline constexpr std::size_t export_batch_bytes = 256 * 1024;

// Appends one row as lines of CSV, one for each field that changed.
void append_audit_csv(std::string& out, const AuditRow& row, const LogRow& from,
                      std::string_view epoch);
void append_audit_csv_head(std::string& out);

}  // namespace skerry::store
