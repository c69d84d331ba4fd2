#include "daemon/open_files.hpp"

#include <gtest/gtest.h>

namespace skerry::daemon {
namespace {

TEST(OpenFiles, AreRaisedForTheConnectionsPromised) {
  const OpenFiles plan = plan_open_files({1024, 524'288}, 1024);
  EXPECT_EQ(plan.soft_limit, 2560u);
  EXPECT_EQ(plan.connections, 1024u);
}

TEST(OpenFiles, AreNeverLowered) {
  for (const rlim_t now : {rlim_t{20'000}, rlim_t{RLIM_INFINITY}}) {
    const OpenFiles plan = plan_open_files({now, now}, 1024);
    EXPECT_EQ(plan.soft_limit, now);
    EXPECT_EQ(plan.connections, 1024u);
  }
}

TEST(OpenFiles, ConnectionsGiveWayToTheHardLimit) {
  const OpenFiles tight = plan_open_files({1024, 1024}, 1024);
  EXPECT_EQ(tight.soft_limit, 1024u);
  EXPECT_EQ(tight.connections, 256u);
  EXPECT_EQ(plan_open_files({1024, 2559}, 1024).connections, 1023u);
  EXPECT_EQ(plan_open_files({64, 64}, 1024).connections, 1u);
}

TEST(OpenFiles, TheSystemTakesThePlan) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{256, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(make_room_for(10), 10u);
  rlimit after{};
  EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, 532u);
  EXPECT_EQ(after.rlim_max, before.rlim_max);
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace skerry::daemon
