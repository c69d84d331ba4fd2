#include "sync/outbox.hpp"

#include <gtest/gtest.h>

#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

namespace fs = std::filesystem;

const Party site_due = Party::site(*parse_id<SiteId>("9a1b2c3d-0000-4000-8000-000000000001"));

class OutboxTest : public ::testing::Test {
 protected:
  void put(const std::string& name, const Party& to = Party::central()) {
    PackedBundle packed;
    packed.bundle.file = test::file_of(as_bytes("content"));
    packed.bundle.size = 7;
    packed.name = name;
    packed.to = to;
    ASSERT_TRUE(outbox_.put(packed));
    described_.push_back(json::object{{"name", name}});
  }
  // "u-2.skb u-3.skb, carried 1"
  std::string last() const {
    const Outbox::LastPacking packing = outbox_.last_packing();
    std::string text;
    for (const json::value& bundle : packing.left)
      text += std::string(bundle.at("name").as_string()) + " ";
    return text + "carried " + std::to_string(packing.carried);
  }

  test::Folder folder_;
  Outbox outbox_ = Outbox::open(folder_ / "outbox").value();
  json::array described_;
};

TEST_F(OutboxTest, WhatIsCarriedIsNotLeft) {
  for (const char* name : {"u-1.skb", "u-2.skb", "u-3.skb"}) put(name);
  ASSERT_TRUE(outbox_.end_packing(described_));
  EXPECT_EQ(last(), "u-1.skb u-2.skb u-3.skb carried 0");
  ASSERT_TRUE(outbox_.carried("u-2.skb"));
  EXPECT_EQ(last(), "u-1.skb u-3.skb carried 1");
  EXPECT_EQ(outbox_.open_bundle("u-2.skb").error().code, Errc::not_found);
  EXPECT_EQ(outbox_.carried("u-2.skb").error().code, Errc::not_found);
  EXPECT_TRUE(outbox_.open_bundle("u-3.skb"));
}

TEST_F(OutboxTest, ItIsRememberedBeyondTheProcess) {
  put("u-1.skb");
  put("d-1.skb", site_due);
  ASSERT_TRUE(outbox_.end_packing(described_));
  ASSERT_TRUE(outbox_.carried("u-1.skb"));
  outbox_ = Outbox::open(folder_ / "outbox").value();
  EXPECT_EQ(last(), "d-1.skb carried 1");
}

TEST_F(OutboxTest, APackingThatFailsMidwayLeavesNone) {
  put("u-1.skb");
  put("u-2.skb");
  ASSERT_TRUE(outbox_.end_packing(described_));
  ASSERT_TRUE(outbox_.carried("u-1.skb"));
  outbox_.begin_packing();
  put("u-1.skb");
  EXPECT_EQ(last(), "carried 0");
}

TEST_F(OutboxTest, NoNameLeavesTheFolder) {
  test::write_file(folder_ / "precious.skb", as_bytes("x"));
  for (const char* name : {"../precious.skb", "packing.json", "", "..", "central/u-1.skb"})
    EXPECT_EQ(outbox_.carried(name).error().code, Errc::not_found) << name;
  EXPECT_TRUE(fs::exists(folder_ / "precious.skb"));
}

}  // namespace
}  // namespace skerry::sync
