#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "api/handlers/machine_notes.hpp"
#include "core/kinds/kinds.hpp"
#include "tests/unit/api/machine_fixture.hpp"
#include "tests/unit/store/query_plan.hpp"

namespace skerry::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class StatusTest : public MachineTest {
 protected:
  explicit StatusTest(Role role = Role::central) : MachineTest(role) {}
  std::string records() {
    return json::serialize(read_json(get("/v1/status")).at("records").at("customer")) + " " +
           json::serialize(read_json(get("/v1/status")).at("records").at("contact"));
  }
  // As many rows as there are machines, or as they lost memory, and not more with more records.
  static bool is_of_machines(const std::string& step) {
    for (const char* table : {"site", "log", "upstream", "lost_range", "p"})  // p: pruned
      if (step == fmt::format("SCAN {}", table)) return true;
    return step == "SCAN CONSTANT ROW";
  }
  // The statements of a request, which opened the only connection for reading; but for those that
  // the seats were read with, once since the start.
  void expect_no_scan() {
    context->seats->pools();
    const auto of_the_start = database->read()->cached_texts();
    ASSERT_EQ(get("/v1/status").status, 200u);
    const store::Reader reader = database->read();
    std::vector<std::string> texts;
    for (const std::string& text : reader->cached_texts())
      if (std::find(of_the_start.begin(), of_the_start.end(), text) == of_the_start.end())
        texts.push_back(text);
    EXPECT_GT(texts.size(), 5u);
    for (const std::string& text : texts) {
      for (const std::string& step : store::plan_of(*reader, text)) {
        const bool by_index = step.find("INDEX") != std::string::npos;
        EXPECT_TRUE(!step.starts_with("SCAN") || by_index || is_of_machines(step))
            << text << "\n  " << step;
      }
      for (const Kind& kind : all_kinds()) {
        if (kind.name == "site") continue;
        EXPECT_THAT(text, Not(HasSubstr(fmt::format("count(*) FROM {}", kind.name))));
      }
    }
  }
};

class SiteStatusTest : public StatusTest {
 protected:
  SiteStatusTest() : StatusTest(Role::site) {}
};

TEST_F(StatusTest, CountsRecordsAsTheyComeAndGo) {
  EXPECT_EQ(records(), "0 0");
  const std::string one = make("customers", R"({"name":"One"})");
  const std::string two = make("customers", R"({"name":"Two"})");
  make("contacts", fmt::format(R"({{"customer":"{}","email":"a@x.example"}})", one));
  EXPECT_EQ(post("/v1/customers", R"({"name":""})").status, 422u);
  EXPECT_EQ(records(), "2 1");
  const Answer gone = send("DELETE", "/v1/customers/" + two, {}, "If-Match: \"1\"\r\n");
  EXPECT_EQ(gone.status, 204u) << gone.body;
  EXPECT_EQ(records(), "1 1");
}

TEST_F(StatusTest, ReadinessSaysWhatItStandsOn) {
  EXPECT_EQ(get("/readyz").body, R"({"ready":true})");
  for (const char* target : {"/readyz?verbose", "/readyz?verbose=1"}) {
    const json::object ready = read_json(get(target));
    EXPECT_EQ(ready.at("ready"), true) << target;
    EXPECT_GT(ready.at("free_bytes").to_number<std::uint64_t>(),
              ready.at("reserve_bytes").to_number<std::uint64_t>());
    EXPECT_EQ(ready.at("queued_writes"), 0);
  }
  EXPECT_EQ(get("/readyz?wordy").status, 400u);
}

TEST_F(StatusTest, LivenessSaysMoreToReaders) {
  EXPECT_EQ(get("/livez").body, R"({"live":true})");
  const json::object live = read_json(get("/livez?verbose"));
  EXPECT_EQ(live.at("live"), true);
  EXPECT_GE(live.at("uptime_seconds").to_number<std::int64_t>(), 0);
  EXPECT_EQ(send_over_tcp("GET", "/livez?verbose", "").status, 401u);
  EXPECT_EQ(send_over_tcp("GET", "/livez", "").status, 200u);
  EXPECT_EQ(get("/livez?wordy").status, 400u);
}

TEST_F(StatusTest, ChangesOfANewerVersionWaitForIt) {
  write([](store::Connection& connection) -> Result<void> {
    const auto hold = [&](std::int64_t seq, const RecordId& record) {
      connection.execute("INSERT INTO held(epoch,seq,record,line) VALUES(1,?1,?2,'')", seq, record);
    };
    for (const std::int64_t seq : {1, 2}) hold(seq, RecordId{});  // they could not be read
    hold(3, RecordId{{1}});
    return {};
  });
  const std::string status = get("/v1/status").body;
  EXPECT_THAT(status, HasSubstr("2 changes of sites were written by a newer version of Skerry"));
  EXPECT_THAT(status, HasSubstr("1 changes of sites wait for a record that is not here"));
  EXPECT_THAT(get("/v1/doctor").body, HasSubstr("install the newer version of Skerry"));
}

TEST_F(SiteStatusTest, WhatCentralHoldsSaysWhatItWaitsFor) {
  write([](store::Connection& connection) -> Result<void> {
    connection.execute(
        "INSERT INTO row_result(log,seq,disposition,detail) "
        "VALUES(1,7,'held','customer names another, which is not here')");
    return {};
  });
  const std::string doctor = get("/v1/doctor").body;
  EXPECT_THAT(doctor, HasSubstr("the first is row 7: customer names another"));
  EXPECT_THAT(doctor, HasSubstr("central takes them in by itself"));
}

TEST_F(StatusTest, DoctorTellsOfAClockThatLeasesDoNotGoBy) {
  const auto doctor = [this] { return get("/v1/doctor").body; };
  EXPECT_THAT(doctor(), Not(HasSubstr("its leases run by")));
  clock.wrong_by = 3'600'000;
  EXPECT_THAT(doctor(), HasSubstr("which takes it for true"));
  clock.wrong_by = -3'600'000;
  EXPECT_THAT(doctor(), HasSubstr("set the clock if it is behind"));
}

TEST(DiskNote, IsOfAnAlmostFullDisk) {
  EXPECT_FALSE(note_of_disk(disk_reserve_bytes));
  EXPECT_THAT(note_of_disk(disk_reserve_bytes - 1)->first, HasSubstr("bytes are free"));
}

TEST_F(StatusTest, ScansNothingAtCentral) { expect_no_scan(); }

TEST_F(SiteStatusTest, ScansNothingAtASite) { expect_no_scan(); }

}  // namespace
}  // namespace skerry::api
