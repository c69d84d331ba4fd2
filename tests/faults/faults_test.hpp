// What the tests of single operations share: a machine on a failing disk, and one test per
// operation and fault.
#pragma once

#include <fmt/format.h>
#include <future>
#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <tuple>

#include "tests/faults/trial.hpp"

namespace skerry::faults {

using sim::add_customer;
using sim::must;

// A story of one machine.
class MachineStory : public Story {
 protected:
  MachineStory(std::filesystem::path folder_in, std::size_t number_in)
      : folder(std::move(folder_in)), number(number_in) {
    sim::template_of(number);
  }
  void start(bool threaded = false) {
    machine = open_machine(number, folder, sim::template_of(number), threaded);
  }
  // What is left, checked for all that always holds.
  void look() {
    machine = open_machine(number, folder);
    check_whole(*machine);
  }

  const std::filesystem::path folder;
  const std::size_t number;
  std::unique_ptr<sim::Machine> machine;
};

inline void expect_old_or_new(std::int64_t found, std::int64_t old_count, std::int64_t new_count,
                              bool acknowledged) {
  const bool right = found == new_count || (found == old_count && !acknowledged);
  expect(right, fmt::format("{} found where {} or {} are expected", found, old_count, new_count));
}

struct Operation {
  std::string name;
  std::uint64_t calls_least;  // of a clean run; fewer would mean that the disk is not asked
  MakeStory make;
};
inline void PrintTo(const Operation& operation, std::ostream* out) { *out << operation.name; }
template <class T>
Operation operation(std::string name, std::uint64_t calls_least) {
  return {std::move(name), calls_least, [](const std::filesystem::path& folder) {
            return std::unique_ptr<Story>(new T(folder));
          }};
}

// 1, or of SKERRY_FAULT_STRIDE: only every so many calls fail, for a quick look.
std::uint64_t stride();

// LosesNothingAcknowledged (writes_test.cpp), for the operations of every file.
class FaultyDisk : public testing::TestWithParam<std::tuple<Operation, Fault>> {};

inline std::string name_of_trial(const testing::TestParamInfo<std::tuple<Operation, Fault>>& info) {
  return std::get<0>(info.param).name + "_" + std::string(to_text(std::get<1>(info.param)));
}

}  // namespace skerry::faults
