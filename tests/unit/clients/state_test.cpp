// The state file of the C++ client.
#include <fstream>
#include <gmock/gmock.h>
#include <skerry/state.hpp>
#include <sys/stat.h>

#include "tests/unit/temporary_folder.hpp"

namespace skerry::client {
namespace {

class ClientState : public ::testing::Test {
 protected:
  void write(std::string_view text) const { std::ofstream(path_) << text; }
  TemporaryFolder folder_;
  const std::string path_ = (folder_.path() / "seat.json").string();
};

bool cannot_be_used(const std::string& path) {
  try {
    const State state(path);
    return false;
  } catch (const Failure& failure) {
    return failure.trouble == Trouble::no_seat;
  }
}

json::object the_seat() {
  return {{"id", "1"},        {"product", "PRESS"},     {"seat_id", "a"},
          {"secret", "s"},    {"nonce", "n"},           {"token", "t"},
          {"received_at", 1}, {"held", json::object()}, {"renew_after_seconds", 2}};
}

json::object the_call() {
  return {{"method", "POST"}, {"path", "/"}, {"headers", json::object()}, {"body", nullptr}};
}

TEST_F(ClientState, WhatIsSavedIsThereAgain) {
  {
    State state(path_);
    EXPECT_TRUE(state.seat.is_null());
    state.seat = the_seat();
    state.save();
    state.pending = the_call();
    state.save();
  }
  const State again(path_);
  EXPECT_EQ(again.seat.at("id"), "1");
  EXPECT_EQ(again.pending.at("method"), "POST");
}

TEST_F(ClientState, ItIsItsOwnersAlone) {
  write(R"({"version":1,"seat":null,"pending":null})");
  ASSERT_EQ(::chmod(path_.c_str(), 0644), 0);
  State(path_).save();
  struct stat found {};
  ASSERT_EQ(::stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

TEST_F(ClientState, OneAtATimeHoldsIt) {
  {
    const State state(path_);
    EXPECT_TRUE(cannot_be_used(path_));
  }
  EXPECT_FALSE(cannot_be_used(path_));
}

TEST_F(ClientState, AFileOfAnotherKindIsLeftAlone) {
  for (const char* const text :
       {"", "{}", "[1]", "{\"version\":2,\"seat\":null,\"pending\":null}"}) {
    write(text);
    EXPECT_TRUE(cannot_be_used(path_)) << text;
    std::ifstream file(path_);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
  }
}

TEST_F(ClientState, ASeatOrACallWithoutItsMembersIsNone) {
  const auto is_taken = [&](const json::value& seat, const json::value& pending) {
    write(json::serialize(json::object{{"version", 1}, {"seat", seat}, {"pending", pending}}));
    return !cannot_be_used(path_);
  };
  EXPECT_TRUE(is_taken(the_seat(), the_call()));
  EXPECT_TRUE(is_taken(nullptr, nullptr));
  EXPECT_FALSE(is_taken("x", nullptr));
  EXPECT_FALSE(is_taken(nullptr, json::object()));
  for (const auto& [member, ignored] : the_seat()) {
    json::object seat = the_seat();
    seat[member] = nullptr;
    EXPECT_FALSE(is_taken(seat, nullptr)) << member;
    seat.erase(member);
    EXPECT_FALSE(is_taken(seat, nullptr)) << member;
  }
  json::object call = the_call();
  call["headers"] = json::object{{"Idempotency-Key", 1}};
  EXPECT_FALSE(is_taken(nullptr, call));
}

TEST_F(ClientState, AFolderIsNoState) { EXPECT_TRUE(cannot_be_used(folder_.path().string())); }

TEST_F(ClientState, AFolderThatIsNotThereIsAFailure) {
  EXPECT_TRUE(cannot_be_used((folder_.path() / "none" / "seat.json").string()));
}

}  // namespace
}  // namespace skerry::client
