#include "store/sites.hpp"

#include <gmock/gmock.h>

#include "tests/unit/store/records_fixture.hpp"

namespace skerry::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

Hash hash_of(std::uint8_t byte) {
  Hash hash;
  hash.fill(byte);
  return hash;
}

class SitesTest : public RecordsTest {
 protected:
  Site invite(Connection& connection, std::string_view name) {
    RecordWriter writing = writer(connection);
    auto values = read_new(*find_kind("site"), {{"name", name}});
    auto site =
        make_site(connection, writing, new_id<SiteId>(random_), std::move(*values), author_);
    EXPECT_TRUE(site) << site.error().detail;
    return *site;
  }
};

TEST_F(SitesTest, AnInvitedSiteIsReadBack) {
  in_job([&](Connection& connection) {
    const Site site = invite(connection, "Plant 7");
    EXPECT_GT(site.number, 0);
    const auto found = find_site(connection, site.id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->number, site.number);
    EXPECT_EQ(found->name, "Plant 7");
    EXPECT_EQ(found->status, SiteStatus::invited);
    EXPECT_TRUE(found->sees_all);
    EXPECT_EQ(found->code_hash, std::nullopt);
    EXPECT_EQ(found->sign_key, "");
    EXPECT_EQ(found->epoch, std::nullopt);
    EXPECT_EQ(found->admitted_at, std::nullopt);
    EXPECT_EQ(found->contact_at, std::nullopt);
    EXPECT_EQ(found->down, DownCursor{});
    EXPECT_EQ(find_site_by_number(connection, site.number)->id, site.id);
    EXPECT_FALSE(find_site(connection, new_id<SiteId>(random_)));
    EXPECT_FALSE(find_site_by_number(connection, 99));
  });
}

