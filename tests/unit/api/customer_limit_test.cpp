// What an access that is limited to customers sees and changes: theirs, and nothing else's.
#include "tests/unit/api/people_fixture.hpp"

namespace skerry::api {
namespace {

class CustomerLimitTest : public PeopleTest {
 protected:
  struct Owned {
    std::string plural, id;
  };

  // A record of each kind that has a customer, all of whose texts hold `word`.
  std::vector<Owned> make_all(std::string_view word, std::string_view product) {
    const std::string customer = make("customers", fmt::format(R"({{"name":"{}"}})", word));
    const std::string location =
        make("locations", fmt::format(R"({{"customer":"{}","name":"{} yard"}})", customer, word));
    return {
        {"customers", customer},
        {"locations", location},
        {"contacts", make("contacts", fmt::format(R"({{"customer":"{}","email":"{}@x.example"}})",
                                                  customer, word))},
        {"notes",
         make("notes", fmt::format(R"({{"subject":"{}","text":"{} was here"}})", customer, word))},
        {"assets", make("assets", fmt::format(R"({{"owner":"{}","product":"{}","serial":"{}"}})",
                                              customer, product, word))}};
  }

  void SetUp() override {
    product_ = make("products", R"({"sku":"P1","name":"Pump","type":"device"})");
    mine_ = make_all("minerva", product_);
    theirs_ = make_all("thebes", product_);
    const std::string limit = fmt::format(R"(,"customers":["{}"])", mine_[0].id);
    user_ = user_with_session("oscar", "operator", limit);
  }

  Answer ask(std::string_view method, std::string_view target, std::string_view body = "",
             std::string_view more = "") {
    return send_over_tcp(method, target, body, user_ + std::string(more));
  }

