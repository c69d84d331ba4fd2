#include "store/refusal.hpp"

#include <gtest/gtest.h>

#include "core/kinds/kinds.hpp"

namespace skerry::store {
namespace {

Result<void> refused(std::string pointer, std::string next) {
  return fail(Error(Errc::duplicate_key, "is taken", std::move(next),
                    {{std::move(pointer), "duplicate_key", "is taken"}}));
}

// What is to be done after these complaints.
template <class... Complaints>
std::string next_after(std::vector<FieldError> first, Complaints... complaints) {
  Refusal refusal(*find_kind("customer"), std::move(first));
  (refusal.take(std::move(complaints)), ...);
  const Result<void> result = refusal.result();
  return result ? "nothing" : result.error().next;
}

TEST(Refusal, NamesTheRemedyThatHoldsForEveryComplaint) {
  const FieldError plain{"/name", "required", "is required"};
  EXPECT_EQ(next_after({}), "nothing");
  EXPECT_EQ(next_after({}, Result<void>()), "nothing");
  EXPECT_EQ(next_after({plain}), "");
  EXPECT_EQ(next_after({}, refused("/a", "do it")), "do it");
  EXPECT_EQ(next_after({}, refused("/a", "do it"), refused("/b", "do it")), "do it");
}

TEST(Refusal, NamesEachRemedyOfComplaintsThatDiffer) {
  const FieldError plain{"/name", "required", "is required"};
  EXPECT_EQ(next_after({}, refused("/a", "do it"), refused("/b", "do that")),
            "correct what errors names; do it; do that");
  EXPECT_EQ(next_after({plain}, refused("/a", "do it")), "correct what errors names; do it");
  EXPECT_EQ(next_after({}, refused("/a", "do it"), plain), "correct what errors names; do it");
}

// The remedy of a complaint that is not listed would answer a question nobody asked.
TEST(Refusal, LeavesOutTheRemedyOfWhatIsNotListed) {
  EXPECT_EQ(next_after({{"/a", "required", "is required"}}, refused("/a", "do it")), "");
}

}  // namespace
}  // namespace skerry::store
