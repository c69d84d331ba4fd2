// Runs one core operation on a disk that fails at its N-th call, with N from 1 until a run is
// clean, each in a process of its own; then looks at what is left, on a good disk.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "tests/faults/disk.hpp"
#include "tests/simulation/machine.hpp"

namespace skerry::faults {

// One operation in a folder of its own. Made twice: in the process that fails, and in the one that
// looks at what is left. What is the same for every N is made by the first constructor, while
// nothing fails.
class Story {
 public:
  virtual ~Story() = default;
  // On a good disk: all that comes before the operation.
  virtual void begin() = 0;
  // The operation. Success is what its caller relies on.
  virtual Result<void> act() = 0;
  // In the process that failed, once the disk is good again: the operation again, or how it goes
  // on.
  virtual Result<void> act_again() { return act(); }
  // Afterwards, in a new process: opens what is left and throws a sim::Violation for what is
  // wrong. What was acknowledged is there; what was not is there whole or not at all.
  virtual void check(bool acknowledged) = 0;
};
using MakeStory = std::function<std::unique_ptr<Story>(const std::filesystem::path& folder)>;

// Every `stride`-th call, beginning with the first; gives how many calls a clean run has. Failures
// are GoogleTest's.
std::uint64_t run_trials(const MakeStory& make, Fault fault, std::uint64_t stride);

// A machine of the simulator whose commits are on the disk. Without an image: what is there.
std::unique_ptr<sim::Machine> open_machine(std::size_t number, const std::filesystem::path& folder,
                                           const sim::Image& image = {}, bool threaded = false);
// SQLite finds nothing wrong, and the chains fit.
void check_whole(store::Connection& connection);
// … and no memory seems to be lost.
void check_whole(sim::Machine& machine);
std::int64_t count(sim::Machine& machine, std::string_view what_from);  // "customer WHERE …"
void expect(bool holds, const std::string& what);

}  // namespace skerry::faults
