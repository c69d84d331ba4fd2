// Seats from the first call to the last.
#include "core/timestamp.hpp"
#include "licensing/lease_token.hpp"
#include "tests/unit/api/activations_fixture.hpp"

namespace skerry::api {
namespace {

TEST_F(ActivationsTest, FromTheFirstCallToTheLast) {
  const Answer made = activate("press-1");
  ASSERT_EQ(made.status, 201u) << made.body;
  EXPECT_EQ(made.header("Cache-Control"), "no-store");
  const json::object body = read_json(made);
  EXPECT_EQ(made.header("Location"), "/v1/activations/" + text(body, "id"));
  EXPECT_EQ(body.at("expires_in_seconds").as_int64(), lease_seconds);
  EXPECT_EQ(body.at("renew_after_seconds").as_int64(), lease_seconds / 2);
  const auto claims = licensing::verify_lease_token(keys.sign.verify_key(), text(body, "token"));
  ASSERT_TRUE(claims);
  EXPECT_EQ(text(*claims, "sub"), text(body, "id"));
  EXPECT_EQ(text(*claims, "iss"), "central");

  Seat seat{text(body, "id"), text(body, "secret"), text(body, "nonce")};
  clock.now += 60'000;
  EXPECT_EQ(read_json(call(seat, "POST", "/refresh", "r1")).at("expires_in_seconds").as_int64(),
            lease_seconds);
  EXPECT_EQ(read_json(call(seat, "GET", "", "")).at("seat_id").as_string(), "press-1");
  EXPECT_EQ(call(seat, "DELETE", "", "d").status, 204u);
  EXPECT_EQ(call(seat, "DELETE", "", "d").status, 404u);
}

// It needs no key: a seat ends once, also one that is kept for its minimum hold.
TEST_F(ActivationsTest, AReleaseWhoseReplyWasLostIsDoneOnce) {
  ASSERT_EQ(post("/v1/seat-pools/0199c0de-0000-7000-8000-0000000000e1:policy",
                 R"({"minimum_hold_seconds":60})")
                .status,
            200u);
  const Seat seat = take("press-1");
  const auto release = [&] {
    return ask("DELETE", "/v1/activations/" + seat.id, {},
               fmt::format("Skerry-Seat-Secret: {}\r\nSkerry-Seat-Nonce: {}\r\n", seat.secret,
                           seat.nonce));
  };
  EXPECT_EQ(release().status, 204u);
  for (const int seconds : {0, 61}) {
    clock.now += seconds * 1'000;
    const Answer again = release();
    EXPECT_EQ(again.status, 404u);
    EXPECT_THAT(again.body, HasSubstr("no_seat"));
  }
  EXPECT_THAT(get("/v1/seat-pools").body, HasSubstr(R"("clones":0)"));
}

TEST_F(ActivationsTest, TheSameSeatIsTheSameSeat) {
  const Answer made = activate("press-1", "1");
  const Answer retry = activate("press-1", "1");
  EXPECT_EQ(retry.status, 201u);
  EXPECT_EQ(retry.body, made.body);
  const Answer again = activate("press-1", "2");
  EXPECT_EQ(again.status, 200u);
  EXPECT_EQ(text(read_json(again), "id"), text(read_json(made), "id"));
  EXPECT_NE(text(read_json(again), "secret"), text(read_json(made), "secret"));
}

TEST_F(ActivationsTest, ADenialSaysAllThatHelps) {
  take("press-1");
  take("press-2");
  clock.now += 100'500;
  const Answer denied = activate("press-3");
  EXPECT_EQ(denied.status, 409u);
  const json::object body = read_json(denied);
  EXPECT_EQ(text(body, "code"), "seats_exhausted");
  EXPECT_EQ(body.at("limit").as_int64(), 2);
  EXPECT_EQ(body.at("in_use").as_int64(), 2);
  EXPECT_EQ(body.at("overdraft").as_int64(), 0);
  EXPECT_EQ(body.at("next_free_in_seconds").as_int64(), lease_seconds - 100);
  EXPECT_FALSE(body.contains("holders"));
  EXPECT_EQ(
      post("/v1/seat-pools/0199c0de-0000-7000-8000-0000000000e1:policy", R"({"show_holders":true})")
          .status,
      200u);
  EXPECT_THAT(activate("press-3").body, HasSubstr(R"("holders":["press-1","press-2"])"));
}

TEST_F(ActivationsTest, ALostReplyAndAClone) {
  Seat seat = take("press-1");
  Seat clone = seat;
  const Answer first = call(seat, "POST", "/refresh", "r1");
  Seat lost = clone;
  EXPECT_EQ(call(lost, "POST", "/refresh", "r1").body, first.body);
  // Later, all the same but for what is left: an answer that comes late makes no lease longer.
  clock.now += 60'000;
  lost = clone;
  json::object kept = read_json(first);
  json::object late = read_json(call(lost, "POST", "/refresh", "r1"));
  EXPECT_EQ(late.at("expires_in_seconds").as_int64(), lease_seconds - 60);
  const auto claims = licensing::verify_lease_token(keys.sign.verify_key(), text(late, "token"));
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->at("exp").as_int64() - claims->at("iat").as_int64(), lease_seconds - 60);
  for (const std::string_view timer : {"expires_in_seconds", "token"})
    for (json::object* const each : {&kept, &late}) each->erase(timer);
  EXPECT_EQ(late, kept);
  const Answer met = call(clone, "POST", "/refresh", "another");
  EXPECT_EQ(met.status, 409u);
  EXPECT_THAT(met.body, HasSubstr("seat_cloned"));
  EXPECT_THAT(get("/v1/seat-pools").body, HasSubstr(R"("clones":1)"));
  open();
  EXPECT_EQ(call(seat, "POST", "/refresh", "r2").status, 200u);
}

TEST_F(ActivationsTest, Features) {
  Seat seat = take("press-1");
  const Answer out = call(seat, "POST", "/features/cores/checkout", "1", R"({"amount":5})");
  ASSERT_EQ(out.status, 200u) << out.body;
  EXPECT_EQ(read_json(out).at("left").as_int64(), 3);
  EXPECT_EQ(read_json(out).at("held").as_int64(), 5);
  const Answer none = call(seat, "POST", "/features/cores/checkout", "2", R"({"amount":4})");
  EXPECT_EQ(none.status, 409u);
  EXPECT_EQ(read_json(none).at("left").as_int64(), 3);
  const Answer more = call(seat, "POST", "/features/cores/return", "2b", R"({"amount":6})");
  EXPECT_EQ(more.status, 422u);
  EXPECT_THAT(more.body, HasSubstr(R"("pointer":"/amount")"));
  EXPECT_THAT(more.body, HasSubstr("holds 5 of feature cores, not 6"));
  EXPECT_EQ(call(seat, "POST", "/features/cores/return", "3", R"({"amount":5})").status, 200u);
  EXPECT_EQ(read_json(call(seat, "POST", "/features/prints/usage", "4", R"({"amount":60})"))
                .at("left")
                .as_int64(),
            40);
  EXPECT_EQ(call(seat, "POST", "/features/prints/checkout", "5", R"({"amount":1})").status, 422u);
  const Answer none_such = call(seat, "POST", "/features/none/usage", "6", R"({"amount":1})");
  EXPECT_EQ(none_such.status, 404u);
  EXPECT_FALSE(text(read_json(none_such), "next").empty());
}

TEST_F(ActivationsTest, ASeatIsBorrowed) {
  Seat seat = take("press-1");
  const std::string day = format_timestamp(clock.now + 86'400'000);
  const Answer borrowed =
      call(seat, "POST", "/borrow", "1", fmt::format(R"({{"until":"{}"}})", day));
  ASSERT_EQ(borrowed.status, 200u) << borrowed.body;
  EXPECT_EQ(text(read_json(borrowed), "lease_expires_at"), day);
  const std::string later = format_timestamp(clock.now + 86'401'000);
  const auto refused = [&](std::string_view until) {
    return call(seat, "POST", "/borrow", "2", fmt::format(R"({{"until":"{}"}})", until));
  };
  EXPECT_EQ(refused(later).status, 422u);
  const Answer past = refused("2020-01-01T00:00:00Z");
  EXPECT_EQ(past.status, 422u);
  EXPECT_THAT(past.body, HasSubstr("is past"));
  EXPECT_THAT(past.body, HasSubstr(R"("pointer":"/until")"));
  EXPECT_THAT(past.body, HasSubstr("not after " + day));
}

TEST_F(ActivationsTest, APoolTellsWhatItsSeatsWereTold) {
  const Answer made = activate("press-1");
  const std::string pool = "/v1/seat-pools/0199c0de-0000-7000-8000-0000000000e1";
  const auto kept = [&](int seats) {
    const auto policy = fmt::format(
        R"({{"reservations":[{{"group":"press","seats":{},"users":["ann"]}}]}})", seats);
    return post(pool + ":policy", policy);
  };
  EXPECT_EQ(kept(2).status, 200u);
  const Answer too_many = kept(200);
  EXPECT_EQ(too_many.status, 422u) << too_many.body;
  EXPECT_THAT(too_many.body, HasSubstr(R"("pointer":"/reservations/0/seats")"));
  EXPECT_EQ(read_json(too_many).at("limit").as_int64(), 2);
  const json::object seen = read_json(get(pool)).at("seats").as_array().at(0).as_object();
  EXPECT_EQ(seen.at("renew_after_seconds"), read_json(made).at("renew_after_seconds"));
}

TEST_F(ActivationsTest, AnOperatorReleasesWithAReason) {
  const Seat seat = take("press-1");
  const std::string target = "/v1/activations/" + seat.id;
  EXPECT_EQ(ask("DELETE", target).status, 401u);
  EXPECT_EQ(send("DELETE", target).status, 400u);
  EXPECT_EQ(get(target).status, 200u);
  EXPECT_EQ(
      send("POST", target + "/refresh", {}, "Idempotency-Key: 1\r\nSkerry-Reason: why\r\n").status,
      403u);
  EXPECT_EQ(send("DELETE", target, {}, "Skerry-Reason: laptop stolen\r\n").status, 204u);
  const std::string audit = get("/v1/audit").body;
  EXPECT_THAT(audit, HasSubstr("seat_released"));
  EXPECT_THAT(audit, HasSubstr("laptop stolen"));
}

// No nonce tells his call sent again from another one: its key does.
TEST_F(ActivationsTest, WhatAnOperatorDoesForASeatIsDoneOnce) {
  const Seat seat = take("press-1");
  const std::string target = fmt::format("/v1/activations/{}/features/cores/checkout", seat.id);
  const auto check_out = [&](std::string_view amount, std::string_view key) {
    return send("POST", target, fmt::format(R"({{"amount":{}}})", amount),
                fmt::format("Idempotency-Key: {}\r\nSkerry-Reason: why\r\n", key));
  };
  const Answer first = check_out("2", "1");
  EXPECT_EQ(read_json(first).at("held").as_int64(), 2);
  const Answer again = check_out("2", "1");
  EXPECT_EQ(again.status, 200u);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(check_out("3", "1").status, 422u);
  EXPECT_EQ(read_json(check_out("2", "2")).at("held").as_int64(), 4);
}

TEST_F(ActivationsTest, RefusesWhatIsWrong) {
  Seat seat = take("press-1");
  const std::string key = "Idempotency-Key: k\r\n";
  check({
      {"nothing",
       "POST",
       "/v1/activations",
       "{}",
       key,
       422,
       {"/activation_code", "/product", "/seat_id"},
       {}},
      {"an unknown member",
       "POST",
       "/v1/activations",
       R"({"activation_code":"x","product":"P","seat_id":"s","x":1})",
       key,
       422,
       {"\"/x\""},
       {}},
      {"no key",
       "POST",
       "/v1/activations",
       R"({"activation_code":"x","product":"P","seat_id":"s"})",
       "",
       400,
       {"Idempotency-Key"},
       {}},
      {"a code of nobody",
       "POST",
       "/v1/activations",
       R"({"activation_code":"x","product":"PRESS","seat_id":"s"})",
       key,
       403,
       {"not_entitled"},
       {}},
      {"no such seat",
       "GET",
       fmt::format("/v1/activations/{}", nobody),
       "",
       "",
       404,
       {"no_seat"},
       {}},
      {"no id", "GET", "/v1/activations/7", "", "", 404, {"no_seat"}, {}},
      {"no amount",
       "POST",
       fmt::format("/v1/activations/{}/features/cores/checkout", seat.id),
       "{}",
       key,
       422,
       {"/amount"},
       {}},
      {"an amount of nothing",
       "POST",
       fmt::format("/v1/activations/{}/features/cores/checkout", seat.id),
       R"({"amount":0})",
       key,
       422,
       {"/amount"},
       {}},
      {"no time",
       "POST",
       fmt::format("/v1/activations/{}/borrow", seat.id),
       R"({"until":"soon"})",
       key,
       422,
       {"/until"},
       {}},
      {"a policy of nobody's",
       "POST",
       fmt::format("/v1/seat-pools/{}:policy", nobody),
       "{}",
       "",
       404,
       {"not_found"},
       {}},
      {"a bad policy",
       "POST",
       fmt::format("/v1/seat-pools/{}:policy", nobody),
       R"({"minimum_hold_seconds":-1})",
       "",
       422,
       {"/minimum_hold_seconds"},
       {}},
      {"a list", "GET", "/v1/activations", "", "", 405, {"method_not_allowed"}, {}},
  });
  EXPECT_EQ(ask("POST", fmt::format("/v1/activations/{}/refresh", seat.id), {},
                key + "Skerry-Seat-Secret: wrong\r\nSkerry-Seat-Nonce: 1.x\r\n")
                .status,
            403u);
}

TEST_F(ActivationsTest, TheLeaseClockIsShown) {
  EXPECT_THAT(get("/v1/lease-clock").body, HasSubstr(R"("jumps":[])"));
  EXPECT_EQ(ask("GET", "/v1/lease-clock").status, 401u);
}

}  // namespace
}  // namespace skerry::api
