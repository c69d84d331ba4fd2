// What holds of each call about a seat: its key, its signature, what of it is told.
#include "crypto/base64.hpp"
#include "crypto/sha256.hpp"
#include "licensing/usage_facts.hpp"
#include "tests/unit/api/activations_fixture.hpp"

namespace skerry::api {
namespace {

TEST_F(ActivationsTest, AKeyIsOfOneCall) {
  const auto with_key = [&](std::string_view seat) {
    return ask("POST", "/v1/activations",
               fmt::format(R"({{"activation_code":"{}","product":"PRESS","seat_id":"{}"}})",
                           activation_code, seat),
               "Idempotency-Key: once\r\n");
  };
  const Answer made = with_key("press-1");
  ASSERT_EQ(made.status, 201u) << made.body;
  Seat seat{text(read_json(made), "id"), text(read_json(made), "secret"),
            text(read_json(made), "nonce")};
  const Answer other = with_key("press-2");
  EXPECT_EQ(other.status, 422u);
  EXPECT_THAT(other.body, HasSubstr("idempotency_mismatch"));
  EXPECT_EQ(with_key("press-1").body, made.body);
  EXPECT_EQ(call(seat, "POST", "/refresh", "r1").status, 200u);
  const Answer late = with_key("press-1");
  EXPECT_EQ(late.status, 409u);
  EXPECT_THAT(late.body, HasSubstr("new Idempotency-Key"));
  EXPECT_EQ(late.body.find("secret\":"), std::string::npos);
  EXPECT_EQ(call(seat, "POST", "/features/prints/usage", "u1", R"({"amount":1})").status, 200u);
  EXPECT_EQ(call(seat, "POST", "/features/prints/usage", "u1", R"({"amount":2})").status, 422u);
  EXPECT_EQ(call(seat, "DELETE", "", "d").status, 204u);
  EXPECT_EQ(with_key("press-1").status, 409u);
  EXPECT_THAT(get("/v1/seat-pools").body, HasSubstr(R"("in_use":0)"));
}

TEST_F(ActivationsTest, ATokenOpensWhatItsCustomersHave) {
  const json::object customer = read_json(post("/v1/customers", R"({"name":"Harbour"})"));
  const json::object other = read_json(post("/v1/customers", R"({"name":"Quay"})"));
  offers.offered.customer = *parse_id<RecordId>(text(customer, "id"));
  const auto token = [&](std::string_view access, const json::object& whose) {
    const json::object made = read_json(post(
        "/v1/tokens", fmt::format(R"({{"name":"{0}-{1}","access":["{0}"],"customers":["{1}"]}})",
                                  access, text(whose, "id"))));
    return fmt::format("Authorization: Bearer {}\r\n", text(made, "token"));
  };
  const auto claim = [&](std::string_view headers) {
    return ask("POST", "/v1/activations", R"({"product":"PRESS","seat_id":"press-1"})",
               fmt::format("Idempotency-Key: 1\r\n{}", headers));
  };
  const std::string ours = token("seats", customer);
  const Answer made = claim(ours);
  EXPECT_EQ(made.status, 201u) << made.body;
  EXPECT_EQ(claim(ours).body, made.body);  // a lost reply
  EXPECT_EQ(ask("GET", "/v1/customers", {}, ours).status, 403u);
  EXPECT_EQ(claim("").status, 401u);
  EXPECT_EQ(claim(token("write", customer)).status, 403u);
  const Answer none = claim(token("seats", other));
  EXPECT_EQ(none.status, 403u);
  EXPECT_THAT(none.body, HasSubstr("not_entitled"));
  EXPECT_THAT(get("/v1/seat-pools").body, HasSubstr(R"("in_use":1)"));
}

TEST_F(ActivationsTest, APolicyIsToldAsFactsAre) {
  licensing::UsageFacts facts(log, random, licensing::Redaction::all);
  seats->tell(facts);
  const Answer set = post("/v1/seat-pools/0199c0de-0000-7000-8000-0000000000e1:policy",
                          R"({"named_users":["ann.secret"]})");
  ASSERT_EQ(set.status, 200u) << set.body;
  EXPECT_THAT(set.body, HasSubstr("ann.secret"));
  const std::string audit = get("/v1/audit").body;
  EXPECT_THAT(audit, HasSubstr("seat_policy"));
  EXPECT_EQ(audit.find("ann.secret"), std::string::npos);
  open();
}

TEST_F(ActivationsTest, AnAnswerIsSignedWhenAsked) {
  const Answer answer =
      ask("GET", fmt::format("/v1/activations/{}", nobody), {},
          "Skerry-Seat-Secret: x\r\nAccept-Signature: skerry=(\"@status\");nonce=\"n-1\"\r\n");
  EXPECT_EQ(answer.status, 404u);
  const std::string digest = std::string(answer.header("Content-Digest"));
  EXPECT_EQ(
      digest, "sha-256=:" + [&] {
        std::string text = crypto::to_base64(crypto::sha256(as_bytes(answer.body)));
        return text.append((4 - text.size() % 4) % 4, '=');
      }() + ":");
  const std::string input = std::string(answer.header("Signature-Input"));
  ASSERT_TRUE(input.starts_with("skerry="));
  EXPECT_THAT(input, HasSubstr(R"(;nonce="n-1")"));
  const std::string base = fmt::format(
      "\"@status\": 404\n\"content-digest\": {}\n\"@method\";req: GET\n"
      "\"@path\";req: /v1/activations/{}\n\"@signature-params\": {}",
      digest, nobody, input.substr(7));
  std::string signature(answer.header("Signature"));
  signature = signature.substr(8, signature.find('=', 8) - 8);  // skerry=:…==:
  const auto bytes = crypto::from_base64(signature);
  ASSERT_TRUE(bytes);
  EXPECT_TRUE(keys.sign.verify_key().verify(as_bytes(base), *bytes));
  EXPECT_EQ(activate("press-1").header("Signature"), "");
  const Answer away = ask("POST", "/v1/offline-activations",
                          R"({"format":"skerry-offline-request","version":1,"kind":"activate",)"
                          R"("id":"0199c0de-0000-7000-8000-0000000000a1","product":"PRESS",)"
                          R"("activation_code":"nobodys-code","seat_id":"away","recipient":)"
                          R"("age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"})",
                          "Accept-Signature: a=()\r\n");
  EXPECT_EQ(away.status, 403u) << away.body;
  EXPECT_NE(away.header("Signature"), "");
}

TEST_F(ActivationsTest, ASignatureHasTheLabelOfWhoAsks) {
  const auto input = [&](std::string_view asked) {
    const Answer answer =
        ask("GET", fmt::format("/v1/activations/{}", nobody), {},
            fmt::format("Skerry-Seat-Secret: x\r\nAccept-Signature: {}\r\n", asked));
    return std::string(answer.header("Signature-Input"));
  };
  EXPECT_THAT(
      input(R"(sig1=("@status" "@method";req);created;alg="ed25519";tag="t";nonce="n")"),
      testing::AllOf(testing::StartsWith("sig1=("), testing::EndsWith(R"(;tag="t";nonce="n")")));
  const std::string both = input(R"(a=("@status"),  b=();nonce="2" ,c=("@authority"))");
  EXPECT_THAT(both, testing::StartsWith("a=("));
  EXPECT_THAT(both, HasSubstr(", b=("));
  EXPECT_EQ(both.find("c="), std::string::npos);
  const std::string key = keys.sign.verify_key().key_id();
  EXPECT_NE(input(fmt::format(R"(k=();keyid="{}")", key)), "");
  for (const std::string_view none :
       {R"(k=();keyid="another")", R"(k=();alg="rsa-v1_5-sha256")", R"(k=();expires)", "k", "k=1",
        "K=()", "k=(", "k=(x)", R"(k=("@status""@method";req))", R"(k=("@status);nonce="n")",
        R"(k=();nonce="a\"b")", "k=(),", "=()"})
    EXPECT_EQ(input(none), "") << none;
}

}  // namespace
}  // namespace skerry::api
