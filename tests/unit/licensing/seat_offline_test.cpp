// Seats that go away with what they may use, and come back with what they did not.
#include <fmt/format.h>

#include "crypto/age_armor.hpp"
#include "licensing/offline_request.hpp"
#include "tests/unit/licensing/desk_fixture.hpp"

namespace skerry::licensing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t hour_ms = 3'600'000;

class SeatOfflineTest : public DeskTest {
 protected:
  Decision<SeatState> go(std::string_view machine, const Amounts& amounts) {
    Claim wanted;
    wanted.machine = machine;
    wanted.request = code_of(machine);
    return job([&](store::Connection& connection) {
      return desk->activate_offline(connection, {code_of("CODE"), "PRESS", {}}, wanted, amounts);
    });
  }
  Decision<void> come_back(const Holder& holder, const Amounts& used) {
    return job([&](store::Connection& connection) {
      return desk->settle(connection, holder.id, caller(holder, "return"), used);
    });
  }
  SeatIndex::Used used() {
    const store::Reader reader = database->read();
    const auto uses = load_used(*reader);
    return uses.empty() ? SeatIndex::Used{} : uses.at(0).used;
  }
};

TEST_F(SeatOfflineTest, WhatItMayUseIsTakenOutBeforehand) {
  const auto state = go("away", {{"cores", 5}, {"prints", 60}});
  ASSERT_TRUE(state) << state.error().why;
  EXPECT_EQ(state->seat.until, TwoClocks::began + hour_ms);
  EXPECT_EQ(state->seat.hold, Hold::borrowed);
  EXPECT_EQ(used().amount, 60);
  const Holder here = holder(*claim("here"));
  EXPECT_EQ(refused(feature(here, SeatDesk::FeatureCall::checkout, "cores", 4, "c")),
            Why::feature_exhausted);
}

TEST_F(SeatOfflineTest, AllOfItOrNothing) {
  EXPECT_EQ(refused(go("away", {{"cores", 5}, {"prints", 111}})), Why::feature_exhausted);
  EXPECT_EQ(refused(go("away", {{"nothing", 1}})), Why::not_found);
  EXPECT_EQ(number("SELECT count(*) FROM seat"), 0);
  EXPECT_EQ(used().amount, 0);
  EXPECT_TRUE(go("away", {{"cores", 8}, {"prints", 110}}));
}

TEST_F(SeatOfflineTest, WhatWasNotUsedComesBack) {
  const Holder away = holder(*go("away", {{"cores", 8}, {"prints", 60}}));
  open();  // a restart meanwhile
  EXPECT_EQ(refused(come_back(away, {{"prints", 61}})), Why::validation_failed);
  EXPECT_EQ(refused(come_back(away, {{"cores", 1}})), Why::validation_failed);
  ASSERT_TRUE(come_back(away, {{"prints", 12}}));
  EXPECT_EQ(used().amount, 12);
  EXPECT_EQ(number("SELECT count(*) FROM seat"), 0);
  EXPECT_EQ(refused(come_back(away, {{"prints", 12}})), Why::no_seat);
  EXPECT_TRUE(go("away", {{"cores", 8}, {"prints", 98}}));
}

TEST_F(SeatOfflineTest, AResetMeanwhileIsNotPaidBackTwice) {
  const Holder away = holder(*go("away", {{"prints", 60}}));
  source.all[0].usage_since = TwoClocks::began + 1;
  ++version;
  const Holder here = holder(*claim("here"));
  ASSERT_TRUE(feature(here, SeatDesk::FeatureCall::usage, "prints", 30, "u"));
  ASSERT_TRUE(come_back(away, {{"prints", 12}}));
  EXPECT_EQ(used().amount, 30);
}

// The first seat of all begins the entitlement, by the clock of another machine.
TEST_F(SeatOfflineTest, ABeginningIsNoReset) {
  const Holder away = holder(*go("away", {{"prints", 60}}));
  source.all[0].starts_at = source.all[0].usage_since = TwoClocks::began + 1;
  ++version;
  const Holder here = holder(*claim("here"));
  ASSERT_TRUE(feature(here, SeatDesk::FeatureCall::usage, "prints", 30, "u"));
  ASSERT_TRUE(come_back(away, {{"prints", 12}}));
  EXPECT_EQ(used().amount, 0);
}

TEST_F(SeatOfflineTest, OneThatNeverComesBackIsFreeWhenItsLeaseHasEnded) {
  ASSERT_TRUE(go("away", {{"cores", 8}, {"prints", 60}}));
  ASSERT_TRUE(claim("here"));
  EXPECT_EQ(refused(claim("there")), Why::seats_exhausted);
  clocks.pass(3600);
  EXPECT_TRUE(claim("there"));
  EXPECT_EQ(used().amount, 60);
}

TEST_F(SeatOfflineTest, ARefreshIsForThoseWhoAreAway) {
  const Holder away = holder(*go("away", {}));
  const Holder here = holder(*claim("here"));
  clocks.pass(1800);
  const auto longer = [&](const Holder& who) {
    return job([&](store::Connection& connection) {
      return desk->refresh_offline(connection, who.id, caller(who, "r"));
    });
  };
  EXPECT_EQ(longer(away)->state.seat.until, TwoClocks::began + 1'800'000 + hour_ms);
  EXPECT_EQ(refused(longer(here)), Why::validation_failed);
  EXPECT_EQ(refused(come_back(here, {})), Why::validation_failed);
  EXPECT_EQ(refused(longer({away.id, here.secret, {}})), Why::forbidden);
}

