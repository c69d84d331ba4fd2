#include "store/custom_fields.hpp"

#include "tests/unit/store/world_fixture.hpp"

namespace skerry::store {
namespace {

class CustomFieldsTest : public WorldTest {
 protected:
  RecordId define(std::string_view key, std::string_view type, std::string_view more = "",
                  std::string_view kind = "customer") {
    return make("custom_field", fmt::format(R"({{"record_kind":"{}","key":"{}","type":"{}"{}{}}})",
                                            kind, key, type, more.empty() ? "" : ",", more));
  }
  // "written", or "pointer code" of every complaint.
  static std::string outcome(const Result<Record>& written) {
    if (written) return "written";
    std::string text;
    for (const FieldError& error : written.error().errors)
      text += fmt::format("{}{} {}", text.empty() ? "" : ";", error.pointer, error.code);
    return text.empty() ? written.error().detail : text;
  }
  std::string put(std::string_view custom) {
    return outcome(patch(harbour, "customer", fmt::format(R"({{"custom":{}}})", custom)));
  }
  std::string make_new(std::string_view custom) {
    return outcome(write_new("customer", fmt::format(R"({{"name":"New","custom":{}}})", custom)));
  }
  std::string custom() { return to_json_text(read("customer", harbour).value("custom")); }
};

TEST_F(CustomFieldsTest, EachTypeTakesItsOwnValuesOnly) {
  define("t", "text");
  define("n", "number");
  define("b", "boolean");
  define("d", "date");
  define("o", "option", R"("options":["red","blue"])");
  for (const char* good :
       {R"({"t":"any"})", R"({"n":7})", R"({"n":-1.5})", R"({"b":true})", R"({"b":false})",
        R"({"d":"2026-02-28"})", R"({"o":"blue"})", R"({"t":null})"})
    EXPECT_EQ(put(good), "written") << good;
  EXPECT_EQ(custom(), R"({"b":false,"d":"2026-02-28","n":-1.5,"o":"blue"})");
  for (const char* bad :
       {R"({"t":1})", R"({"t":true})", R"({"n":"7"})", R"({"n":true})", R"({"b":1})",
        R"({"b":"true"})", R"({"d":20260228})", R"({"o":1})", R"({"o":true})"})
    EXPECT_EQ(put(bad), fmt::format("/custom/{} wrong_type", bad[2])) << bad;
  // As plain fields say it.
  EXPECT_EQ(put(R"({"d":"2026-02-30"})"), "/custom/d bad_date");
  EXPECT_EQ(put(R"({"d":"2026-02-28T00:00:00Z"})"), "/custom/d bad_date");
  EXPECT_EQ(put(R"({"o":"green"})"), "/custom/o bad_choice");
  EXPECT_EQ(custom(), R"({"b":false,"d":"2026-02-28","n":-1.5,"o":"blue"})");
}

TEST_F(CustomFieldsTest, NumbersHaveOneForm) {
  define("n", "number");
  for (const auto& [given, kept] : std::vector<std::pair<const char*, const char*>>{
           {R"({"n":100.0})", R"({"n":100})"},
           {R"({"n":1e2})", R"({"n":100})"},
           {R"({"n":-0.0})", R"({"n":0})"},
           {R"({"n":0.50})", R"({"n":0.5})"},
           {R"({"n":43.930599212646484})", R"({"n":43.930599212646484})"},
           {R"({"n":9007199254740992.0})", R"({"n":9007199254740992.0})"}}) {
    EXPECT_EQ(put(given), "written") << given;
    EXPECT_EQ(custom(), kept);
  }
}

TEST_F(CustomFieldsTest, UnknownKeysAreNamed) {
  EXPECT_EQ(put(R"({"colour":"red"})"), "/custom/colour unknown_field");
  define("colour", "text", "", "asset");  // of another kind
  EXPECT_EQ(put(R"({"colour":"red"})"), "/custom/colour unknown_field");
  EXPECT_EQ(put(R"({"Colour":"red"})"), "/custom/Colour bad_key");
}

TEST_F(CustomFieldsTest, EverySharedKindTakesThem) {
  for (const char* kind : {"customer", "contact", "location", "note", "asset", "move"})
    define("k", "number", "", kind);
  EXPECT_EQ(put(R"({"k":1})"), "written");
  const std::string id = to_string(harbour);
  EXPECT_EQ(outcome(write_new("contact", fmt::format(R"({{"customer":"{}","email":"a@b.example",
                                                      "custom":{{"k":1}}}})",
                                                     id))),
            "written");
  EXPECT_EQ(outcome(patch(quay, "location", R"({"custom":{"k":1}})")), "written");
  EXPECT_EQ(outcome(write_new(
                "note", fmt::format(R"({{"subject":"{}","text":"t","custom":{{"k":1}}}})", id))),
            "written");
  const RecordId pump = asset("1");
  EXPECT_EQ(outcome(patch(pump, "asset", R"({"custom":{"k":1}})")), "written");
  const RecordId trip = move(pump, quay, R"("tracking_number":"T","custom":{"k":1})");
  EXPECT_EQ(outcome(patch(trip, "move", R"({"custom":{"k":"x"}})")), "/custom/k wrong_type");
}

