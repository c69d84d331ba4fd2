#include "sync/bundle_name.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

namespace skerry::sync {
namespace {

const SiteId site = *parse_id<SiteId>("9a1b2c3d-0000-4000-8000-000000000001");
const EpochId epoch = *parse_id<EpochId>("77aa88bb-0000-4000-8000-000000000002");

TEST(BundleName, Forms) {
  EXPECT_EQ(up_bundle_name(site, epoch, 1204, 1377), "u-9a1b2c3d-77aa88bb-1204-1377.skb");
  EXPECT_EQ(down_bundle_name(site, 1'760'000'000, 4711, 4800, 2),
            "d-9a1b2c3d-1760000000-4711-4800-2.skb");
  EXPECT_EQ(invitation_name(site), "invitation-9a1b2c3d.skb");
  EXPECT_EQ(enrol_name(site, "0011223344556677"), "enrol-9a1b2c3d-0011223344556677.skb");
}

TEST(BundleName, OursAreWithinTheLimits) {
  constexpr std::uint64_t large = (std::uint64_t{1} << 53) - 1;
  for (const std::string& name :
       {up_bundle_name(site, epoch, large, large), invitation_name(site),
        enrol_name(site, "0011223344556677"),
        down_bundle_name(site, 99'999'999'999, 999'999'999'999, 999'999'999'999, 9999)})
    EXPECT_TRUE(is_bundle_name(name)) << name;
}

TEST(BundleName, OthersAreNot) {
  for (const char* name : {"", ".skb", "a.SKB", "A.skb", "a.skb.part", "../a.skb", "._a.skb",
                           "a b.skb", "\xc3\xbc.skb"})
    EXPECT_FALSE(is_bundle_name(name)) << name;
  EXPECT_FALSE(is_bundle_name(std::string(61, 'a').append(".skb")));
}

TEST(BundleName, NumbersCompareAsNumbers) {
  std::vector<std::string> names{"u-a-b-1204-1300.skb", "u-a-b-378-1203.skb", "u-a-b-1-377.skb"};
  std::sort(names.begin(), names.end(), bundle_name_less);
  EXPECT_EQ(names, (std::vector<std::string>{"u-a-b-1-377.skb", "u-a-b-378-1203.skb",
                                             "u-a-b-1204-1300.skb"}));
}

}  // namespace
}  // namespace skerry::sync
