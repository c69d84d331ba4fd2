// Records as CSV that an import takes back without a change, or as NDJSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/custom_fields.hpp"
#include "store/export_format.hpp"
#include "store/list_records.hpp"

namespace skerry::store {

// The columns of a kind's CSV: id, every field ("address.city" for the members of a group,
// "custom.key" for custom_columns_of()). Derived ones only of a kind that no import takes back.
std::vector<std::string> export_columns(const Kind& kind,
                                        const std::vector<CustomField>& custom_fields);

// A value as the cell that read_cell() understands: a reference by id, a set with semicolons, null
// as an empty cell or, where that would mean a default, "null".
std::string export_cell(const Field& field, const json::value& value);

// Every record that a list would show, page after page, in the order of the list. `connection` is
// inside one read transaction as long as this lives, so that it is one state.
class RecordExport {
 public:
  RecordExport(Connection& connection, ListQuery query, ExportFormat format);

  // The header line; empty for NDJSON.
  std::string begin() const;
  // Appends the lines of some hundred records; false when there were no more.
  bool next(std::string& out);

 private:
  void append_csv(std::string& out, const std::string& record) const;

  Connection& connection_;
  ListQuery query_;
  ExportFormat format_;
  std::vector<CustomField> custom_fields_;
  bool ended_ = false;
};

}  // namespace skerry::store