TEST_F(SeatOfflineTest, AMachineThatHasASeatReturnsItFirst) {
  const Holder away = holder(*go("away", {}));
  EXPECT_EQ(refused(go("away", {})), Why::already_exists);
  write([&](store::Connection& connection) -> Result<void> {
    SeatPolicy policy;
    policy.minimum_hold_seconds = 60;
    desk->set_policy(connection, id_of(entitlement_number), policy);
    return {};
  });
  ASSERT_TRUE(come_back(away, {}));
  EXPECT_TRUE(go("away", {}));  // within its minimum hold it has it again
}

TEST_F(SeatOfflineTest, AMachineHasOneSeatOfAllThatACodeOpens) {
  source.all.push_back(allowance_of(1));
  source.all[1].entitlement = id_of(201);
  source.all[0].seats = {0};
  ASSERT_TRUE(go("away", {}));
  source.all[0].seats = {2};
  ++version;
  EXPECT_EQ(refused(go("away", {})), Why::already_exists);
  EXPECT_EQ(number("SELECT count(*) FROM seat"), 1);
}

TEST_F(SeatOfflineTest, TheSurplusEndsAtItsRefreshAndItsMachineHears) {
  const Holder first = holder(*go("away-1", {{"cores", 5}}));
  const Holder second = holder(*go("away-2", {}));
  source.all[0].seats = {1};
  ++version;
  const auto renew = [&](const Holder& who) {
    return job([&](store::Connection& connection) {
      return desk->refresh_offline(connection, who.id, caller(who, "r"));
    });
  };
  const auto ended = renew(first);
  ASSERT_TRUE(ended);
  ASSERT_TRUE(ended->ended);
  EXPECT_EQ(ended->ended->code, Why::seats_exhausted);
  EXPECT_EQ(ended->state.seat.id, first.id);
  EXPECT_EQ(ended->state.seat.until, TwoClocks::began);
  EXPECT_EQ(number("SELECT count(*) FROM seat"), 1);
  EXPECT_FALSE(renew(second)->ended);
  EXPECT_EQ(pool().counts.denials, 1);
}

constexpr std::string_view id = "0199c0de-0000-7000-8000-0000000000a1";

std::string request_text(const crypto::AgeIdentity& identity) {
  return fmt::format(
      R"({{"format":"skerry-offline-request","version":1,"id":"{}","kind":"activate",)"
      R"("activation_code":"k7qf2 9xwmc","product":"PRESS","seat_id":"away",)"
      R"("amounts":{{"cores":4}},"recipient":"{}"}})",
      id, identity.recipient().to_text());
}

std::vector<std::string> complaints(std::string_view text) {
  const auto read = read_offline_request(text);
  std::vector<std::string> places;
  if (!read)
    for (const FieldError& each : read.error().errors) places.push_back(each.pointer);
  return places;
}

TEST(OfflineRequestTest, IsReadWhole) {
  crypto::SystemRandom random;
  const auto identity = crypto::AgeIdentity::generate(random);
  const auto read = read_offline_request(request_text(identity));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(to_string(read->id), id);
  EXPECT_EQ(read->opening.digest, code_of("K7QF29XWMC"));
  EXPECT_EQ(read->claim.machine, "away");
  EXPECT_EQ(read->amounts, (Amounts{{"cores", 4}}));
  EXPECT_EQ(read->sha256, code_of(request_text(identity)));
}

TEST(OfflineRequestTest, EveryMistakeIsNamed) {
  EXPECT_THAT(complaints("{}"), ElementsAre("/format", "/version", "/id", "/kind"));
  EXPECT_THAT(complaints(R"({"format":"skerry-offline-request","version":2,"id":"x",)"
                         R"("kind":"activate","amounts":{"a":0},"x":1})"),
              ElementsAre("/version", "/id", "/x", "/activation_code", "/product", "/seat_id",
                          "/amounts/a", "/recipient"));
  EXPECT_THAT(complaints(fmt::format(
                  R"({{"format":"skerry-offline-request","version":1,"id":"{}","kind":"return",)"
                  R"("recipient":"age1x","used":7}})",
                  id)),
              ElementsAre("/recipient", "/activation", "/secret", "/used"));
}

TEST(OfflineRequestTest, WhoUsedNothingMaySaySo) {
  const auto read = read_offline_request(
      fmt::format(R"({{"format":"skerry-offline-request","version":1,"id":"{}","kind":"return",)"
                  R"("activation":"{}","secret":"s","used":{{"prints":0}}}})",
                  id, id));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->amounts, (Amounts{{"prints", 0}}));
}

TEST(OfflineRequestTest, OnlyItsMakerReadsTheAnswer) {
  crypto::SystemRandom random;
  std::vector<crypto::AgeIdentity> maker, another;
  maker.push_back(crypto::AgeIdentity::generate(random));
  another.push_back(crypto::AgeIdentity::generate(random));
  const auto request = read_offline_request(request_text(maker[0])).value();
  const auto answer = seal_offline_answer(request, {{"secret", "s"}}, random);
  ASSERT_TRUE(answer);
  struct Collector final : ByteSink {
    Result<void> write(ByteView more) override {
      text.append(as_text(more));
      return {};
    }
    Result<void> finish() override { return {}; }
    std::string text;
  };
  const Bytes file = crypto::age_dearmor(*answer).value();
  Collector plain;
  crypto::AgeDecryptor open(plain, maker);
  ASSERT_TRUE(open.write(file));
  ASSERT_TRUE(open.finish());
  EXPECT_THAT(plain.text, HasSubstr(to_hex(request.sha256)));
  EXPECT_THAT(plain.text, HasSubstr(std::string(id)));
  Collector nothing;
  crypto::AgeDecryptor closed(nothing, another);
  const bool read = closed.write(file).has_value() && closed.finish().has_value();
  EXPECT_FALSE(read);
}

}  // namespace
}  // namespace skerry::licensing
