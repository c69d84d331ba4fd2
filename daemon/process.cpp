#include "daemon/process.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync/file_handle.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace skerry::daemon {
namespace {

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

std::string read_end(int fd, std::size_t bytes_max) {
  std::string out;
  std::array<char, 16'384> buffer;
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    out.append(buffer.data(), static_cast<std::size_t>(got));
    if (out.size() > 2 * bytes_max + buffer.size()) out.erase(0, out.size() - bytes_max);
  }
  if (out.size() > bytes_max) out.erase(0, out.size() - bytes_max);
  return out;
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Result<Ran> run_program(const std::vector<std::string>& words, std::size_t out_bytes_max,
                        bool quiet) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);

  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(sync::system_error(errno, "making a pipe"));
  const sync::FileHandle ours(ends[0]);
  sync::FileHandle theirs(ends[1]);

  SpawnActions actions;
  posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(actions.get(), theirs.fd(), STDOUT_FILENO);
  if (quiet)
    posix_spawn_file_actions_addopen(actions.get(), STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int why =
      ::posix_spawnp(&child, words.front().c_str(), actions.get(), nullptr, argv.data(), environ);
  theirs = {};
  if (why == ENOENT)
    return fail(Errc::not_found, fmt::format("there is no program {}", words.front()));
  if (why != 0) return fail(sync::system_error(why, fmt::format("running {}", words.front())));
  Ran ran;
  ran.out = read_end(ours.fd(), out_bytes_max);
  ran.status = wait_for(child);
  return ran;
}

}  // namespace skerry::daemon
