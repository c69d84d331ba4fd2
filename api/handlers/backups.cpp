#include "api/handlers/backups.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include "api/work.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "sync/file_handle.hpp"
#include "sync/spool.hpp"

namespace skerry::api {
namespace {

// The file that the request names; nullopt when it leaves that to us.
Result<std::optional<std::filesystem::path>> backup_file(const json::object& body) {
  std::vector<FieldError> errors;
  std::optional<std::filesystem::path> file;
  for (const auto& [key, value] : body) {
    const json::string* text = value.if_string();
    if (key != "file")
      errors.push_back({"/" + escape_pointer(key), "unknown_field", "is not known here: file is"});
    else if (!text || !text->starts_with('/') || has_control_characters(*text))
      errors.push_back({"/file", "bad_path", "must be a path from / on"});
    else
      file = std::string(*text);
  }
  if (errors.empty()) return file;
  return fail(Error(Errc::validation_failed, "the backup cannot be written so",
                    "without file it is made in the data folder", std::move(errors)));
}

std::filesystem::path next_backup_file(const Context& context) {
  const std::filesystem::path folder = context.data_folder / "backups";
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  std::string stamp = format_timestamp(context.node.clock.wall_ms());
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':' || c == '.'; });
  return folder / fmt::format("skerry-{}.db", stamp);
}

}  // namespace

Task<Result<Response>> create_backup(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  json::object body;
  if (!request.body.empty()) {
    SKERRY_CO_TRY(body, request.json_body());
  }
  SKERRY_CO_TRY(const auto wanted, backup_file(body));
  auto work = [&]() -> Result<Response> {
    const std::filesystem::path file = wanted ? *wanted : next_backup_file(context);
    SKERRY_TRY_VOID(context.node.database.backup(file, {}));
    SKERRY_TRY(const sync::FileHandle handle, sync::open_foreign_file(AT_FDCWD, file.string()));
    SKERRY_TRY(const std::uint64_t size, sync::file_size(handle.fd()));
    sync::HashSink hash;
    SKERRY_TRY_VOID(sync::pump(handle.fd(), 0, size, hash));
    return Response::json(
        201,
        json::object{{"file", file.string()}, {"bytes", size}, {"sha256", to_hex(hash.hash())}});
  };
  auto response = co_await on_worker(context, work);
  co_return response;
}

}  // namespace skerry::api
