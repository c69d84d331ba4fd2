#include "core/result.hpp"

#include <gtest/gtest.h>
#include <memory>

#include "core/check.hpp"

namespace skerry {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Errc::bad_input, "odd", "take an even one");
  return number / 2;
}

Result<int> quarter(int number) {
  SKERRY_TRY(const int once, half(number));
  SKERRY_TRY(const int twice, half(once));
  return twice;
}

Result<void> check_even(int number) {
  SKERRY_TRY_VOID(half(number));
  return {};
}

TEST(Result, TryBindsTheValue) {
  EXPECT_EQ(quarter(12), 3);
  EXPECT_TRUE(check_even(2));
}

TEST(Result, TryReturnsTheErrorWhole) {
  for (const int number : {1, 6}) {
    const auto result = quarter(number);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::bad_input);
    EXPECT_EQ(result.error().detail, "odd");
    EXPECT_EQ(result.error().next, "take an even one");
  }
  EXPECT_FALSE(check_even(1));
}

TEST(Result, TryMovesWhatCannotBeCopied) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  const auto use = [&]() -> Result<int> {
    SKERRY_TRY(const std::unique_ptr<int> pointer, make());
    return *pointer;
  };
  EXPECT_EQ(use(), 7);
}

TEST(Result, AnErrorCanBePassedOn) {
  const Result<int> failed = fail(Error(Errc::validation_failed, "x", "y", {{"/a", "z", "w"}}));
  ASSERT_EQ(failed.error().errors.size(), 1U);
  EXPECT_EQ(failed.error().errors[0].pointer, "/a");
}

TEST(CheckDeathTest, NamesExpressionAndPlace) {
  EXPECT_DEATH(SKERRY_CHECK(1 + 1 == 3), "check failed: 1 \\+ 1 == 3 at .*result_test.cpp");
  SKERRY_CHECK(1 + 1 == 2);
}

}  // namespace
}  // namespace skerry