  std::string product_, user_;
  std::vector<Owned> mine_, theirs_;
};

TEST_F(CustomerLimitTest, SeesItsOwnRecordsAndNoOthers) {
  for (const Owned& each : mine_) {
    SCOPED_TRACE(each.plural);
    const std::string target = fmt::format("/v1/{}/{}", each.plural, each.id);
    EXPECT_EQ(ask("GET", target).status, 200u);
    EXPECT_THAT(ask("GET", "/v1/" + each.plural).body, HasSubstr(each.id));
    EXPECT_THAT(ask("GET", target + "/audit").body, HasSubstr(each.id));
  }
  for (const Owned& each : theirs_) {
    SCOPED_TRACE(each.plural);
    const std::string target = fmt::format("/v1/{}/{}", each.plural, each.id);
    EXPECT_EQ(ask("GET", target).status, 404u);
    EXPECT_EQ(ask("GET", target + "/audit").status, 404u);
    for (const char* list : {"/v1/{}?limit=500&archived=include", "/v1/{}?q=thebes",
                             "/v1/exports/{}?format=ndjson", "/v1/exports/{}?format=csv"}) {
      const Answer answer = ask("GET", fmt::format(fmt::runtime(list), each.plural));
      EXPECT_EQ(answer.status, 200u) << list << answer.body;
      EXPECT_THAT(answer.body, Not(HasSubstr(each.id))) << list;
    }
    EXPECT_THAT(get("/v1/" + each.plural).body, HasSubstr(each.id));  // it is there
  }
  EXPECT_EQ(ask("GET", "/v1/products/" + product_).status, 200u);
  EXPECT_EQ(ask("GET", fmt::format("/v1/customers/{}/summary", mine_[0].id)).status, 200u);
  EXPECT_EQ(ask("GET", fmt::format("/v1/customers/{}/summary", theirs_[0].id)).status, 404u);
  EXPECT_EQ(ask("GET", fmt::format("/v1/assets/{}/history", theirs_[4].id)).status, 404u);
}

// Every kind there is, so that a new one is covered by itself.
TEST_F(CustomerLimitTest, NoListOfAnyKindTellsOfOthers) {
  for (const Kind& kind : all_kinds()) {
    SCOPED_TRACE(kind.plural);
    const Answer answer =
        ask("GET", fmt::format("/v1/{}?limit=500&archived=include&count=true", kind.plural));
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_THAT(answer.body, Not(HasSubstr("thebes")));
  }
}

TEST_F(CustomerLimitTest, NoViewOfAllTellsOfOthers) {
  for (const char* target :
       {"/v1/search?q=minerva", "/v1/changes?limit=500", "/v1/audit?limit=500"}) {
    SCOPED_TRACE(target);
    const Answer answer = ask("GET", target);
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr(mine_[2].id));
    EXPECT_THAT(answer.body, Not(HasSubstr("thebes")));
    EXPECT_THAT(answer.body, Not(HasSubstr("user_made")));
  }
  EXPECT_EQ(ask("GET", "/v1/search?q=thebes").body, R"({"items":[]})");
}

TEST_F(CustomerLimitTest, ChangesItsOwnRecordsAndNoOthers) {
  for (const Owned& each : theirs_) {
    SCOPED_TRACE(each.plural);
    const std::string target = fmt::format("/v1/{}/{}", each.plural, each.id);
    const std::string before = get(target).body;
    EXPECT_EQ(ask("PATCH", target, "{}", "If-Match: *\r\n").status, 404u);
    EXPECT_EQ(ask("DELETE", target, "", "If-Match: *\r\n").status, 404u);
    EXPECT_EQ(ask("POST", target + ":archive").status, 404u);
    const Answer batch = ask("POST", fmt::format("/v1/{}:batch", each.plural),
                             fmt::format(R"({{"items":[{{"op":"delete","id":"{}"}}]}})", each.id));
    EXPECT_THAT(batch.body, HasSubstr("not_found"));
    EXPECT_EQ(get(target).body, before);
  }
  ask("POST", "/v1/customers:archive?roles=customer");
  EXPECT_THAT(get("/v1/customers/" + theirs_[0].id).body, HasSubstr(R"("archived_at":null)"));
  EXPECT_THAT(get("/v1/customers/" + mine_[0].id).body, Not(HasSubstr(R"("archived_at":null)")));
}

TEST_F(CustomerLimitTest, WhatStandsWithItIsReadAndNotWritten) {
  make("moves", fmt::format(R"({{"asset":"{}","to_location":"{}","tracking_number":"T",)"
                            R"("shipped_at":"2026-01-01T00:00:00Z",)"
                            R"("arrived_at":"2026-01-02T00:00:00Z"}})",
                            theirs_[4].id, mine_[1].id));
  for (const std::string& target : {"/v1/assets/" + theirs_[4].id, "/v1/products/" + product_}) {
    EXPECT_EQ(ask("GET", target).status, 200u) << target;
    EXPECT_EQ(ask("GET", target + "/audit").status, 200u) << target;
    const Answer refused = ask("PATCH", target, R"({"description":"x"})", "If-Match: *\r\n");
    EXPECT_EQ(refused.status, 403u) << refused.body;
    EXPECT_THAT(refused.body, HasSubstr(R"("code":"forbidden")"));
    EXPECT_EQ(ask("DELETE", target, "", "If-Match: *\r\n").status, 403u) << target;
  }
}

// The feed and the audit view tell that it came and went, and not from where nor to where.
TEST_F(CustomerLimitTest, WhatLeavesItsPlaceIsNotSaidToGoToAnothers) {
  const std::string pump =
      make("assets", fmt::format(R"({{"product":"{}","serial":"SN-9"}})", product_));
  const auto move_to = [&](std::string_view asset, const Owned& location, int day) {
    return make(
        "moves",
        fmt::format(R"({{"asset":"{}","to_location":"{}","arrived_at":"2026-01-0{}T00:00:00Z"}})",
                    asset, location.id, day));
  };
  const std::string came = move_to(pump, mine_[1], 1);
  const std::string went = move_to(pump, theirs_[1], 2);
  for (const char* target : {"/v1/changes?kind=move&limit=500", "/v1/audit?kind=move&limit=500"}) {
    SCOPED_TRACE(target);
    const Answer answer = ask("GET", target);
    EXPECT_THAT(answer.body, HasSubstr(came));
    EXPECT_THAT(answer.body, HasSubstr("SN-9 to minerva yard, 2026-01-01"));
    EXPECT_THAT(answer.body, HasSubstr(went));
    EXPECT_THAT(answer.body, Not(HasSubstr("thebes")));
    EXPECT_THAT(answer.body, Not(HasSubstr(theirs_[1].id)));
    EXPECT_THAT(get(target).body, HasSubstr("SN-9 to thebes yard, 2026-01-02"));
  }
  EXPECT_THAT(ask("GET", "/v1/moves").body, Not(HasSubstr(went)));
  // Where its own stands it may know; not what others call the place.
  const std::string lent = move_to(mine_[4].id, theirs_[1], 3);
  patch("/v1/moves/" + lent, R"({"note":"by night"})", "*");
  for (const char* target : {"/v1/moves", "/v1/changes?kind=move", "/v1/audit?kind=move"}) {
    const Answer answer = ask("GET", target);
    EXPECT_THAT(answer.body, HasSubstr(theirs_[1].id)) << target;
    EXPECT_THAT(answer.body, Not(HasSubstr("thebes"))) << target;
  }
}

// That a key is taken has to be said; not by whom.
TEST_F(CustomerLimitTest, AKeyOfAnotherIsTakenByNobodyInParticular) {
  make("custom_fields", R"({"record_kind":"customer","key":"u","type":"text","unique":true})");
  const std::string other =
      make("customers", R"({"name":"Other","account_ref":"X1","custom":{"u":"v"}})");
  for (const char* patch : {R"({"account_ref":"X1"})", R"({"custom":{"u":"v"}})"}) {
    const Answer taken = ask("PATCH", "/v1/customers/" + mine_[0].id, patch, "If-Match: *\r\n");
    EXPECT_EQ(taken.status, 409u) << taken.body;
    EXPECT_THAT(taken.body, HasSubstr("is taken"));
    EXPECT_THAT(taken.body, Not(HasSubstr(other)));
    EXPECT_THAT(taken.body, Not(HasSubstr("GET /v1/customers")));
  }
  const Answer outside = ask("POST", "/v1/customers", R"({"name":"X","account_ref":"X1"})");
  EXPECT_EQ(outside.status, 403u) << outside.body;
  EXPECT_THAT(outside.body, Not(HasSubstr("taken")));
}

// Routes that are open to everybody show more to who may read everything.
TEST_F(CustomerLimitTest, OpenRoutesShowItNoMoreThanAnybody) {
  const std::string seat = fmt::format("/v1/activations/{}", nobody);
  EXPECT_EQ(get(seat).status, 404u);
  EXPECT_EQ(ask("GET", seat).status, 401u);
  EXPECT_EQ(get("/readyz?verbose=true").status, 200u);
  EXPECT_EQ(ask("GET", "/readyz?verbose=true").status, 403u);  // who asks is known
  EXPECT_EQ(send_over_tcp("GET", "/readyz?verbose=true").status, 401u);
}

TEST_F(CustomerLimitTest, NothingLeavesItsCustomersNorEntersOthers) {
  const std::string_view mine = mine_[0].id, other = theirs_[0].id;
  const auto contact = [&](std::string_view customer) {
    return ask("POST", "/v1/contacts",
               fmt::format(R"({{"customer":"{}","email":"n@x.example"}})", customer));
  };
  EXPECT_EQ(contact(mine).status, 201u);
  EXPECT_EQ(contact(other).status, 403u);
  // Nothing of theirs is moved to another's place, nor is it told whether there is one.
  const auto move_to = [&](std::string_view location) {
    return ask("POST", "/v1/moves",
               fmt::format(R"({{"asset":"{}","to_location":"{}","tracking_number":"T"}})",
                           mine_[4].id, location));
  };
  const Answer nowhere = move_to("01a0c450-6c00-7fe4-8b6f-40d5300847f7");
  const Answer elsewhere = move_to(theirs_[1].id);
  EXPECT_EQ(elsewhere.status, 422u) << elsewhere.body;
  EXPECT_EQ(elsewhere.status, nowhere.status) << nowhere.body;
  EXPECT_THAT(elsewhere.body, HasSubstr("names no record"));
  EXPECT_EQ(
      ask("POST", "/v1/assets:move",
          fmt::format(R"({{"assets":["{}"],"to_location":"{}"}})", mine_[4].id, theirs_[1].id))
          .status,
      422u);
  EXPECT_EQ(move_to(mine_[1].id).status, 201u);
  EXPECT_EQ(ask("POST", "/v1/customers", R"({"name":"Mine too"})").status, 403u);
  EXPECT_EQ(ask("POST", "/v1/products", R"({"sku":"P2","name":"Pipe","type":"device"})").status,
            403u);
  EXPECT_EQ(ask("PATCH", "/v1/contacts/" + mine_[2].id,
                fmt::format(R"({{"customer":"{}"}})", other), "If-Match: *\r\n")
                .status,
            403u);
  EXPECT_EQ(
      ask("PATCH", "/v1/contacts/" + mine_[2].id, R"({"email":"new@x.example"})", "If-Match: *\r\n")
          .status,
      200u);
}

}  // namespace
}  // namespace skerry::api
