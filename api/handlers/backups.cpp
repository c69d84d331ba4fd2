#include "api/handlers/backups.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/handlers/dry_run.hpp"
#include "api/work.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "sync/backup/folder.hpp"

namespace skerry::api {
namespace {

constexpr std::int64_t list_max = 100;

// The texts that a body may have, each at its place in `names`; nullopt where one is absent.
template <std::size_t Count>
Result<std::array<std::optional<std::string>, Count>> texts_of(
    const json::object& body, const std::array<std::string_view, Count>& names) {
  std::vector<FieldError> errors;
  std::array<std::optional<std::string>, Count> found;
  for (const auto& [key, value] : body) {
    const json::string* text = value.if_string();
    const auto name = std::find(names.begin(), names.end(), std::string_view(key));
    if (name == names.end())
      errors.push_back({"/" + escape_pointer(key), "unknown_field",
                        fmt::format("is not known here: {} are", fmt::join(names, ", "))});
    else if (!text || text->empty() || has_control_characters(*text))
      errors.push_back({fmt::format("/{}", *name), "bad_value", "must be a text"});
    else
      found[static_cast<std::size_t>(name - names.begin())] = std::string(*text);
  }
  if (errors.empty()) return found;
  return fail(Error(Errc::validation_failed, "the backup cannot be made or read so",
                    "see /v1/openapi.json", std::move(errors)));
}

tl::unexpected<Error> bad_member(std::string_view name, std::string code, std::string detail,
                                 std::string next) {
  return fail(Error(Errc::validation_failed, "the backup cannot be made or read so",
                    std::move(next),
                    {{fmt::format("/{}", name), std::move(code), std::move(detail)}}));
}

// Of whichever of several the caller asked about, and what there is to choose from.
Error about(const std::filesystem::path& file, Error error) {
  if (error.detail.find(file.filename().string()) == std::string::npos)
    error.detail = fmt::format("{}: {}", file.string(), error.detail);
  if (error.next.empty()) error.next = "name a file that skerry backup list shows";
  return error;
}

}  // namespace

Task<Result<Response>> create_backup(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  json::object body;
  if (!request.body.empty()) {
    SKERRY_CO_TRY(body, request.json_body());
  }
  constexpr std::array<std::string_view, 2> names{"to", "recipient"};
  SKERRY_CO_TRY(const auto texts, texts_of(body, names));
  const BackupWish wish{texts[0].value_or(""), texts[1].value_or("")};
  if (texts[0] && !wish.target.is_absolute())
    co_return bad_member("to", "bad_path", "must be a path from / on",
                         "without it the backup is made in backup.folder");
  if (texts[1]) {
    if (auto parsed = sync::recovery_recipient(wish.recipient); !parsed)
      co_return bad_member("recipient", "bad_value", parsed.error().detail, parsed.error().next);
  }
  auto work = [&]() -> Result<store::Backup> {
    if (dry_run) return try_backup(context, wish);
    SKERRY_TRY(sync::MadeBackup made, make_backup(context, wish));
    return std::move(made.backup);
  };
  auto backup = co_await run_on(context.backups->worker(), work);
  if (!backup) co_return tl::unexpected<Error>(std::move(backup).error());
  co_return Response::json(201, to_json(*backup));
}

Result<Response> list_backups(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  const store::Reader reader = context.node.database.read();
  json::array items;
  for (const store::Backup& backup : store::list_backups(*reader, list_max))
    items.push_back(to_json(backup));
  const std::string& key = context.backup.recipient;
  const auto next = next_backup_at(*reader, context.backup, context.node.clock.wall_ms());
  json::value running;
  if (const auto now = context.backups->running())
    running = json::object{{"step", now->step}, {"done", now->done}, {"total", now->total}};
  return Response::json(
      200, json::object{{"items", std::move(items)},
                        {"recovery_key", key.empty() ? json::value() : json::value(key)},
                        {"folder", context.backup.folder.string()},
                        {"interval_seconds", context.backup.interval_seconds},
                        {"keep", context.backup.keep},
                        {"next_at", next ? json::value(format_timestamp(*next)) : json::value()},
                        {"running", std::move(running)}});
}

Task<Result<Response>> verify_backup_file(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(const json::object body, request.json_body());
  constexpr std::array<std::string_view, 1> names{"file"};
  SKERRY_CO_TRY(const auto texts, texts_of(body, names));
  const std::filesystem::path file(texts[0].value_or(""));
  if (!texts[0]) co_return bad_member("file", "required", "is required", "skerry backup list");
  if (!file.is_absolute() && !sync::is_backup_name(*texts[0]))
    co_return bad_member("file", "bad_path", "must be a path from / on, or the name of a backup",
                         "skerry backup list");
  auto work = [&] { return verify_backup(context, file); };
  auto verified = co_await run_on(context.backups->worker(), work);
  if (!verified) co_return tl::unexpected<Error>(about(file, std::move(verified).error()));
  co_return Response::json(200, to_json(verified->backup));
}

}  // namespace skerry::api