TEST_F(CustomFieldsTest, RequiredOnes) {
  EXPECT_EQ(make_new("null"), "written");
  define("tax", "text", R"("required":true)");
  EXPECT_EQ(make_new("null"), "/custom/tax required");
  EXPECT_EQ(make_new(R"({"tax":"1"})"), "written");
  // A record from before needs none to be edited, and none once given may be taken away.
  EXPECT_EQ(outcome(patch(harbour, "customer", R"({"description":"x"})")), "written");
  EXPECT_EQ(put(R"({"tax":"2"})"), "written");
  EXPECT_EQ(put(R"({"tax":null})"), "/custom/tax required");
  EXPECT_EQ(outcome(patch(harbour, "customer", R"({"custom":null})")), "/custom/tax required");
}

// A writer reads the definitions once; what it writes itself counts from the next record on.
TEST_F(CustomFieldsTest, ADefinitionCountsAtOnceInItsOwnJob) {
  const auto values_of = [](std::string_view kind, std::string_view body) {
    return *read_new(*find_kind(kind), *parse_json_object(body));
  };
  write([&](Connection& connection) -> Result<void> {
    RecordWriter writer(connection, log, role, random);
    const auto make_one = [&](std::string_view kind, std::string_view body) {
      return outcome(writer.create(*find_kind(kind), std::nullopt, values_of(kind, body), author));
    };
    EXPECT_EQ(make_one("customer", R"({"name":"Before"})"), "written");
    EXPECT_EQ(make_one("custom_field", R"({"record_kind":"customer","key":"color","type":"text",
                                           "required":true})"),
              "written");
    EXPECT_EQ(make_one("customer", R"({"name":"After"})"), "/custom/color required");
    EXPECT_EQ(make_one("customer", R"({"name":"After","custom":{"color":"red"}})"), "written");
    return {};
  });
}

TEST_F(CustomFieldsTest, UniqueOnes) {
  define("tax", "text", R"("unique":true)");
  define("size", "number", R"("unique":true)");
  EXPECT_EQ(put(R"({"tax":"A","size":1})"), "written");
  EXPECT_EQ(put(R"({"tax":"A"})"), "written");  // its own
  EXPECT_EQ(make_new(R"({"tax":"A"})"), "/custom/tax duplicate_key");
  EXPECT_EQ(make_new(R"({"size":1.0})"), "/custom/size duplicate_key");
  EXPECT_EQ(outcome(patch(island, "customer", R"({"custom":{"tax":"A"}})")),
            "/custom/tax duplicate_key");
  EXPECT_EQ(put(R"({"tax":"B"})"), "written");
  EXPECT_EQ(make_new(R"({"tax":"A"})"), "written");  // free again
  ASSERT_TRUE(patch(harbour, "customer", R"({"archived_at":"2026-01-01"})"));
  EXPECT_EQ(make_new(R"({"tax":"B"})"), "/custom/tax duplicate_key");
  ASSERT_TRUE(drop("location", quay));
  ASSERT_TRUE(drop("location", shed));
  ASSERT_TRUE(drop("customer", harbour));
  EXPECT_EQ(make_new(R"({"tax":"B"})"), "written");
}

