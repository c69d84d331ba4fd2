#include "daemon/sandbox.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/log.hpp"
#include "core/text.hpp"
#include "crypto/file.hpp"
#include "daemon/process.hpp"
#include "store/identity.hpp"
#include "sync/file_handle.hpp"

namespace skerry::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t said_bytes_max = 1024 * 1024;
constexpr int stop_ms_max = 60'000;
constexpr const char* this_program = "/proc/self/exe";

std::string own_path() {
  std::error_code error;
  const fs::path path = fs::read_symlink(this_program, error);
  return error ? this_program : path.string();
}

bool is_local(std::string_view address) {
  return address.starts_with("127.") || address.starts_with("[::1]");
}

}  // namespace

Result<bool> is_sandbox(const DataFolder& folder) {
  SKERRY_TRY_VOID(folder.must_be_initialised());
  const auto connection =
      store::Connection::open(folder.database(), store::Connection::Mode::read_only);
  return store::read_meta(*connection, "sandbox").has_value();
}

fs::path clock_lever_of(const DataFolder& folder) { return folder.path / "clock"; }

Result<void> enter_sandbox(const Config& config, MovableClock& clock) {
  if (!is_local(config.listen_address))
    return fail(
        Errc::bad_config,
        fmt::format("a sandbox answers on this machine only, not on {}", config.listen_address),
        "listen.address = \"127.0.0.1:0\"");
  SKERRY_TRY(ClockLever lever, ClockLever::open(clock_lever_of({config.data()}), true));
  clock.follow(std::move(lever));
  log(Level::notice, "this is a sandbox: skerry dev may move its clock");
  return {};
}

SandboxMachine::SandboxMachine(const fs::path& sandbox, Role role)
    : sandbox_(sandbox), role_(role), folder_{sandbox / std::string(to_text(role))} {}

fs::path SandboxMachine::log() const { return sandbox_ / fmt::format("{}.log", to_text(role_)); }

fs::path SandboxMachine::token_file() const {
  return sandbox_ / fmt::format("{}.token", to_text(role_));
}

Result<Config> SandboxMachine::config() const {
  std::error_code ignored;
  if (!std::filesystem::exists(folder_.database(), ignored))
    return fail(Errc::not_found, fmt::format("there is no sandbox in {}", sandbox_.string()),
                fmt::format("skerry dev up --sandbox {}", shell_word(sandbox_.string())));
  SKERRY_TRY(const bool sandboxed, is_sandbox(folder_));
  if (!sandboxed)
    return fail(Errc::forbidden, fmt::format("{} is no sandbox", folder_.path.string()),
                "skerry dev up --sandbox FOLDER makes one");
  return load_config({folder_.path.string(), std::nullopt, {}});
}

Result<void> SandboxMachine::configure(const std::string& address, const std::string& central,
                                       bool cut) const {
  std::string text = fmt::format("[listen]\naddress = \"{}\"\n", address);
  if (!central.empty()) text += fmt::format("\n[central]\nurl = \"http://{}\"\n", central);
  // Nobody answers on the port of the discard protocol: the line is as good as cut.
  if (cut) text += "proxy = \"http://127.0.0.1:9\"\n";
  return crypto::write_file_atomically(folder_.config(), as_bytes(text), 0600);
}

Result<void> SandboxMachine::start() const {
  return start_program({own_path(), "serve", "--data", folder_.path.string()}, log(), "ready ");
}

std::optional<pid_t> SandboxMachine::pid() const {
  const auto known = config();
  if (!known) return std::nullopt;
  const std::string path = known->socket();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return std::nullopt;
  std::memcpy(address.sun_path, path.data(), path.size());
  const sync::FileHandle socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    return std::nullopt;
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(socket.fd(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.pid;
}

Result<void> SandboxMachine::stop() const {
  const auto running = pid();
  if (!running) return {};
  const sync::FileHandle process(static_cast<int>(::syscall(SYS_pidfd_open, *running, 0)));
  const auto failed = [&] {
    return fail(sync::system_error(errno, fmt::format("ending process {}", *running)));
  };
  if (!process.is_open()) return failed();
  if (::kill(*running, SIGTERM) != 0) return failed();
  pollfd ended{process.fd(), POLLIN, 0};
  int got = 0;
  while ((got = ::poll(&ended, 1, stop_ms_max)) < 0 && errno == EINTR) {
  }
  if (got == 1) return {};
  return fail(Errc::busy, fmt::format("process {} does not end", *running),
              "see " + log().string());
}

bool SandboxMachine::may_write() const {
  const auto running = pid();
  rlimit limit{};
  if (!running || ::prlimit(*running, RLIMIT_FSIZE, nullptr, &limit) != 0) return true;
  return limit.rlim_cur != 0;
}

Result<void> SandboxMachine::let_write(bool may) const {
  const auto running = pid();
  if (!running)
    return fail(Errc::unreachable, fmt::format("the sandbox's {} does not run", to_text(role_)),
                "skerry dev up");
  rlimit limit{};
  if (::prlimit(*running, RLIMIT_FSIZE, nullptr, &limit) == 0) {
    limit.rlim_cur = may ? limit.rlim_max : 0;
    if (::prlimit(*running, RLIMIT_FSIZE, &limit, nullptr) == 0) return {};
  }
  return fail(sync::system_error(errno, fmt::format("limiting process {}", *running)));
}

Result<std::string> SandboxMachine::run(std::vector<std::string> words, int also) const {
  std::string said = "skerry";
  for (const std::string& word : words) said += ' ' + word;
  words.insert(words.begin(), own_path());
  words.insert(words.end(), {"--data", folder_.path.string()});
  SKERRY_TRY(Ran ran, run_program(words, said_bytes_max, true));
  if (ran.status == 0 || ran.status == also) return std::move(ran.out);
  return fail(
      Errc::io_failed,
      fmt::format("'{}' at the sandbox's {} ended with {}", said, to_text(role_), ran.status),
      fmt::format("{} --data {}", said, folder_.path.string()));
}

}  // namespace skerry::daemon
