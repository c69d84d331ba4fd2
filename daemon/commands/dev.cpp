// dev up, down, status, clock, peer, disk: a sandbox and its levers.
#include <algorithm>
#include <array>
#include <charconv>

#include "core/text.hpp"
#include "crypto/file.hpp"
#include "daemon/commands/operations.hpp"
#include "daemon/init.hpp"
#include "daemon/sandbox.hpp"

namespace skerry::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t move_ms_max = 100LL * 366 * 86'400'000;
constexpr const char* any_port = "127.0.0.1:0";

struct Sandbox {
  explicit Sandbox(const DevWish& wish)
      : folder(fs::absolute(wish.sandbox).lexically_normal()),
        central(folder, Role::central),
        site(folder, Role::site) {}
  // The machines that `which` names: central, site or both.
  std::vector<const SandboxMachine*> machines(std::string_view which) const {
    std::vector<const SandboxMachine*> chosen;
    if (which != "site") chosen.push_back(&central);
    if (which != "central") chosen.push_back(&site);
    return chosen;
  }

  fs::path folder;
  SandboxMachine central, site;
};

Result<void> make_machine(const SandboxMachine& machine, const char* name) {
  const fs::path data = machine.folder().path;
  return initialise({data, data.string() + ".anchor", machine.role(), name, false, true});
}

// The address that a free port turned out to be stays the machine's.
Result<std::string> settle(const SandboxMachine& machine, const std::string& central) {
  SKERRY_TRY_VOID(machine.configure(any_port, central, false));
  SKERRY_TRY_VOID(machine.start());
  SKERRY_TRY(const Bytes text, crypto::read_small_file(machine.folder().address(), 256));
  std::string address(as_text(text));
  address.erase(address.find_last_not_of('\n') + 1);
  SKERRY_TRY_VOID(machine.configure(address, central, false));
  return address;
}

Result<void> make(const Sandbox& sandbox) {
  std::error_code error;
  fs::create_directories(sandbox.folder, error);
  if (error)
    return fail(Errc::io_failed,
                fmt::format("making {}: {}", sandbox.folder.string(), error.message()),
                "name a folder that can be made: --sandbox DIR");
  SKERRY_TRY_VOID(make_machine(sandbox.central, "sandbox central"));
  SKERRY_TRY_VOID(make_machine(sandbox.site, "sandbox harbour"));
  SKERRY_TRY(const std::string central, settle(sandbox.central, ""));
  SKERRY_TRY_VOID(settle(sandbox.site, central));
  return fill_sandbox(sandbox.folder, sandbox.central, sandbox.site);
}

std::string moved_text(std::int64_t ms) {
  return ms == 0 ? "right" : fmt::format("{}{} s", ms > 0 ? "+" : "", ms / 1000);
}

Result<json::object> describe(const SandboxMachine& machine) {
  SKERRY_TRY(const Config config, machine.config());
  const auto running = machine.pid();
  const auto lever = ClockLever::open(clock_lever_of(machine.folder()), false);
  return json::object{{"role", to_text(machine.role())},
                      {"running", running.has_value()},
                      {"url", "http://" + config.listen_address},
                      {"data", machine.folder().path.string()},
                      {"token_file", machine.token_file().string()},
                      {"log", machine.log().string()},
                      {"clock_moved_ms", lever ? lever->wall_ms() : 0},
                      {"passed_ms", lever ? lever->passed_ms() : 0},
                      {"peer", machine.role() == Role::central ? json::value()
                               : config.central_proxy.empty()  ? json::value("joined")
                                                               : json::value("cut")},
                      {"disk", machine.may_write() ? "good" : "full"}};
}

Result<Exit> show(const Sandbox& sandbox, Terminal& terminal) {
  json::array machines;
  for (const SandboxMachine* machine : sandbox.machines("both")) {
    SKERRY_TRY(json::object at, describe(*machine));
    terminal.line("{:<8}{}  {}", string_of(at, "role"), string_of(at, "url"),
                  at["running"].as_bool() ? "runs" : "does not run");
    terminal.line("        skerry status --data {}", shell_word(string_of(at, "data")));
    terminal.line("        token {}, log {}", string_of(at, "token_file"), string_of(at, "log"));
    const std::string peer = string_of(at, "peer");
    terminal.line("        clock {}, disk {}{}", moved_text(integer_of(at, "clock_moved_ms")),
                  string_of(at, "disk"), peer.empty() ? "" : fmt::format(", central {}", peer));
    machines.push_back(std::move(at));
  }
  terminal.document({{"sandbox", sandbox.folder.string()}, {"machines", std::move(machines)}});
  return Exit::ok;
}

