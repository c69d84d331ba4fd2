// export KIND.
#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <span>
#include <unistd.h>

#include "core/kinds/kinds.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/folder.hpp"

namespace skerry::daemon {
namespace {

constexpr std::uint64_t export_bytes_max = std::uint64_t{64} << 30;

Result<std::string> target_of(const RecordExportOptions& options, const std::string& format) {
  Query query;
  query.add("format", format);
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

Result<void> must_be_new(const std::string& name) {
  if (!is_there(name)) return {};
  return fail(Errc::already_exists, fmt::format("{} is there already", name),
              "name a file that is not there, or move this one away");
}

Result<sync::FileHandle> make_new_file(const std::string& name, unsigned mode) {
  SKERRY_TRY_VOID(must_be_new(name));
  sync::FileHandle file(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (file.is_open()) return file;
  Error error = sync::system_error(errno, "making " + name);
  if (error.next.empty())
    error.next = "name a file in a folder that is there and may be written to";
  return fail(std::move(error));
}

Result<ReservedFile> ReservedFile::make(const std::string& name) {
  SKERRY_TRY(sync::FileHandle file, make_new_file(name, 0644));
  return ReservedFile(name, std::move(file));
}

ReservedFile::~ReservedFile() {
  if (file_.is_open()) ::unlink(name_.c_str());
}

Result<void> ReservedFile::save(const OpenFile& from) {
  SKERRY_TRY_VOID(copy(from, file_.fd(), name_));
  file_ = sync::FileHandle();
  return {};
}

Result<void> save_file(const OpenFile& from, const std::string& name) {
  SKERRY_TRY(ReservedFile file, ReservedFile::make(name));
  return file.save(from);
}

std::string file_format(const Session& session, const std::string& wanted, const std::string& out) {
  if (!wanted.empty()) return wanted;
  return session.terminal.json_output() && out.empty() ? "ndjson" : "csv";
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
  if (!out.empty()) SKERRY_TRY_VOID(must_be_new(out));
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
  SKERRY_TRY(const std::string target,
             target_of(options, file_format(session, options.format, options.out)));
  return deliver(session, target, options.out);
}

}  // namespace skerry::daemon
