#include "store/audit_export.hpp"

#include <fmt/format.h>

#include "core/json_text.hpp"
#include "store/audit_verify.hpp"
#include "tests/unit/store/machine_store.hpp"

namespace skerry::store {
namespace {

class AuditExportTest : public MachineStoreTest {
 protected:
  std::string exported(AuditFilter filter = {}, ExportFormat format = ExportFormat::ndjson,
                       const json::object& shown = {}) {
    std::string text;
    const Reader reader = database->read();
    AuditExport made(*reader, format, std::move(filter), shown, key, clock.wall_ms());
    while (made.append(*reader, text)) {
    }
    return text;
  }
  // A customer, its contact, an edit with a reason, a removal, and a chain of what was received.
  void write_history() {
    const auto customer = create("customer", R"({"name":"Light, \"house\""})");
    ASSERT_TRUE(customer);
    author = {"token:crm", "api", "rq-2", "a new sign"};
    ASSERT_TRUE(update(*customer, R"({"name":"Bäckerei","website":"https://b.example"})"));
    write([&](Connection& connection) -> Result<void> {
      log.start_received(connection, new_id<EpochId>(random));
      log.append_received(connection, "customer", customer->id,
                          R"({"k":"chg","op":"set","by":"central","src":"sync","sv":1})");
      return {};
    });
    author = {"uid:0", "cli", "rq-3", {}, "root"};
    const auto other = create("customer", R"({"name":"Other"})");
    ASSERT_TRUE(other);
    ASSERT_TRUE(remove(*other));
  }

  crypto::SigningKey key = crypto::SigningKey::generate();
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    lines.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

Result<ExportReport> verify(const std::vector<std::string>& lines) {
  ExportVerifier verifier;
  for (const std::string& line : lines) SKERRY_TRY_VOID(verifier.take(line));
  return verifier.finish();
}

// The line that the refusal names; 0 when it was not refused.
int refused_at(const std::vector<std::string>& lines) {
  const auto report = verify(lines);
  if (report) return 0;
  const std::string& detail = report.error().detail;
  const std::size_t at = detail.find("line ");
  return at == std::string::npos ? -1 : std::stoi(detail.substr(at + 5));
}

TEST_F(AuditExportTest, AWholeExportProvesItself) {
  write_history();
  const auto lines = lines_of(exported());
  ASSERT_EQ(lines.size(), 8u);  // head, five rows, end, signature
  const auto report = verify(lines);
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_TRUE(report->whole);
  EXPECT_EQ(report->rows, 5);
  EXPECT_EQ(report->logs, 2);
  EXPECT_EQ(report->name, "test");
  EXPECT_TRUE(report->gaps.empty());
  EXPECT_EQ(*report->key, key.verify_key());
  const json::object edit = *parse_json_object(lines[2]);
  EXPECT_EQ(edit.at("label").as_string(), "Bäckerei");
  EXPECT_EQ(edit.at("actor_name").as_string(), "crm");
  EXPECT_EQ(edit.at("reason").as_string(), "a new sign");
  EXPECT_EQ(edit.at("line").as_string(), text("SELECT line FROM change_log WHERE n=2"));
}

TEST_F(AuditExportTest, AnEmptyLogIsAnExportToo) {
  const auto report = verify(lines_of(exported()));
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_EQ(report->rows, 0);
}

TEST_F(AuditExportTest, EveryChangedByteIsNoticedInItsLine) {
  write_history();
  const auto lines = lines_of(exported());
  for (std::size_t i = 0; i < lines.size(); ++i)
    for (std::size_t at = 0; at < lines[i].size(); ++at) {
      auto damaged = lines;
      damaged[i][at] = static_cast<char>(damaged[i][at] ^ 0x01);
      const int refused = refused_at(damaged);
      // What is not an export any more has no line to name; the signature's key is judged by what
      // it signed.
      const bool named = refused == static_cast<int>(i + 1) || (i == 0 && refused == -1);
      ASSERT_TRUE(named) << "line " << i + 1 << ", byte " << at << ": " << refused;
    }
}

TEST_F(AuditExportTest, EveryMissingDoubledAndExchangedLineIsNoticed) {
  write_history();
  const auto lines = lines_of(exported());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    SCOPED_TRACE(i);
    auto without = lines;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_NE(refused_at(without), 0);
    auto doubled = lines;
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    EXPECT_EQ(refused_at(doubled), static_cast<int>(i + 2));
    if (i > 0) {
      auto exchanged = lines;
      std::swap(exchanged[i], exchanged[i - 1]);
      EXPECT_NE(refused_at(exchanged), 0);
    }
    const auto end = lines.begin() + static_cast<std::ptrdiff_t>(i);
    EXPECT_FALSE(verify({lines.begin(), end}));  // cut behind every line
  }
  auto longer = lines;
  longer.push_back(lines[1]);
  EXPECT_EQ(refused_at(longer), 9);
}

// Somebody who knows the format recomputes every value that needs no key.
TEST_F(AuditExportTest, WhoRecomputesEverythingStillLacksTheKey) {
  write_history();
  auto lines = lines_of(exported());
  AuditCheck check;
  std::size_t i = 0;
  for (; i + 2 < lines.size(); ++i) {
    std::string text = lines[i].substr(0, lines[i].find(",\"check\":\"")) + '}';
    if (const auto at = text.find("a new sign"); at != std::string::npos) text[at] = 'A';
    lines[i] = check.sealed(std::move(text));
    lines[i].pop_back();
  }
  const std::size_t at = lines[i].rfind("\"check\":\"") + 9;
  lines[i].replace(at, 64, to_hex(check.value()));
  EXPECT_EQ(refused_at(lines), 8);  // the signature
  const std::string inside = R"(\"why\":\"a new sign)";
  auto forged = lines_of(exported());
  AuditCheck again;
  for (i = 0; i + 2 < forged.size(); ++i) {
    std::string text = forged[i].substr(0, forged[i].find(",\"check\":\"")) + '}';
    if (const auto place = text.find(inside); place != std::string::npos)
      text.replace(place, inside.size(), R"(\"why\":\"An old sign)");
    forged[i] = again.sealed(std::move(text));
    forged[i].pop_back();
  }
  EXPECT_EQ(refused_at(forged), 3);  // the row does not fit its own hash
}

TEST_F(AuditExportTest, AFilteredExportNamesItsGaps) {
  write_history();
  AuditFilter filter;
  filter.source = "cli";
  const auto lines = lines_of(exported(filter, ExportFormat::ndjson, {{"source", "cli"}}));
  const auto report = verify(lines);
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_FALSE(report->whole);
  EXPECT_EQ(report->rows, 2);
  ASSERT_EQ(report->gaps.size(), 1u);
  EXPECT_EQ(report->gaps[0].first, 1);
  EXPECT_EQ(report->gaps[0].last, 2);
  EXPECT_EQ(report->filter.at("source").as_string(), "cli");
}

TEST_F(AuditExportTest, OneRecordsRowsAreProvenOneByOne) {
  const auto first = create("customer", R"({"name":"One"})");
  ASSERT_TRUE(create("customer", R"({"name":"Two"})"));
  ASSERT_TRUE(update(*first, R"({"name":"Eins"})"));
  AuditFilter filter;
  filter.record = first->id;
  const auto report = verify(lines_of(exported(filter)));
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_EQ(report->rows, 2);
  EXPECT_EQ(report->gaps_count, 1);
}

TEST_F(AuditExportTest, ComesInBatches) {
  write([&](Connection& connection) -> Result<void> {
    for (int i = 0; i < 3 * export_rows_examined_max; ++i)
      log.append_own(connection, "note", RecordId{}, R"({"k":"chg","op":"set","by":"uid:0"})");
    return {};
  });
  const Reader reader = database->read();
  AuditExport made(*reader, ExportFormat::ndjson, {}, {}, key, clock.wall_ms());
  std::string all;
  int batches = 0;
  for (std::string piece; made.append(*reader, piece); piece.clear()) {
    EXPECT_LT(piece.size(), export_batch_bytes + 64 * 1024);
    all += piece;
    ++batches;
    ASSERT_TRUE(create("customer", R"({"name":"meanwhile"})"));  // is not part of it
  }
  EXPECT_GE(batches, 3);
  EXPECT_EQ(verify(lines_of(all))->rows, 3 * export_rows_examined_max);
}

TEST_F(AuditExportTest, CsvHasALineForEachField) {
  write_history();
  const std::string text = exported({}, ExportFormat::csv);
  EXPECT_TRUE(text.starts_with("n,recorded_at,happened_at,site,actor,")) << text;
  EXPECT_NE(text.find(R"(,name,,"Light, ""house""",)"), std::string::npos) << text;
  EXPECT_NE(text.find(",Bäckerei,website,,https://b.example,a new sign,"), std::string::npos);
  EXPECT_NE(text.find(",uid:0,root,cli,rq-3,del,customer,"), std::string::npos);
  EXPECT_NE(text.find(",token:crm,crm,"), std::string::npos);
  EXPECT_EQ(refused_at(lines_of(text)), -1);  // says that it proves nothing
}

TEST_F(AuditExportTest, WhatIsNoExportIsSaid) {
  for (const char* text : {"", "{}", "not JSON", R"({"_type":"skerry/bundle/v1"})"})
    EXPECT_EQ(verify({text}).error().code, Errc::bad_input) << text;
  EXPECT_EQ(verify({}).error().code, Errc::bad_input);
  EXPECT_EQ(verify({R"({"_type":"skerry/audit/v2"})"}).error().code, Errc::unsupported_version);
}

}  // namespace
}  // namespace skerry::store
