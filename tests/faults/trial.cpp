#include "tests/faults/trial.hpp"

#include <cstdio>
#include <cstring>
#include <exception>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.hpp"
#include "store/change_log.hpp"
#include "store/own_epochs.hpp"

namespace skerry::faults {
namespace {

// What the process that fails says, where the other sees it.
struct Told {
  bool acknowledged = false;
  bool reached = false;  // the call that fails
  std::uint64_t calls = 0;
  char wrong[800] = {};
};

void say_wrong(Told& told, const std::string& what) {
  std::snprintf(told.wrong, sizeof told.wrong, "%s", what.c_str());
}

bool is_right_error(Fault fault, Errc code) {
  if (fault == Fault::full || fault == Fault::stays_full) return code == Errc::storage_full;
  return code == Errc::io_failed || code == Errc::storage_full;
}

// What SQLite throws is caught at a net of the program, and answered by its code.
Result<void> answer(const std::function<Result<void>()>& work) {
  try {
    return work();
  } catch (const store::StorageError& error) {
    return fail(error.code(), error.what());
  }
}

void act(Story& story, Fault fault, std::uint64_t at, Told& told) {
  story.begin();
  Disk& disk = Disk::the();
  disk.arm(fault, at, at);
  const Result<void> outcome = answer([&] { return story.act(); });
  told.acknowledged = outcome.has_value();
  told.calls = disk.calls();
  told.reached = disk.calls() >= at;
  // The last moment of all: just after the answer.
  if (fault == Fault::power_cut) disk.cut(exit_power_cut);
  disk.disarm();
  if (outcome) return;
  if (!is_right_error(fault, outcome.error().code))
    return say_wrong(told, fmt::format("refused with {}: {}", info(outcome.error().code).slug,
                                       outcome.error().detail));
  const Result<void> again = answer([&] { return story.act_again(); });
  told.acknowledged = again.has_value();
  if (!again) say_wrong(told, "does not go on: " + again.error().detail);
}

[[noreturn]] void run_and_end(const MakeStory& make, const std::filesystem::path& folder,
                              Fault fault, std::uint64_t at, Told& told) {
  int status = 0;
  try {
    Disk::the().mount();
    const auto story = make(folder);
    act(*story, fault, at, told);
  } catch (const std::exception& error) {
    say_wrong(told, error.what());
    status = 1;
  }
  std::fflush(nullptr);
  ::_exit(status);
}

// Says what is wrong; empty when nothing is.
std::string run_one(const MakeStory& make, const std::filesystem::path& folder, Fault fault,
                    std::uint64_t at, Told& told) {
  const pid_t child = ::fork();
  if (child == 0) run_and_end(make, folder, fault, at, told);
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return "no child";
  if (WIFSIGNALED(status)) return fmt::format("died of signal {}", WTERMSIG(status));
  const int code = WEXITSTATUS(status);
  const bool cut = code == exit_power_cut && fault == Fault::power_cut;
  const bool not_synced = code == exit_not_synced && fault != Fault::power_cut;
  if (told.wrong[0] != 0) return told.wrong;
  if (code != 0 && !cut && !not_synced) return fmt::format("ended with {}", code);
  if (code != 0 && told.calls == 0) told.reached = true;
  try {
    make(folder)->check(told.acknowledged);
  } catch (const std::exception& error) {
    return fmt::format("{}, {}", told.acknowledged ? "acknowledged" : "not acknowledged",
                       error.what());
  }
  return {};
}

}  // namespace

std::uint64_t run_trials(const MakeStory& make, Fault fault, std::uint64_t stride) {
  auto* const memory = static_cast<Told*>(
      ::mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  set_log_level(Level::error);  // a restored machine says what it begins, each time
  make({});
  std::uint64_t calls = 0;
  for (std::uint64_t at = 1;; at += stride) {
    Told& told = *new (memory) Told;
    const std::filesystem::path folder = sim::scratch_folder();
    const std::string wrong = run_one(make, folder, fault, at, told);
    EXPECT_EQ(wrong, "") << to_text(fault) << " at call " << at << ", left in " << folder;
    if (wrong.empty()) std::filesystem::remove_all(folder);
    calls = told.calls;
    if (!told.reached || !wrong.empty()) break;
  }
  ::munmap(memory, sizeof(Told));
  return calls;
}

std::unique_ptr<sim::Machine> open_machine(std::size_t number, const std::filesystem::path& folder,
                                           const sim::Image& image, bool threaded) {
  static const UnixMillis now = 1'790'000'000'000;
  store::DatabaseOptions durable;
  durable.threaded = threaded;
  // Ids that another process gave must not come again.
  const std::uint64_t seed = (image.database.empty() ? 100 : 1) + number;
  return std::make_unique<sim::Machine>(number, folder, image, now, seed, durable);
}

void check_whole(store::Connection& connection) {
  {
    auto cursor = connection.query("PRAGMA integrity_check");
    expect(cursor.next() && cursor.text(0) == "ok", "integrity_check");
  }
  const auto verified = store::verify_chains(connection, {});
  expect(verified.has_value(), verified ? "" : verified.error().detail);
}

void check_whole(sim::Machine& machine) {
  machine.read([](store::Connection& connection) {
    check_whole(connection);
    expect(store::read_own_epochs(connection).size() == 1,
           "a new epoch, as if memory had been lost");
  });
}

std::int64_t count(sim::Machine& machine, std::string_view what_from) {
  return machine.read([&](store::Connection& connection) {
    auto cursor = connection.query(fmt::format("SELECT count(*) FROM {}", what_from));
    return cursor.next() ? cursor.integer(0) : -1;
  });
}

void expect(bool holds, const std::string& what) {
  if (!holds) throw sim::Violation("check", what);
}

}  // namespace skerry::faults
