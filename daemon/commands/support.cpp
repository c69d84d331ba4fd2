// support bundle: without a daemon, or with one.
#include <cerrno>
#include <unistd.h>

#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "crypto/file.hpp"
#include "daemon/commands/operations.hpp"
#include "daemon/support/collect.hpp"
#include "sync/ustar.hpp"

namespace skerry::daemon {
namespace {

namespace fs = std::filesystem;

std::string tar_of(const std::vector<SupportMember>& members) {
  std::string tar;
  for (const SupportMember& member : members) {
    tar += as_text(sync::make_ustar_header(member.name, member.text.size()));
    tar += member.text;
    tar.append(sync::ustar_padding(member.text.size()), '\0');
  }
  tar.append(sync::ustar_end_bytes, '\0');
  return tar;
}

// "skerry-support-20270131T101112.tar" in `place` when that is a folder.
fs::path file_for(const std::string& place) {
  std::error_code ignored;
  if (!place.empty() && !fs::is_directory(place, ignored)) return place;
  std::string stamp = format_timestamp(SystemClock().wall_ms()).substr(0, 19);
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  return fs::path(place.empty() ? "." : place) / fmt::format("skerry-support-{}.tar", stamp);
}

}  // namespace

Result<Exit> run_support_bundle(const Config& config, Terminal& terminal, const SupportWish& wish) {
  if (!wish.log.empty()) SKERRY_TRY_VOID(open_input(wish.log));
  const std::vector<SupportMember> members = collect_support(config, {wish.log});
  const std::string tar = tar_of(members);
  if (tar.size() > support_bytes_max)
    return fail(Errc::limit_exceeded,
                fmt::format("the texts are longer than {}", sized(support_bytes_max)));
  const fs::path file = file_for(wish.to);
  if (!wish.dry_run) {
    auto written = crypto::create_file_atomically(file, as_bytes(tar), 0600);
    if (!written && written.error().code == Errc::already_exists)
      return fail(Errc::already_exists, fmt::format("{} is there", file.string()),
                  "name another file");
    SKERRY_TRY_VOID(std::move(written));
  }
  if (::access(config.data_folder.c_str(), R_OK | X_OK) != 0 && errno == EACCES)
    terminal.talk("this user may not read {}: run this as root, or as the daemon's user, for all",
                  config.data_folder);
  json::array listed;
  for (const SupportMember& member : members) {
    listed.push_back(json::object{{"name", member.name},
                                  {"bytes", member.text.size()},
                                  {"replaced", member.replaced},
                                  {"left_out_bytes", member.cut}});
    terminal.line("{:<14} {:>10}{}{}", member.name, sized(member.text.size()),
                  member.replaced == 0 ? "" : fmt::format(", {} replaced", member.replaced),
                  member.cut == 0 ? "" : fmt::format(", {} left out", sized(member.cut)));
  }
  terminal.document({{"file", wish.dry_run ? json::value() : json::value(file.string())},
                     {"bytes", tar.size()},
                     {"members", std::move(listed)}});
  terminal.line("{}", wish.dry_run ? "nothing is written" : "nothing is sent: read it first");
  terminal.next(wish.dry_run ? "skerry support bundle"
                             : fmt::format("tar -xOf {} | less", shell_word(file.string())));
  return Exit::ok;
}

}  // namespace skerry::daemon
