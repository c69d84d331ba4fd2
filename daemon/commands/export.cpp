// export KIND.
#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <span>
#include <unistd.h>

#include "core/kinds/kinds.hpp"
#include "daemon/commands/commands.hpp"

namespace skerry::daemon {
namespace {

constexpr std::uint64_t export_bytes_max = std::uint64_t{64} << 30;

// With `json` the records are one object a line, as everything is.
Result<std::string> target_of(const RecordExportOptions& options, bool json) {
  Query query;
  const std::string by_itself = json && options.out.empty() ? "ndjson" : "csv";
  query.add("format", options.format.empty() ? by_itself : options.format);
  if (options.all) query.add("archived", "include");
  if (options.all && options.kind == "assets") query.add("scrapped", "include");
  query.add_if("archived", options.archived)
      .add_if("q", options.words)
      .add_if("sort", options.sort);
  for (const std::string& filter : options.filters) {
    const std::size_t equals = filter.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(Errc::usage, fmt::format("'{}' is not field=value", filter),
                  "for example status=active");
    query.add(filter.substr(0, equals), filter.substr(equals + 1));
  }
  return fmt::format("/v1/exports/{}{}", options.kind, query.text());
}

Result<void> copy(const OpenFile& from, int to, const std::string& name) {
  std::array<std::uint8_t, 64 * 1024> piece;
  for (std::uint64_t at = 0; at < from.size;) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), from.size - at));
    const std::span<std::uint8_t> bytes(piece.data(), size);
    SKERRY_TRY_VOID(sync::read_at(from.file.fd(), at, bytes));
    SKERRY_TRY_VOID(sync::write_all(to, bytes, "writing " + name));
    at += size;
  }
  return {};
}

}  // namespace

Result<void> save_file(const OpenFile& from, const std::string& name) {
  sync::FileHandle file(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file.is_open() && errno == EEXIST)
    return fail(Errc::already_exists, fmt::format("{} is there already", name),
                "name a file that is not there");
  if (!file.is_open()) return fail(sync::system_error(errno, "making " + name));
  Result<void> copied = copy(from, file.fd(), name);
  if (!copied) ::unlink(name.c_str());
  return copied;
}

Result<void> check_kind(const std::string& plural) {
  if (find_kind_by_plural(plural)) return {};
  std::string known;
  for (const Kind& kind : all_kinds())
    known += fmt::format("{}{}", known.empty() ? "" : ", ", kind.plural);
  return fail(Errc::usage, fmt::format("there is no kind of record {}", plural),
              "the kinds are " + known);
}

Result<Exit> deliver(Session& session, const std::string& target, const std::string& out) {
  if (!out.empty() && ::access(out.c_str(), F_OK) == 0)
    return fail(Errc::already_exists, fmt::format("{} is there already", out),
                "name a file that is not there");
  SKERRY_TRY(const auto file, session.daemon.fetch(target, export_bytes_max));
  if (out.empty()) {
    SKERRY_TRY_VOID(copy(file, STDOUT_FILENO, "the export"));
    return Exit::ok;
  }
  SKERRY_TRY_VOID(save_file(file, out));
  session.terminal.document({{"file", out}, {"bytes", file.size}});
  session.terminal.line("{}: {}", out, sized(file.size));
  return Exit::ok;
}

Result<Exit> run_export(Session& session, const RecordExportOptions& options) {
  SKERRY_TRY_VOID(check_kind(options.kind));
  SKERRY_TRY(const std::string target, target_of(options, session.terminal.json_output()));
  return deliver(session, target, options.out);
}

}  // namespace skerry::daemon
