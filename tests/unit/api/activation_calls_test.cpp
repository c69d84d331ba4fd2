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

// What an answer is signed over that was asked for under the label skerry; empty: its digest is not
// that of its body, or it has none.
std::string signed_text(const Answer& answer, std::string_view method, std::string_view path) {
  std::string digest = crypto::to_base64(crypto::sha256(as_bytes(answer.body)));
  digest = fmt::format("sha-256=:{}=:", digest);  // 32 bytes: one sign of padding
  const std::string input = answer.header("Signature-Input");
  if (answer.header("Content-Digest") != digest || !input.starts_with("skerry=")) return {};
  return fmt::format(
      "\"@status\": {}\n\"content-digest\": {}\n\"@method\";req: {}\n\"@path\";req: {}\n"
      "\"@signature-params\": {}",
      answer.status, digest, method, path, input.substr(7));
}

bool is_signed(const crypto::VerifyKey& key, const Answer& answer, std::string_view method,
               std::string_view path) {
  std::string signature(answer.header("Signature"));
  if (!signature.starts_with("skerry=:")) return false;
  signature = signature.substr(8, signature.find('=', 8) - 8);  // skerry=:…==:
  const auto bytes = crypto::from_base64(signature);
  return bytes && key.verify(as_bytes(signed_text(answer, method, path)), *bytes);
}

TEST_F(ActivationsTest, AnAnswerIsSignedWhenAsked) {
  const Answer made = activate("press-1");
  EXPECT_EQ(made.header("Signature"), "");
  const std::string path = "/v1/activations/" + text(read_json(made), "id");
  const std::string headers = fmt::format(
      "Skerry-Seat-Secret: {}\r\nAccept-Signature: skerry=(\"@status\");nonce=\"n-1\"\r\n",
      text(read_json(made), "secret"));
  const Answer answer = ask("GET", path, {}, headers);
  EXPECT_EQ(answer.status, 200u);
  EXPECT_THAT(answer.header("Signature-Input"), HasSubstr(R"(;nonce="n-1")"));
  EXPECT_TRUE(is_signed(keys.sign.verify_key(), answer, "GET", path));
  EXPECT_TRUE(is_signed(keys.sign.verify_key(), ask("HEAD", path, {}, headers), "HEAD", path));
}

TEST_F(ActivationsTest, ARefusalIsSignedWhenAskedWhoeverMakesIt) {
  const std::string seats = "/v1/activations";
  const std::string seat = fmt::format("{}/{}", seats, nobody);
  const std::string key = "Idempotency-Key: k\r\n";
  const std::string away = R"({"format":"skerry-offline-request","version":1,"kind":"activate",)"
                           R"("id":"0199c0de-0000-7000-8000-0000000000a1","product":"PRESS",)"
                           R"("activation_code":"nobodys-code","seat_id":"away","recipient":)"
                           R"("age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"})";
  const std::vector<Case> refusals{
      {"no JSON", "POST", seats, "{", key, 400, {}, {}},
      {"a query", "GET", seat + "?x=1", "", "", 400, {}, {}},
      {"a body too many", "GET", seat, "x", "", 400, {}, {}},
      {"no secret", "GET", seat, "", "", 401, {}, {}},
      {"no token", "GET", seat, "", "Authorization: Bearer x\r\n", 401, {}, {}},
      {"no code",
       "POST",
       seats,
       R"({"activation_code":"x","product":"P","seat_id":"s"})",
       key,
       403,
       {},
       {}},
      {"a file without code", "POST", "/v1/offline-activations", away, "", 403, {}, {}},
      {"no seat", "GET", seat, "", "Skerry-Seat-Secret: x\r\n", 404, {}, {}},
      {"no id", "DELETE", seats + "/7", "", "Skerry-Seat-Secret: x\r\n", 404, {}, {}},
      {"a coding", "POST", seats, "{}", "Content-Encoding: gzip\r\n", 415, {}, {}},
      {"no members", "POST", seats, R"({"activation_code":"x"})", key, 422, {}, {}},
  };
  for (const Case& each : refusals) {
    SCOPED_TRACE(each.name);
    const Answer answer =
        ask(each.method, each.target, each.body, each.headers + "Accept-Signature: skerry=()\r\n");
    EXPECT_EQ(answer.status, each.status) << answer.body;
    const std::string path = each.target.substr(0, each.target.find('?'));
    EXPECT_TRUE(is_signed(keys.sign.verify_key(), answer, each.method, path));
    EXPECT_EQ(ask(each.method, each.target, each.body, each.headers).header("Signature"), "");
  }
  const std::string more = "Accept-Signature: skerry=()\r\nSkerry-Seat-Secret: x\r\n";
  for (int guesses = 0; guesses < 100; ++guesses) {
    const Answer answer =
        ask("POST", seats, R"({"activation_code":"x","product":"P","seat_id":"s"})", key + more);
    if (answer.status != 429) continue;
    EXPECT_TRUE(is_signed(keys.sign.verify_key(), answer, "POST", seats));
    return;
  }
  ADD_FAILURE() << "nobody was slowed down";
}

TEST_F(ActivationsTest, ASignatureHasTheLabelOfWhoAsks) {
  const auto input = [&](std::string_view asked) {
    const Answer answer =
        ask("GET", fmt::format("/v1/activations/{}", nobody), {},
            fmt::format("Skerry-Seat-Secret: x\r\nAccept-Signature: {}\r\n", asked));
    return answer.header("Signature-Input");
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
