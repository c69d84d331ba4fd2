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
  define_custom(
      {{"record_kind", "customer"}, {"key", "must"}, {"type", "text"}, {"required", true}});
  EXPECT_THAT(places(import("name\nBolt\n", {.dry_run = true})),
              ElementsAre("2 custom.must required"));
  EXPECT_THAT(places(import("name,custom.must\nBolt,\n")), ElementsAre("2 custom.must required"));
}

// A dry run, and one that was meant: what the API would say of each row, as far as it can be told.
TEST_F(ImportMatching, EveryErrorOfEveryRowIsSaid) {
  define_custom({{"record_kind", "contact"}, {"key", "req"}, {"type", "text"}, {"required", true}});
  define_custom({{"record_kind", "contact"}, {"key", "u"}, {"type", "text"}, {"unique", true}});
  import("name,account_ref\nAcme,A1\n");
  import("sku,name,type\nP1,Pump,device\nS1,Tool,software\n", {}, "product");
  import("customer_ref,email,custom.req,custom.u\nA1,u@x.example,x,U1\n", {}, "contact");
  import("product_sku,serial\nP1,here\n", {}, "asset");
  const std::string_view contacts =
      "customer_ref,email,phone,custom.u\nA1,bad,12,U1\nA1,new@x.example,,U1\n"
      "A1,u@x.example,12,U1\n";
  const std::string_view assets =
      "product_sku,serial,owner_ref,status,disposal_reason\nP9,1,A1,,\nP1,2,NO,broken,\n"
      "S1,3,,broken,\nS1,4,,,sold\nP1,here,NO,,sold\n";
  for (const bool dry : {true, false}) {
    for (const ImportMode mode : {ImportMode::all_or_nothing, ImportMode::good_rows_only}) {
      const ImportOptions options{.dry_run = dry, .mode = mode};
      EXPECT_THAT(places(import(contacts, options, "contact")),
                  ElementsAre("2 email bad_email", "2 phone bad_phone", "2 custom.u duplicate_key",
                              "2 custom.req required", "3 custom.u duplicate_key",
                              "3 custom.req required", "4 phone bad_phone"));
      const auto report = import(assets, options, "asset");
      EXPECT_THAT(places(report),
                  ElementsAre("2 product_sku reference_not_found",
                              "3 owner_ref reference_not_found", "3 status bad_choice",
                              "4 product_sku validation_failed", "4 status bad_choice",
                              "5 product_sku validation_failed", "5 disposal_reason not_scrapped",
                              "6 owner_ref reference_not_found", "6 disposal_reason not_scrapped"));
      EXPECT_EQ(report.errors[3].detail, "S1 is no device: only devices have assets");
    }
  }
  EXPECT_EQ(number("SELECT count(*) FROM asset"), 1);
}

// Whichever batches they are in.
TEST_F(ImportMatching, AUniqueValueOfTwoRowsIsFoundByADryRun) {
  define_custom({{"record_kind", "customer"}, {"key", "u"}, {"type", "text"}, {"unique", true}});
  std::string file = "name,account_ref,custom.u\n";
  for (int i = 0; i < 1200; ++i) file += fmt::format("C,{},{}\n", i, i == 1150 ? 3 : i);
  for (const bool dry : {true, false}) {
    const auto report = import(file, {.dry_run = dry});
    EXPECT_THAT(places(report), ElementsAre("1152 custom.u duplicate_key"));
    EXPECT_EQ(report.errors.front().detail, "3 stands in row 5 already");
  }
  import("name,account_ref,custom.u\nA,1,x\nB,2,y\n");
  EXPECT_EQ(counts(import("name,account_ref,custom.u\nA,1,x\nC,2,y\n")),
            "2 rows, 0 created, 1 updated, 1 unchanged");
}