// Two sites may have written it, or the field became unique later: it stops no edit of other
// fields.
TEST_F(CustomFieldsTest, AValueThatIsSharedAlready) {
  const RecordId tax = define("tax", "text");
  define("size", "number");
  EXPECT_EQ(put(R"({"tax":"A"})"), "written");
  ASSERT_TRUE(patch(island, "customer", R"({"custom":{"tax":"A"}})"));
  ASSERT_TRUE(patch(tax, "custom_field", R"({"unique":true})"));
  EXPECT_EQ(put(R"({"size":1})"), "written");
  EXPECT_EQ(put(R"({"tax":"A","size":2})"), "written");
  EXPECT_EQ(put(R"({"tax":"B"})"), "written");
  EXPECT_EQ(put(R"({"tax":"A"})"), "/custom/tax duplicate_key");
  EXPECT_EQ(make_new(R"({"tax":"A"})"), "/custom/tax duplicate_key");
}

TEST_F(CustomFieldsTest, AnArchivedDefinitionKeepsWhatStandsAndTakesNothingNew) {
  const RecordId colour = define("colour", "option", R"("options":["red","blue"],"required":true)");
  define("t", "text");
  EXPECT_EQ(put(R"({"colour":"red"})"), "written");
  change("custom_field", colour, R"({"archived_at":"2026-01-01"})");
  EXPECT_EQ(put(R"({"t":"x"})"), "written");
  EXPECT_EQ(custom(), R"({"colour":"red","t":"x"})");
  EXPECT_EQ(put(R"({"colour":"blue"})"), "/custom/colour unknown_field");
  EXPECT_EQ(make_new("null"), "written");  // nothing archived is required
  EXPECT_EQ(put(R"({"colour":null})"), "written");
  EXPECT_EQ(custom(), R"({"t":"x"})");
}

TEST_F(CustomFieldsTest, AnOptionThatWasTakenOutStaysWhereItStands) {
  const RecordId colour = define("colour", "option", R"("options":["red","blue"])");
  EXPECT_EQ(put(R"({"colour":"red"})"), "written");
  change("custom_field", colour, R"({"options":["blue"]})");
  EXPECT_EQ(outcome(patch(harbour, "customer", R"({"description":"x"})")), "written");
  EXPECT_EQ(put(R"({"colour":"red"})"), "written");  // as it is
  EXPECT_EQ(outcome(patch(island, "customer", R"({"custom":{"colour":"red"}})")),
            "/custom/colour bad_choice");
}

TEST_F(CustomFieldsTest, AKeyIsThereOncePerKind) {
  define("k", "text");
  EXPECT_EQ(
      outcome(write_new("custom_field", R"({"record_kind":"customer","key":"k","type":"number"})")),
      "/key duplicate_key");
  define("k", "number", "", "asset");
}

TEST_F(CustomFieldsTest, InTheOrderPeopleGave) {
  define("a", "text", R"("position":3)");
  define("b", "text", R"("position":1)");
  define("c", "text", R"("position":2)");
  const Reader reader = database->read();
  std::string keys;
  for (const CustomField& field : custom_fields_of(*reader, *find_kind("customer")))
    keys += field.key;
  EXPECT_EQ(keys, "bca");
}

TEST_F(CustomFieldsTest, TheIndexFollowsTheValues) {
  define("t", "text");
  define("n", "number");
  put(R"({"t":"x","n":1.5})");
  const auto rows = [&] { return number("SELECT count(*) FROM custom_value"); };
  EXPECT_EQ(rows(), 2);
  EXPECT_EQ(text("SELECT value FROM custom_value WHERE field='customer.n'"), "1.5");
  put(R"({"t":"y","n":null})");
  EXPECT_EQ(rows(), 1);
  EXPECT_EQ(text("SELECT value FROM custom_value WHERE field='customer.t'"), "y");
}

class SiteCustomTest : public SiteStoreTest {};

TEST_F(SiteCustomTest, WhatIsCentralsCannotBeWrittenAtASite) {
  for (const auto& [kind, body] : std::vector<std::pair<const char*, const char*>>{
           {"product", R"({"sku":"P","name":"Pump","type":"device"})"},
           {"custom_field", R"({"record_kind":"asset","key":"k","type":"text"})"}}) {
    const auto made = create(kind, body);
    ASSERT_FALSE(made) << kind;
    EXPECT_EQ(made.error().code, Errc::owned_by_central);
    EXPECT_EQ(info(made.error().code).http_status, 409);
  }
  EXPECT_EQ(number("SELECT count(*) FROM change_log"), 0);
}

}  // namespace
}  // namespace skerry::store
