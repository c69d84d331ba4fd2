// What a machine says of its entitlements.
#include <fmt/format.h>

#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

constexpr std::int64_t a_day = 24 * 3'600'000;

class LicensingHandlersTest : public HandlersTest {
 protected:
  // Of a plan for a month that begins so.
  std::string sell(std::string_view starts) {
    const std::string product = make("products", R"({"sku":"T","name":"T","type":"software"})");
    const std::string edition =
        make("editions", fmt::format(R"({{"product":"{}","name":"Pro"}})", product));
    const std::string plan =
        make("plans", fmt::format(R"({{"name":"Month","duration":"P1M",)"
                                  R"("license":"subscription","starts":"{}"}})",
                                  starts));
    const std::string offering = make(
        "offerings",
        fmt::format(R"({{"sku":"T-PRO","edition":"{}","plan":"{}","seats":2}})", edition, plan));
    const std::string customer = make("customers", R"({"name":"Harbour"})");
    return make("entitlements",
                fmt::format(R"({{"customer":"{}","offering":"{}"}})", customer, offering));
  }
  std::string status(std::string_view entitlement) {
    const Answer answer = get(fmt::format("/v1/entitlements/{}/allowance", entitlement));
    EXPECT_EQ(answer.status, 200u) << answer.body;
    return std::string(read_json(answer).at("status").as_string());
  }
};

// By which seats are granted: not the wall clock, which somebody may set.
TEST_F(LicensingHandlersTest, AnAllowanceGoesByTheClockOfTheSeats) {
  const std::string sold = sell("creation");
  EXPECT_EQ(status(sold), "active");
  clock.wrong_by = 40 * a_day;
  EXPECT_EQ(status(sold), "active");
  clock.wrong_by = -1 * a_day;
  EXPECT_EQ(status(sold), "active");
  clock.now += 40 * a_day;
  EXPECT_EQ(status(sold), "expired");
}

TEST_F(LicensingHandlersTest, WhatWasStartedHasBegunWhateverTheClock) {
  clock.wrong_by = 8 * a_day;
  const std::string sold = sell("manual");
  EXPECT_EQ(status(sold), "created");
  EXPECT_EQ(post(fmt::format("/v1/entitlements/{}:start", sold), "").status, 200u);
  EXPECT_EQ(status(sold), "active");
}

}  // namespace
}  // namespace skerry::api
