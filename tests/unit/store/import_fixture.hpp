// Imports into a database with its log, and what became of them as text.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "store/import_records.hpp"
#include "tests/unit/store/records_fixture.hpp"
#include "tests/unit/store/text_file.hpp"

namespace skerry::store {

class ImportTest : public RecordsTest {
 protected:
  Result<ImportReport> attempt(std::string_view text, ImportOptions options = {},
                               std::string_view kind = "customer") {
    const TextFile file(text);
    return attempt(file.get(), std::move(options), kind);
  }
  Result<ImportReport> attempt(int file, ImportOptions options, std::string_view kind) {
    const ImportPlace place{*database_, log_, role_, random_};
    return import_records(place, *find_kind(kind), file, options, author_);
  }
  ImportReport import(std::string_view text, ImportOptions options = {},
                      std::string_view kind = "customer") {
    auto report = attempt(text, std::move(options), kind);
    EXPECT_TRUE(report) << report.error().detail;
    return report ? *report : ImportReport();
  }

  void define_custom(const json::object& body) {
    in_job([&](Connection& connection) {
      const Kind& kind = *find_kind("custom_field");
      const auto made =
          writer(connection).create(kind, std::nullopt, *read_new(kind, body), author_);
      ASSERT_TRUE(made) << made.error().detail;
    });
  }

  std::int64_t customers() { return number("SELECT count(*) FROM customer"); }
  std::int64_t log_rows() { return number("SELECT count(*) FROM change_log"); }
};

// "2 Name required", in order.
inline std::vector<std::string> places(const ImportReport& report) {
  std::vector<std::string> texts;
  for (const TableError& each : report.errors)
    texts.push_back(fmt::format("{} {} {}", each.row, each.column, each.code));
  return texts;
}

inline std::string counts(const ImportReport& report) {
  return fmt::format("{} rows, {} created, {} updated, {} unchanged", report.rows, report.created,
                     report.updated, report.unchanged);
}

}  // namespace skerry::store