// "2h", "+90s": in milliseconds.
Result<std::int64_t> parse_move(std::string_view text) {
  const auto wrong = [&] {
    return fail(Errc::usage, fmt::format("'{}' is no time such as +2h, 90s, 15m, 3d", text),
                "skerry dev clock +2h, the same with --back, or right");
  };
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.size() < 2) return wrong();
  constexpr std::array<std::pair<char, std::int64_t>, 4> units{
      {{'s', 1000}, {'m', 60'000}, {'h', 3'600'000}, {'d', 86'400'000}}};
  const auto unit = std::find_if(units.begin(), units.end(),
                                 [&](const auto& one) { return one.first == digits.back(); });
  digits.remove_suffix(1);
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (unit == units.end() || error != std::errc() || end != digits.data() + digits.size() ||
      count < 0 || count > move_ms_max / unit->second)
    return wrong();
  return count * unit->second;
}

}  // namespace

Result<Exit> run_dev_up(Terminal& terminal, const DevWish& wish) {
  const Sandbox sandbox(wish);
  std::error_code ignored;
  const bool made = fs::exists(sandbox.site.token_file(), ignored);
  if (!made && fs::exists(sandbox.folder, ignored) && !fs::is_empty(sandbox.folder, ignored))
    return fail(Errc::already_exists,
                fmt::format("{} holds something that is no whole sandbox", sandbox.folder.string()),
                "name a new folder with --sandbox, or remove this one");
  if (!made) {
    if (const auto whole = make(sandbox); !whole) {
      for (const SandboxMachine* machine : sandbox.machines("both")) (void)machine->stop();
      return fail(whole.error());
    }
  }
  for (const SandboxMachine* machine : sandbox.machines("both")) {
    SKERRY_TRY_VOID(machine->config());
    if (!machine->pid()) SKERRY_TRY_VOID(machine->start());
  }
  SKERRY_TRY(const Exit exit, show(sandbox, terminal));
  terminal.next(
      fmt::format("skerry dev clock +2h; skerry dev peer cut; skerry dev disk full; "
                  "skerry dev down --remove{}",
                  wish.sandbox == sandbox_default ? "" : " --sandbox " + shell_word(wish.sandbox)));
  return exit;
}

Result<Exit> run_dev_down(Terminal& terminal, const DevWish& wish) {
  const Sandbox sandbox(wish);
  for (const SandboxMachine* machine : sandbox.machines("both")) {
    SKERRY_TRY_VOID(machine->config());  // of a sandbox, or nothing is touched
    SKERRY_TRY_VOID(machine->stop());
  }
  if (wish.remove) {
    std::error_code error;
    fs::remove_all(sandbox.folder, error);
    if (error)
      return fail(Errc::io_failed,
                  fmt::format("removing {}: {}", sandbox.folder.string(), error.message()));
  }
  terminal.document({{"sandbox", sandbox.folder.string()}, {"removed", wish.remove}});
  terminal.line("{} {}", sandbox.folder.string(), wish.remove ? "is removed" : "is stopped");
  if (!wish.remove) terminal.next("skerry dev up");
  return Exit::ok;
}

Result<Exit> run_dev_status(Terminal& terminal, const DevWish& wish) {
  return show(Sandbox(wish), terminal);
}

Result<Exit> run_dev_clock(Terminal& terminal, const DevWish& wish) {
  const Sandbox sandbox(wish);
  std::int64_t move = 0;
  if (wish.lever != "right") {
    SKERRY_TRY(move, parse_move(wish.lever));
  }
  for (const SandboxMachine* machine : sandbox.machines(wish.at)) {
    SKERRY_TRY_VOID(machine->config());
    SKERRY_TRY(ClockLever lever, ClockLever::open(clock_lever_of(machine->folder()), true));
    if (wish.lever == "right") {
      lever.set_wall(0);
      continue;
    }
    const std::int64_t wall = lever.wall_ms() + (wish.back ? -move : move);
    if (wall > move_ms_max || wall < -move_ms_max)
      return fail(Errc::usage, "a clock is moved by a hundred years at most");
    lever.set_wall(wall);
    if (wish.running) lever.pass(move);
  }
  return show(sandbox, terminal);
}

Result<Exit> run_dev_peer(Terminal& terminal, const DevWish& wish) {
  const Sandbox sandbox(wish);
  SKERRY_TRY(const Config site, sandbox.site.config());
  SKERRY_TRY(const Config central, sandbox.central.config());
  const bool full = !sandbox.site.may_write();
  SKERRY_TRY_VOID(
      sandbox.site.configure(site.listen_address, central.listen_address, wish.lever == "cut"));
  SKERRY_TRY_VOID(sandbox.site.stop());
  SKERRY_TRY_VOID(sandbox.site.start());
  if (full) SKERRY_TRY_VOID(sandbox.site.let_write(false));
  return show(sandbox, terminal);
}

Result<Exit> run_dev_disk(Terminal& terminal, const DevWish& wish) {
  const Sandbox sandbox(wish);
  for (const SandboxMachine* machine : sandbox.machines(wish.at)) {
    SKERRY_TRY_VOID(machine->config());
    SKERRY_TRY_VOID(machine->let_write(wish.lever == "good"));
  }
  return show(sandbox, terminal);
}

}  // namespace skerry::daemon
