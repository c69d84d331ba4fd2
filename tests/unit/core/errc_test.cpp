#include "core/errc.hpp"

#include <gtest/gtest.h>
#include <set>
#include <string>

namespace skerry {
namespace {

constexpr int errc_count = static_cast<int>(Errc::internal) + 1;

TEST(Errc, EveryEnumeratorHasItsEntry) {
  for (int i = 0; i < errc_count; ++i) {
    const ErrcInfo& entry = info(static_cast<Errc>(i));
    EXPECT_EQ(static_cast<int>(entry.code), i);
    EXPECT_FALSE(entry.title.empty()) << entry.slug;
    EXPECT_EQ(entry.title.back() == '.', false) << entry.slug;
    ASSERT_FALSE(entry.remedy.empty()) << entry.slug;
    EXPECT_EQ(entry.remedy.back() == '.', false) << entry.slug;
  }
}

TEST(Errc, SlugsAreUniqueAndPlain) {
  std::set<std::string_view> slugs;
  for (int i = 0; i < errc_count; ++i) {
    const std::string_view slug = info(static_cast<Errc>(i)).slug;
    EXPECT_TRUE(slugs.insert(slug).second) << slug;
    EXPECT_EQ(slug.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), slug.npos) << slug;
  }
}

TEST(Errc, StatusAndExitAreThoseOfFailures) {
  for (int i = 0; i < errc_count; ++i) {
    const ErrcInfo& entry = info(static_cast<Errc>(i));
    EXPECT_GE(entry.http_status, 400) << entry.slug;
    EXPECT_LT(entry.http_status, 600) << entry.slug;
    EXPECT_NE(entry.exit, Exit::ok) << entry.slug;
  }
}

TEST(Errc, SlugsLeadBack) {
  for (int i = 0; i < errc_count; ++i) {
    const auto code = static_cast<Errc>(i);
    const ErrcInfo* entry = find_errc(info(code).slug);
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->code, code);
  }
  EXPECT_EQ(find_errc("Bad_Json"), nullptr);
  EXPECT_EQ(find_errc(""), nullptr);
}

TEST(Errc, WhatAnOperatorScriptsAgainst) {
  EXPECT_EQ(static_cast<int>(info(Errc::bad_signature).exit), 12);
  EXPECT_EQ(static_cast<int>(info(Errc::bundle_gap).exit), 13);
  EXPECT_EQ(static_cast<int>(info(Errc::usage).exit), 64);
  EXPECT_EQ(static_cast<int>(info(Errc::database_damaged).exit), 65);
  EXPECT_EQ(static_cast<int>(info(Errc::unreachable).exit), 69);
  EXPECT_EQ(static_cast<int>(info(Errc::io_failed).exit), 74);
  EXPECT_EQ(static_cast<int>(info(Errc::central_unreachable).exit), 75);
  EXPECT_EQ(static_cast<int>(info(Errc::bad_config).exit), 78);
  EXPECT_EQ(info(Errc::owned_by_central).http_status, 409);
  EXPECT_EQ(info(Errc::precondition_failed).http_status, 412);
}

TEST(ErrcDeathTest, AnInventedCodeIsADefect) {
  EXPECT_DEATH(info(static_cast<Errc>(errc_count)), "check failed");
}

}  // namespace
}  // namespace skerry
