#include "daemon/process.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync/file_handle.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace skerry::daemon {
namespace {

constexpr std::chrono::minutes start_patience{1};

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

struct Child {
  pid_t pid = 0;
  sync::FileHandle out;  // what it writes to stdout
};

// `actions` say what becomes of stderr.
Result<Child> spawn(const std::vector<std::string>& words, SpawnActions& actions, short flags) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(sync::system_error(errno, "making a pipe"));
  Child child{0, sync::FileHandle(ends[0])};
  const sync::FileHandle theirs(ends[1]);
  posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(actions.get(), theirs.fd(), STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, flags);
  const int why = ::posix_spawnp(&child.pid, words.front().c_str(), actions.get(), &attributes,
                                 argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  if (why == ENOENT)
    return fail(Errc::not_found, fmt::format("there is no program {}", words.front()));
  if (why != 0) return fail(sync::system_error(why, fmt::format("running {}", words.front())));
  return child;
}

// Up to a line break; what there is when it ends or nothing comes for too long.
std::string read_line(int fd, std::chrono::milliseconds patience) {
  std::string line;
  pollfd readable{fd, POLLIN, 0};
  for (char c = 0; line.size() < 4096;) {
    const int ready = ::poll(&readable, 1, static_cast<int>(patience.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0 || ::read(fd, &c, 1) != 1 || c == '\n') break;
    line += c;
  }
  return line;
}

}  // namespace

Result<Ran> run_program(const std::vector<std::string>& words, std::size_t out_bytes_max,
                        bool quiet) {
  SpawnActions actions;
  if (quiet)
    posix_spawn_file_actions_addopen(actions.get(), STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  SKERRY_TRY(const Child child, spawn(words, actions, 0));
  Ran ran;
  ran.out = read_end(child.out.fd(), out_bytes_max);
  ran.status = wait_for(child.pid);
  return ran;
}

Result<void> start_program(const std::vector<std::string>& words, const std::filesystem::path& log,
                           std::string_view ready) {
  SpawnActions actions;
  posix_spawn_file_actions_addopen(actions.get(), STDERR_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  SKERRY_TRY(const Child child, spawn(words, actions, POSIX_SPAWN_SETSID));
  if (read_line(child.out.fd(), start_patience).starts_with(ready)) return {};
  ::kill(child.pid, SIGKILL);
  const int status = wait_for(child.pid);
  return fail(Errc::io_failed, fmt::format("{} did not start (status {})", words.front(), status),
              fmt::format("see the end of {}", log.string()));
}

}  // namespace skerry::daemon