// Whoever refuses it, and whichever batch it is in.
TEST_F(ImportMatching, ARefusedRowHoldsNoKey) {
  for (const std::string_view key : {"u", "v"})
    define_custom({{"record_kind", "customer"}, {"key", key}, {"type", "text"}, {"unique", true}});
  import("name,account_ref,custom.v\nOld,A0,V\n");
  const std::string file =
      "name,account_ref,custom.u,custom.v\n"
      "A,A1,x,V\nA,A1,x,V\nB,A2,x,\nC,A1,,\nD,A3,x,\nE,A1,,\n";
  for (const bool dry : {true, false}) {
    const auto report = import(file, {.dry_run = dry, .mode = ImportMode::good_rows_only});
    EXPECT_THAT(places(report),
                ElementsAre("2 custom.v duplicate_key", "3 custom.v duplicate_key",
                            "6 custom.u duplicate_key", "7 account_ref duplicate_row"));
    EXPECT_EQ(report.errors[2].detail, "x stands in row 4 already");
    EXPECT_EQ(report.created, 2);
    EXPECT_EQ(report.rejected, 4);
  }
}

TEST_F(ImportMatching, TwoIdsThatGetOneUniqueKeyAreFoundByADryRun) {
  std::string file = "id,name,account_ref\n";
  for (int i = 0; i < 1200; ++i)
    file += fmt::format("019a0000-0000-7000-8000-{:012},C,{}\n", i, i == 1150 ? 3 : i);
  for (const bool dry : {true, false})
    EXPECT_THAT(places(import(file, {.dry_run = dry, .mode = ImportMode::good_rows_only})),
                ElementsAre("1152 account_ref duplicate_key"));
  EXPECT_EQ(customers(), 1199);
}

// Whichever batch it is in, and whether who wants it is there already.
TEST_F(ImportMatching, AUniqueValueThatARowGivesUpIsFreeBehindIt) {
  define_custom({{"record_kind", "customer"}, {"key", "u"}, {"type", "text"}, {"unique", true}});
  const auto line = [](int id, std::string_view ref, std::string_view custom) {
    return fmt::format("019a0000-0000-7000-8000-{:012},C,{},{}\n", id, ref, custom);
  };
  const std::string header = "id,name,account_ref,custom.u\n";
  import(header + line(1, "A", "x") + line(2, "B", "y") + line(3, "C", ""));
  std::string file = header + line(1, "A9", "") + line(2, "B9", "y");
  for (int i = 10; i < 2000; ++i) file += line(i, "", "");
  file += line(3, "A", "x") + line(4, "B", "") + line(5, "C9", "y");
  for (const bool dry : {true, false}) {
    const auto report = import(file, {.dry_run = dry, .mode = ImportMode::good_rows_only});
    EXPECT_THAT(places(report), ElementsAre("1996 custom.u duplicate_key"));
    EXPECT_EQ(counts(report), "1995 rows, 1991 created, 3 updated, 0 unchanged");
  }
  EXPECT_EQ(import(header + line(6, "D", "")).created, 1);
  EXPECT_THAT(places(import(header + line(6, "E", "") + line(7, "D", ""))), ElementsAre());
}

