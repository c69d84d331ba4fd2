// Which record a row means, and what it must say for that.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/import_keys.hpp"
#include "tests/unit/store/import_fixture.hpp"

namespace skerry::store {
namespace {

using testing::ElementsAre;

class ImportMatching : public ImportTest {};

TEST_F(ImportMatching, ARowWithAKeyNeedsOnlyWhatItChanges) {
  import("name,account_ref,website\nAcme,A1,https://a.example\n");
  EXPECT_EQ(counts(import("account_ref,description\nA1,bread\n")),
            "1 rows, 0 created, 1 updated, 0 unchanged");
  EXPECT_EQ(text("SELECT name||' '||description||' '||website FROM customer"),
            "Acme bread https://a.example");
  import("sku,name,type\nP1,Pump,device\n", {}, "product");
  EXPECT_EQ(counts(import("sku,description\nP1,red\n", {}, "product")),
            "1 rows, 0 created, 1 updated, 0 unchanged");
  EXPECT_THAT(places(import("sku,description\nP1,red\nP2,blue\n", {}, "product")),
              ElementsAre("3 name required", "3 type required"));
  // A part of a key says less than which one.
  EXPECT_THAT(places(import("email,first_name\na@x.example,Ann\n", {}, "contact")),
              ElementsAre("1 customer required_column"));
}

TEST_F(ImportMatching, ARowWithoutAKeyMakesNoneTwice) {
  const std::string_view file = "name,city,roles\nLighthouse,Kiel,\nLighthouse,Rostock,supplier\n";
  EXPECT_EQ(counts(import(file)), "2 rows, 2 created, 0 updated, 0 unchanged");
  for (const ImportMode mode : {ImportMode::all_or_nothing, ImportMode::good_rows_only})
    EXPECT_EQ(counts(import(file, {.mode = mode})), "2 rows, 0 created, 0 updated, 2 unchanged");
  EXPECT_EQ(counts(import("name\nLighthouse\n")), "1 rows, 0 created, 0 updated, 1 unchanged");
  EXPECT_EQ(counts(import("name,city\nLighthouse,Wismar\n")),
            "1 rows, 1 created, 0 updated, 0 unchanged");
  EXPECT_THAT(places(import("name,account_ref\nBeacon,\nBeacon,\n")),
              ElementsAre("3 name duplicate_row"));
  EXPECT_EQ(counts(import("name,account_ref\nLighthouse,A1\n")),
            "1 rows, 1 created, 0 updated, 0 unchanged");
  EXPECT_EQ(customers(), 4);
}

// A table of devices names the type of each.
TEST_F(ImportMatching, ARowThatIsSaidAgainIsTheSame) {
  const std::string_view file = "sku,name,type\nVOR,VOR,device\nNDB,NDB,device\nVOR,VOR,device\n";
  for (const ImportMode mode : {ImportMode::all_or_nothing, ImportMode::good_rows_only}) {
    const auto report = import(file, {.mode = mode}, "product");
    EXPECT_EQ(report.created + report.unchanged, 3) << counts(report);
    EXPECT_THAT(places(report), ElementsAre());
  }
  EXPECT_THAT(places(import("sku,name,type\nDME,DME,device\nDME,dme,device\n", {}, "product")),
              ElementsAre("3 sku duplicate_row"));
}

TEST_F(ImportMatching, MoreOfOneNameThanAreLookedAtAreAmbiguous) {
  std::string file = "name,description\n";
  for (int i = 0; i <= same_label_max; ++i) file += fmt::format("Same,{}\n", i);
  EXPECT_EQ(import(file).created, same_label_max + 1);
  EXPECT_THAT(places(import("name,description\nSame,other\nSame,7\n")),
              ElementsAre("2 name ambiguous_key"));
}

TEST_F(ImportMatching, AnAmbiguousReferenceNamesTheCandidates) {
  import("name,account_ref\nAcme,A1\nBolt,B1\n");
  import("sku,name,type\nP1,Pump,device\n", {}, "product");
  import("product_sku,serial\nP1,1\n", {}, "asset");
  import("customer_ref,name\nA1,Yard\nB1,Yard\n", {}, "location");
  const auto report = import(
      "product_sku,asset_serial,to_location_name,arrived_at\nP1,1,Yard,2026-01-02\n", {}, "move");
  EXPECT_THAT(places(report), ElementsAre("2 to_location_name ambiguous_key"));
  EXPECT_THAT(report.errors.front().detail,
              testing::MatchesRegex("more than one location has the name Yard, such as "
                                    "[0-9a-f-]+ of (Acme and [0-9a-f-]+ of Bolt|Bolt and "
                                    "[0-9a-f-]+ of Acme); name it by its id, in to_location"));
}

TEST_F(ImportMatching, EveryErrorNamesItsColumn) {
  import("name,account_ref\nAcme,A1\n");
  import("sku,name,type\nP1,Pump,device\n", {}, "product");
  import("product_sku,serial\nP1,1\n", {}, "asset");
  import("customer_ref,name\nA1,Yard\n", {}, "location");
  const std::string_view move =
      "product_sku,asset_serial,to_location_name,arrived_at\n"
      "P1,1,Yard,2026-01-02\nP1,1,Yard,2026-01-03\n";
  import(move, {}, "move");
  const auto ambiguous =
      import("product_sku,asset_serial,to_location_name,note\nP1,1,Yard,x\n", {}, "move");
  EXPECT_THAT(places(ambiguous), ElementsAre("2 asset_serial ambiguous_key"));
  EXPECT_EQ(ambiguous.errors.front().detail,
            "more than one move has this asset and to_location; say which by its id");
  in_job([&](Connection& connection) {
    const Kind& kind = *find_kind("custom_field");
    const auto values = read_new(
        kind,
        json::object{
            {"record_kind", "customer"}, {"key", "must"}, {"type", "text"}, {"required", true}});
    ASSERT_TRUE(writer(connection).create(kind, std::nullopt, *values, author_));
  });
  EXPECT_THAT(places(import("name\nBolt\n", {.dry_run = true})),
              ElementsAre("2 custom.must required"));
  EXPECT_THAT(places(import("name,custom.must\nBolt,\n")), ElementsAre("2 custom.must required"));
}

TEST_F(ImportMatching, ANumberThatWouldBeRoundedIsNone) {
  in_job([&](Connection& connection) {
    const Kind& kind = *find_kind("custom_field");
    const auto values =
        read_new(kind, json::object{{"record_kind", "customer"}, {"key", "n"}, {"type", "number"}});
    ASSERT_TRUE(writer(connection).create(kind, std::nullopt, *values, author_));
  });
  EXPECT_THAT(places(import("name,custom.n\nA,12345678901234567890\nB,-9007199254740992\n"
                            "C,9007199254740991\nD,1e19\n")),
              ElementsAre("2 custom.n wrong_type", "3 custom.n wrong_type"));
}

TEST_F(ImportMatching, ANameThatContradictsTheKeyIsNotPassedOver) {
  import("name,account_ref\nAlpha,A\nBeta,B\n");
  EXPECT_THAT(places(import("customer_ref,customer_name,email\nB,Alpha,a@x.example\n"
                            "B, Beta ,b@x.example\nB,,c@x.example\n",
                            {}, "contact")),
              ElementsAre("2 customer_name other_name"));
  const auto made = import(
      "customer_ref,customer_name,email\nC,Gamma,a@x.example\nC,,b@x.example\n"
      "C,Delta,c@x.example\n",
      {.create_parents = true}, "contact");
  EXPECT_THAT(places(made), ElementsAre("4 customer_name other_name"));
}

}  // namespace
}  // namespace skerry::store