TEST_F(SitesTest, EveryMemberIsKept) {
  in_job([&](Connection& connection) {
    Site site = invite(connection, "Plant 7");
    site.status = SiteStatus::active;
    site.sign_key = "key";
    site.age_recipient = "age1x";
    RecordWriter writing = writer(connection);
    ASSERT_TRUE(change_site(connection, writing, site, author_));
    site.code_hash = hash_of(9);
    site.epoch = new_id<EpochId>(random_);
    site.invited_at = 1000;
    site.admitted_at = 2000;
    site.contact_at = 3000;
    site.app_version = "1.2.3";
    site.schema = 4;
    site.clock_suspect = true;
    site.down = {{1'700'000'000, 17}, hash_of(3)};
    note_site(connection, site);
    const auto found = find_site(connection, site.id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->status, SiteStatus::active);
    EXPECT_EQ(found->sign_key, "key");
    EXPECT_EQ(found->age_recipient, "age1x");
    EXPECT_EQ(found->code_hash, hash_of(9));
    EXPECT_EQ(found->epoch, site.epoch);
    EXPECT_EQ(found->invited_at, 1000);
    EXPECT_EQ(found->admitted_at, 2000);
    EXPECT_EQ(found->contact_at, 3000);
    EXPECT_EQ(found->app_version, "1.2.3");
    EXPECT_EQ(found->schema, 4);
    EXPECT_TRUE(found->clock_suspect);
    EXPECT_EQ(found->down, site.down);
  });
}

// What changes with every exchange is no change of the record.
TEST_F(SitesTest, AnExchangeLeavesRevisionAndLogAlone) {
  in_job([&](Connection& connection) {
    Site site = invite(connection, "Plant 7");
    const std::int64_t n = log_.own().seq;
    site.contact_at = 3000;
    site.down = {{1'700'000'000, 17}, hash_of(3)};
    note_site(connection, site);
    const auto record = find_record(connection, *find_kind("site"), site.record_id());
    EXPECT_EQ(record->revision, 1);
    EXPECT_EQ(log_.own().seq, n);
    const std::string shown = record_json(*record);
    EXPECT_THAT(shown, HasSubstr(R"("contact_at":"1970-01-01T00:00:03.000Z")"));
    EXPECT_THAT(shown, HasSubstr(R"("confirmed":17)"));
    EXPECT_THAT(shown, Not(HasSubstr("hash")));
  });
}

TEST_F(SitesTest, AdmissionAndRevocationAreInTheLogWithWhoDidIt) {
  in_job([&](Connection& connection) {
    Site site = invite(connection, "Plant 7");
    RecordWriter writing = writer(connection);
    ASSERT_TRUE(change_site(connection, writing, site, author_));  // nothing to say
    EXPECT_EQ(log_.own().seq, 1);
    site.status = SiteStatus::revoked;
    ASSERT_TRUE(change_site(connection, writing, site, {"uid:7", "cli", "r-9"}));
    EXPECT_EQ(log_.own().seq, 2);
    EXPECT_EQ(find_record(connection, *find_kind("site"), site.record_id())->revision, 2);
  });
  const std::string line = text("SELECT line FROM change_log WHERE n=2");
  EXPECT_THAT(line, HasSubstr(R"("t":"site")"));
  EXPECT_THAT(line, HasSubstr(R"("status":{"o":"invited","n":"revoked")"));
  EXPECT_THAT(line, HasSubstr(R"("by":"uid:7")"));
}

TEST_F(SitesTest, SitesAreNeitherMadeNorDeletedByAWrite) {
  in_job([&](Connection& connection) {
    const Kind& kind = *find_kind("site");
    auto values = read_new(kind, {{"name", "Plant"}});
    const auto made = writer(connection).create(kind, std::nullopt, *values, author_);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::method_not_allowed);
    EXPECT_THAT(made.error().next, HasSubstr("skerry site invite"));
    const Site site = invite(connection, "Plant 7");
    const auto removed = writer(connection).remove(kind, site.record_id(), std::nullopt, author_);
    ASSERT_FALSE(removed);
    EXPECT_THAT(removed.error().next, HasSubstr("skerry site revoke"));
  });
}

TEST_F(SitesTest, APersonFindsASiteByNameOrBeginningOfItsId) {
  in_job([&](Connection& connection) {
    const Site site = invite(connection, "Plant 7");
    invite(connection, "Plant 8");
    const std::string id = to_string(site.id);
    EXPECT_THAT(list_sites(connection), SizeIs(2));
    EXPECT_THAT(find_sites_by_text(connection, "Plant 7"), SizeIs(1));
    EXPECT_THAT(find_sites_by_text(connection, "Plant"), IsEmpty());
    EXPECT_THAT(find_sites_by_text(connection, id), SizeIs(1));
    EXPECT_EQ(find_sites_by_text(connection, id.substr(0, 8)).at(0).id, site.id);
    EXPECT_THAT(find_sites_by_text(connection, id.substr(0, 3)), IsEmpty());
    EXPECT_THAT(find_sites_by_text(connection, ""), IsEmpty());
  });
}

TEST_F(SitesTest, EpochsAndTheirRows) {
  in_job([&](Connection& connection) {
    const Site site = invite(connection, "Plant 7");
    const auto id = new_id<EpochId>(random_);
    EXPECT_FALSE(find_epoch(connection, id));
    SiteEpoch epoch = insert_epoch(connection, site, id);
    epoch.head = 5;
    epoch.head_hash = hash_of(5);
    epoch.durable = 3;
    update_epoch(connection, epoch);
    const auto found = find_epoch(connection, id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->number, epoch.number);
    EXPECT_EQ(found->head, 5);
    EXPECT_EQ(found->head_hash, hash_of(5));
    EXPECT_EQ(found->durable, 3);

    EXPECT_EQ(last_decided(connection, epoch.number, 100).first, 0);
    insert_ingested(connection, epoch.number, 1, {hash_of(1), 10, Disposition::applied}, "");
    insert_ingested(connection, epoch.number, 2, {hash_of(2), 12, Disposition::held}, "parent");
    insert_ingested(connection, epoch.number + 1, 3, {hash_of(3), 13, Disposition::applied}, "");
    EXPECT_FALSE(find_ingested(connection, epoch.number, 3));
    EXPECT_EQ(find_ingested(connection, epoch.number, 2)->disposition, Disposition::held);
    update_disposition(connection, epoch.number, 2, Disposition::superseded, "later", 20);
    const auto row = find_ingested(connection, epoch.number, 2);
    EXPECT_EQ(row->disposition, Disposition::superseded);
    EXPECT_EQ(row->n, 12);  // the site may have seen the first decision acknowledged
    EXPECT_EQ(row->hash, hash_of(2));
    EXPECT_EQ(last_decided(connection, epoch.number, 11), std::pair(std::int64_t{1}, hash_of(1)));
    EXPECT_EQ(last_decided(connection, epoch.number, 12), std::pair(std::int64_t{2}, hash_of(2)));
    EXPECT_EQ(last_decided(connection, epoch.number, 9).first, 0);
  });
}

TEST_F(SitesTest, WaypointsComeOldestFirstAndTheNewestOfMany) {
  in_job([&](Connection& connection) {
    const Site site = invite(connection, "Plant 7");
    const Site other = invite(connection, "Plant 8");
    for (std::int64_t n = 1; n <= waypoints_max + 10; ++n)
      add_waypoint(connection, site, n * 10, hash_of(static_cast<std::uint8_t>(n)), 0);
    add_waypoint(connection, site, 10, hash_of(200), 0);  // the first one stands
    add_waypoint(connection, other, 15, hash_of(99), 0);
    EXPECT_THAT(waypoints_from(connection, other, 0),
                ElementsAre(std::pair(std::int64_t{15}, hash_of(99))));
    EXPECT_THAT(waypoints_from(connection, other, 16), IsEmpty());
    const auto all = waypoints_from(connection, site, 0);
    ASSERT_EQ(static_cast<std::int64_t>(all.size()), waypoints_max);
    EXPECT_EQ(all.front().first, 110);
    EXPECT_EQ(all.back().first, (waypoints_max + 10) * 10);
    EXPECT_THAT(waypoints_from(connection, site, (waypoints_max + 9) * 10), SizeIs(2));
  });
}

TEST_F(SitesTest, HashesOfTheLog) {
  in_job([&](Connection& connection) {
    make_customer(connection, "Acme");
    EXPECT_EQ(hash_at(connection, 1), log_.own().hash);
    EXPECT_FALSE(hash_at(connection, 2));
    EXPECT_FALSE(hash_at(connection, 0));
  });
}

}  // namespace
}  // namespace skerry::store
