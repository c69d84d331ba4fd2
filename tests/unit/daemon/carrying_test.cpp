#include "daemon/carrying.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/temporary_folder.hpp"

namespace skerry::daemon {
namespace {

namespace fs = std::filesystem;

constexpr const char* one = "11111111-1111-4111-8111-111111111111";
constexpr const char* two = "22222222-2222-4222-8222-222222222222";

class Carrying : public ::testing::Test {
 protected:
  fs::path put(const std::string& to, const std::string& from, const std::string& name) {
    const fs::path folder = medium / "SKERRY" / to / from;
    fs::create_directories(folder);
    std::ofstream(folder / name) << "x";
    return folder / name;
  }
  TemporaryFolder temporary;
  const fs::path medium = temporary.path();
};

TEST_F(Carrying, AMediumThatIsNotThereIsNoFile) {
  EXPECT_TRUE(check_place(medium));
  EXPECT_TRUE(check_place(medium / "one.skb"));
  for (const char* place : {"unmounted", "unmounted/", "unmounted/one.skb"}) {
    const auto refused = check_place(medium / place);
    ASSERT_FALSE(refused) << place;
    EXPECT_EQ(refused.error().code, Errc::io_failed);
    EXPECT_THAT(refused.error().detail, testing::HasSubstr((medium / "unmounted").string()));
  }
}

TEST_F(Carrying, AMediumIsNeitherAFileNorItsInside) {
  const auto file = put("central", one, "u-11111111-1-1-2.skb");
  EXPECT_TRUE(check_medium(medium));
  EXPECT_TRUE(check_medium(medium / "unmounted"));  // for who opens it to say
  EXPECT_THAT(check_medium(file).error().next, testing::HasSubstr("skerry bundle import"));
  for (const fs::path& inside : {medium / "SKERRY", medium / "SKERRY" / ""}) {
    const auto refused = check_place(inside);
    ASSERT_FALSE(refused) << inside;
    EXPECT_EQ(refused.error().code, Errc::bad_input);
    EXPECT_EQ(refused.error().next, "name " + fs::canonical(medium).string());
  }
  fs::create_directories(medium / "media" / "SKERRY" / "SKERRY");
  EXPECT_TRUE(check_place(medium / "media" / "SKERRY")) << "a medium of that name";
}

TEST_F(Carrying, WhatIsTooLongForABundleIsRefusedByName) {
  const auto file = put("central", one, "enrol-11111111.skb");
  EXPECT_TRUE(open_bundle(file));
  fs::resize_file(file, (32u << 20) + 1);
  const auto refused = open_bundle(file);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::limit_exceeded);
  EXPECT_EQ(refused.error().detail,
            file.string() + " has 33554433 bytes; a bundle has at most 33554432");
}

TEST_F(Carrying, ARefusalOfAFileNamesIt) {
  EXPECT_EQ(about_file("a.skb", Error(Errc::corrupt_bundle, "it ends")).detail, "a.skb: it ends");
  EXPECT_EQ(about_file("a.skb", Error(Errc::unreachable, "no daemon")).detail, "no daemon");
}

TEST_F(Carrying, FindsTheOneInvitation) {
  put(one, "central", "d-11111111-1-2-3-4.skb");
  const auto file = put(one, "central", "invitation-11111111.skb");
  const auto found = find_invitations(medium);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().file, file);
  EXPECT_EQ(found->front().medium, medium);
}

TEST_F(Carrying, FindsSeveralInvitations) {
  put(one, "central", "invitation-11111111.skb");
  put(two, "central", "invitation-22222222.skb");
  const auto found = find_invitations(medium);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 2u);
}

TEST_F(Carrying, AnEmptyMediumSaysWhatToDo) {
  EXPECT_EQ(find_invitations(medium).error().code, Errc::bad_input);
  EXPECT_EQ(find_answers(medium).error().code, Errc::bad_input);
}

TEST_F(Carrying, AFileOnAMediumKnowsItsMedium) {
  const auto file = put(one, "central", "invitation-11111111.skb");
  EXPECT_EQ(find_invitations(file)->front().medium, medium);
  std::ofstream(medium / "loose.skb") << "x";
  EXPECT_EQ(find_invitations(medium / "loose.skb")->front().medium, "");
}

TEST_F(Carrying, AnswersAreNotReceipts) {
  const auto first = put("central", one, "enrol-11111111.skb");
  put("central", one, "u-11111111-1-1-2.skb");
  put("central", two, "enrol-ack-22222222.skb");
  const auto second = put("central", two, "enrol-22222222.skb");
  const auto found = find_answers(medium);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ((*found)[0].file, first);
  EXPECT_EQ((*found)[1].file, second);
}

TEST(DueBundles, AreReadStrictly) {
  const auto bundle = due_bundle(
      {{"name", "u-1.skb"}, {"from", one}, {"to", "central"}, {"size", 5}, {"lines", 7}});
  ASSERT_TRUE(bundle);
  EXPECT_EQ(bundle->to, sync::Party::central());
  EXPECT_EQ(bundle->rows, 7);
  EXPECT_EQ(sync::to_string(bundle->from), one);
  for (const json::value& wrong :
       {json::value(), json::value({{"name", "u-1.skb"}}),
        json::value(
            {{"name", "../x"}, {"from", one}, {"to", "central"}, {"size", 5}, {"lines", 1}}),
        json::value(
            {{"name", "u-1.skb"}, {"from", "you"}, {"to", "central"}, {"size", 5}, {"lines", 1}}),
        json::value({{"name", "u-1.skb"}, {"from", one}, {"to", "central"}, {"size", 5}})})
    EXPECT_FALSE(due_bundle(wrong));
}

}  // namespace
}  // namespace skerry::daemon