TEST_F(ImportMatching, ANumberThatWouldBeRoundedIsNone) {
  define_custom({{"record_kind", "customer"}, {"key", "n"}, {"type", "number"}});
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

class ImportByName : public ImportTest {
 protected:
  ImportByName() {
    import("name,account_ref\nAcme,A1\nBolt,\nTwin,T1\nTwin,T2\n");
    import("sku,name,type\nP1,Pump,device\n", {}, "product");
  }
  std::string owner(std::string_view serial) {
    return text(
        fmt::format("SELECT coalesce((SELECT name FROM customer WHERE id=owner),'nobody') "
                    "FROM asset WHERE serial='{}'",
                    serial));
  }
};

TEST_F(ImportByName, AReferenceIsFoundByItsName) {
  const std::string_view file = "product_sku,serial,owner_name\nP1,1,Acme\nP1,2,Bolt\nP1,3,\n";
  EXPECT_EQ(counts(import(file, {}, "asset")), "3 rows, 3 created, 0 updated, 0 unchanged");
  EXPECT_EQ(owner("1") + owner("2") + owner("3"), "AcmeBoltnobody");
  EXPECT_EQ(counts(import(file, {}, "asset")), "3 rows, 0 created, 0 updated, 3 unchanged");
  EXPECT_EQ(import("product_sku,serial,owner_name\nP1,1,Bolt\n", {}, "asset").updated, 1);
  EXPECT_EQ(owner("1"), "Bolt");
  ImportOptions fixed;
  fixed.columns.fixed = {{"owner_name", "Acme"}};
  EXPECT_EQ(import("product_sku,serial\nP1,3\n", fixed, "asset").updated, 1);
  EXPECT_EQ(owner("3"), "Acme");
  // An empty cell of the key leaves it to the name, and a product has one, too.
  EXPECT_EQ(import("product_name,serial,owner_ref,owner_name\nPump,2,,Acme\nPump,4,A1,Acme\n", {},
                   "asset")
                .rejected,
            0);
  EXPECT_EQ(owner("2") + owner("4"), "AcmeAcme");
  EXPECT_EQ(import("customer_name,email\nBolt,b@x.example\n", {}, "contact").created, 1);
  EXPECT_EQ(import("customer_name,text\nBolt,called\n", {}, "note").created, 1);
}

TEST_F(ImportByName, ANameOfNothingOrOfTwoIsAnError) {
  const std::string_view file = "product_sku,serial,owner_name\nP1,1,Void\nP1,2,Twin\n";
  const auto report = import(file, {}, "asset");
  EXPECT_THAT(places(report),
              ElementsAre("2 owner_name reference_not_found", "3 owner_name ambiguous_key"));
  EXPECT_EQ(report.errors.front().detail, "no customer has the name Void");
  EXPECT_THAT(report.errors.back().detail, testing::HasSubstr("account_ref"));
  EXPECT_THAT(places(import("customer_name,email\n,b@x.example\n", {}, "contact")),
              ElementsAre("2 customer_name required"));
  EXPECT_THAT(places(import("product_name,serial\nValve,1\n", {.create_parents = true}, "asset")),
              ElementsAre("2 product_name reference_not_found"));
  EXPECT_EQ(number("SELECT count(*) FROM asset"), 0);
}

// Whichever of its columns says what is wrong.
TEST_F(ImportByName, AReferenceThatIsNotFoundIsNotMissingToo) {
  import("product_sku,serial\nP1,1\n", {}, "asset");
  import("customer_ref,name\nA1,Yard\n", {}, "location");
  EXPECT_THAT(
      places(import("customer_ref,customer_name,email\n,Void,a@x.example\n", {}, "contact")),
      ElementsAre("2 customer_name reference_not_found"));
  EXPECT_THAT(
      places(import("product_sku,asset_serial,to_location_name,customer_ref,tracking_number\n"
                    "P9,1,Yard,A1,T\nP1,1,Yard,A9,T\n",
                    {}, "move")),
      ElementsAre("2 product_sku reference_not_found", "3 customer_ref reference_not_found"));
}

TEST_F(ImportByName, AMissingCustomerIsMadeOnceByItsName) {
  const std::string_view file =
      "customer_name,email\nVoid,a@x.example\nVoid,b@x.example\nBolt,c@x.example\n";
  for (const bool dry : {true, false}) {
    const auto report = import(file, {.dry_run = dry, .create_parents = true}, "contact");
    EXPECT_EQ(counts(report), "3 rows, 3 created, 0 updated, 0 unchanged");
    EXPECT_EQ(report.parents_created, 1);
  }
  EXPECT_EQ(number("SELECT count(*) FROM customer WHERE name='Void' AND account_ref IS NULL"), 1);
  const auto again = import(file, {.create_parents = true}, "contact");
  EXPECT_EQ(counts(again), "3 rows, 0 created, 0 updated, 3 unchanged");
  EXPECT_EQ(again.parents_created, 0);
}

// Named by its name alone and by its key, in whichever order: one customer, with the key.
TEST_F(ImportByName, AMissingCustomerIsOneByItsNameAndByItsKey) {
  const std::string_view file =
      "customer_ref,customer_name,email\n,Void,a@x.example\nV1,Void,b@x.example\n"
      ",Void,c@x.example\nV1,,d@x.example\nN1,Nil,e@x.example\n,Nil,f@x.example\n";
  for (const ImportMode mode : {ImportMode::good_rows_only, ImportMode::all_or_nothing}) {
    const auto dry =
        import(file, {.dry_run = true, .mode = mode, .create_parents = true}, "contact");
    EXPECT_EQ(dry.parents_created, 2);
  }
  EXPECT_EQ(import(file, {.create_parents = true}, "contact").parents_created, 2);
  EXPECT_EQ(number("SELECT count(*) FROM customer WHERE name='Void' AND account_ref='V1'"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM customer WHERE name IN ('Void','Nil')"), 2);
  EXPECT_EQ(counts(import(file, {.create_parents = true}, "contact")),
            "6 rows, 0 created, 0 updated, 6 unchanged");
}

// The first is in a batch that is written before the key is read.
TEST_F(ImportByName, ACustomerGetsItsKeyInALaterBatch) {
  std::string file = "customer_ref,customer_name,email\n";
  for (int i = 0; i < 3000; ++i)
    file += fmt::format("{},Void,{}@x.example\n", i == 2500 ? "V1" : "", i);
  ImportOptions options{
      .dry_run = true, .mode = ImportMode::good_rows_only, .create_parents = true};
  EXPECT_EQ(import(file, options, "contact").parents_created, 1);
  options.dry_run = false;
  EXPECT_EQ(import(file, options, "contact").parents_created, 1);
  EXPECT_EQ(text("SELECT account_ref FROM customer WHERE name='Void'"), "V1");
}

TEST_F(ImportByName, ANameThatTheFileGivesToTwoNewCustomersIsAnError) {
  const std::string_view file =
      "customer_ref,customer_name,email\nV1,Void,a@x.example\nV2,Void,b@x.example\n"
      ",Void,c@x.example\n";
  for (const bool dry : {true, false})
    EXPECT_THAT(places(import(file, {.dry_run = dry, .create_parents = true}, "contact")),
                ElementsAre("4 customer_name ambiguous_key"));
}

TEST_F(ImportByName, AParentThatCannotBeMadeIsAnErrorOfItsColumn) {
  EXPECT_THAT(places(import("customer_ref,customer_name,email\nV1," + std::string(256, 'x') +
                                ",a@x.example\n",
                            {.create_parents = true}, "contact")),
              ElementsAre("2 customer_name too_long"));
  define_custom(
      {{"record_kind", "customer"}, {"key", "must"}, {"type", "text"}, {"required", true}});
  for (const bool dry : {true, false}) {
    const auto report = import("customer_ref,email\nV1,a@x.example\n",
                               {.dry_run = dry, .create_parents = true}, "contact");
    EXPECT_THAT(places(report), ElementsAre("2 customer_ref validation_failed"));
    EXPECT_EQ(report.errors.front().detail, "no customer can be made: custom/must is required");
  }
}

TEST_F(ImportByName, ANameBesideAnIdIsNotPassedOver) {
  const std::string id = text(
      "SELECT lower(substr(hex(id),1,8)||'-'||substr(hex(id),9,4)||'-'||substr(hex(id),13,4)||'-'||"
      "substr(hex(id),17,4)||'-'||substr(hex(id),21)) FROM customer WHERE name='Acme'");
  const auto report = import("product_sku,serial,owner,owner_name\nP1,1," + id + ",Bolt\nP1,2," +
                                 id + ",Acme\nP1,3," + id + ",\n",
                             {}, "asset");
  EXPECT_THAT(places(report), ElementsAre("2 owner_name other_name"));
}

}  // namespace
}  // namespace skerry::store
