// What facts come to, by customer and period.
#include "licensing/usage_report.hpp"

#include <fmt/format.h>

#include "core/timestamp.hpp"
#include "licensing/usage_facts.hpp"
#include "store/log_event.hpp"
#include "tests/unit/store/catalogue_fixture.hpp"

namespace skerry::licensing {
namespace {

constexpr UnixMillis report_day_ms = 86'400'000;

class UsageReportTest : public store::CatalogueTest {
 protected:
  UsageReportTest() {
    first = make("entitlement", sold(R"(,"entitlement_ref":"E-1")"));
    began = *parse_timestamp("2026-05-01T00:00:00Z");
  }
  void happened(Happened what, UnixMillis at, std::int64_t amount = 1, std::string feature = {},
                std::string machine = "m") {
    write([&](store::Connection& connection) -> Result<void> {
      const RecordId seat = is_counted(what) ? RecordId{} : new_record_id(at, random);
      write_note(connection, {first, what, at, seat, std::move(machine), {}, std::move(feature)},
                 amount);
      UsageFacts facts(log, random, Redaction::none);
      return facts.write(connection, at, true).map([](const auto&) {});
    });
  }
  std::string report(ReportBy by, ReportFormat format, std::optional<RecordId> whose = {},
                     UnixMillis since = 0, UnixMillis until = 4'000'000'000'000) {
    const store::Reader reader = database->read();
    UsageReport lines(*reader, {whose, since, until, by}, format);
    std::string text = lines.begin();
    while (lines.next(text)) {
    }
    return text + lines.end();
  }
  // "period feature activations releases denials high_water used machines" for each line.
  std::string short_report(ReportBy by, std::optional<RecordId> whose = {}, UnixMillis since = 0,
                           UnixMillis until = 4'000'000'000'000) {
    const json::value whole = json::parse(report(by, ReportFormat::json, whose, since, until));
    std::string text;
    for (const json::value& each : whole.at("items").as_array()) {
      const json::object& line = each.as_object();
      const json::string* feature = line.at("feature").if_string();
      text += fmt::format("{} {} {} {} {} {} {} {};", line.at("period").as_string().c_str(),
                          feature ? feature->c_str() : "-", line.at("activations").as_int64(),
                          line.at("releases").as_int64(), line.at("denials").as_int64(),
                          line.at("high_water").as_int64(), line.at("used").as_int64(),
                          line.at("machines").as_int64());
    }
    return text;
  }

  RecordId first;
  UnixMillis began = 0;
};

TEST_F(UsageReportTest, SumsAddUpAndOfMarksTheLargestCounts) {
  happened(Happened::activation, began);
  happened(Happened::activation, began + 1, 1, {}, "n");
  happened(Happened::release, began + 2);
  happened(Happened::denial, began, 3);
  happened(Happened::denial, began, 4);
  happened(Happened::high_water, began, 2);
  happened(Happened::high_water, began, 1);
  happened(Happened::usage, began, 30, "render");
  happened(Happened::usage, began, 12, "render");
  EXPECT_EQ(short_report(ReportBy::total), "total - 2 1 7 2 0 2;total render 0 0 0 0 42 0;");
}

TEST_F(UsageReportTest, PeriodsAreOfUtcAndEndBeforeUntil) {
  happened(Happened::activation, began - 1);
  happened(Happened::activation, began);
  happened(Happened::activation, began + report_day_ms);
  EXPECT_EQ(short_report(ReportBy::month), "2026-04 - 1 0 0 0 0 1;2026-05 - 2 0 0 0 0 1;");
  EXPECT_EQ(short_report(ReportBy::day, {}, began),
            "2026-05-01 - 1 0 0 0 0 1;2026-05-02 - 1 0 0 0 0 1;");
  EXPECT_EQ(short_report(ReportBy::hour, {}, began, began + report_day_ms),
            "2026-05-01T00:00:00Z - 1 0 0 0 0 1;");
}

TEST_F(UsageReportTest, OfOneCustomerAlone) {
  happened(Happened::activation, began);
  EXPECT_EQ(short_report(ReportBy::total, customer), "total - 1 0 0 0 0 1;");
  EXPECT_EQ(short_report(ReportBy::total, first), "");
}

TEST_F(UsageReportTest, EachFormHoldsTheSame) {
  happened(Happened::activation, began);
  const std::string line = fmt::format(
      R"({{"period":"2026-05","customer":"{}","entitlement":"{}","entitlement_ref":"E-1",)"
      R"("product":"CAD","site":"central","feature":null,"activations":1,"releases":0,"denials":0,)"
      R"("clones":0,"overdrafts":0,"high_water":0,"used":0,"machines":1,"users":0}})",
      to_string(customer), to_string(first));
  EXPECT_EQ(report(ReportBy::month, ReportFormat::ndjson), line + "\n");
  const std::string json = report(ReportBy::month, ReportFormat::json);
  EXPECT_NE(json.find("\"items\":[" + line + "]}"), std::string::npos) << json;
  EXPECT_EQ(report(ReportBy::month, ReportFormat::csv),
            fmt::format("period,customer,entitlement,entitlement_ref,product,site,feature,"
                        "activations,releases,denials,clones,overdrafts,high_water,used,machines,"
                        "users\n2026-05,{},{},E-1,CAD,central,,1,0,0,0,0,0,0,1,0\n",
                        to_string(customer), to_string(first)));
}

TEST_F(UsageReportTest, WhatLeavesIsTheRowsOfTheLogThatAreNotConfirmed) {
  happened(Happened::activation, began);
  happened(Happened::release, began + 1);
  const auto leaves = [&] {
    const store::Reader reader = database->read();
    OutgoingUsage rows(*reader);
    std::string text;
    while (rows.next(text)) {
    }
    return text;
  };
  const std::string all = text(
      "SELECT group_concat(line,char(10))||char(10) FROM change_log "
      "WHERE kind='usage_fact'");
  EXPECT_EQ(leaves(), all);
  write([&](store::Connection& connection) -> Result<void> {
    connection.execute(
        "UPDATE log SET acked=(SELECT min(seq) FROM change_log WHERE kind='usage_fact')");
    return {};
  });
  EXPECT_EQ(leaves(), all.substr(all.find('\n') + 1));
  write([&](store::Connection& connection) -> Result<void> {
    store::append_event(connection, log, "seat_policy", {{"policy", "ann"}});
    store::append_event(connection, log, "feature_used", {{"activation", "x"}});
    store::append_event(connection, log, "token_created", {{"name", "t"}});
    return {};
  });
  const std::string more = leaves().substr(all.size() - all.find('\n') - 1);
  EXPECT_EQ(std::count(more.begin(), more.end(), '\n'), 2);
  EXPECT_NE(more.find(R"("policy":"ann")"), std::string::npos);
  EXPECT_EQ(more.find("token_created"), std::string::npos);
}

}  // namespace
}  // namespace skerry::licensing
