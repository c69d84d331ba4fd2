#include "api/handlers/lifecycle.hpp"

#include <fmt/format.h>
#include <functional>

#include "api/handlers/author.hpp"
#include "api/handlers/entity_tag.hpp"
#include "api/handlers/record_request.hpp"
#include "api/handlers/selection.hpp"
#include "api/retry.hpp"
#include "api/work.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"

namespace skerry::api {
namespace {

using store::Connection;
using store::Record;

// What is worth knowing about the record as it is now; empty: nothing.
using Notice = std::function<std::string(Connection&, const Record&)>;

Response noticed_answer(const Record& record, const std::string& notice) {
  Response response = record_answer(200, record);
  if (notice.empty()) return response;
  auto& body = std::get<std::string>(response.body);
  body.pop_back();
  body += fmt::format(",\"notice\":\"{}\"}}", notice);
  return response;
}

// If-Match may be given; it need not, since the verb says what is wanted whatever was there.
Result<std::optional<std::int64_t>> revision_of(const Request& request) {
  if (request.header("If-Match").empty()) return std::nullopt;
  return required_revision(request.header("If-Match"));
}

// Of a verb that one kind has, this one; otherwise the one that {plural} names.
Result<const Kind*> subject_kind(const Request& request, std::string_view kind_name) {
  if (kind_name.empty()) return kind_of(request);
  return find_kind(kind_name);
}

// What a verb changes of the record as it is at the moment of the write.
using Patch = std::function<Result<json::object>(const Record&, UnixMillis)>;

Task<Result<Response>> apply_verb(Context& context, Request& request, std::string_view kind_name,
                                  Patch patch, Notice notice) {
  SKERRY_CO_TRY(const Kind* const kind, subject_kind(request, kind_name));
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  SKERRY_CO_TRY(const RecordId id, id_of(request, *kind));
  SKERRY_CO_TRY(const auto revision, revision_of(request));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<Response> {
    store::RecordWriter writer = record_writer(context, connection);
    const auto present = store::find_record(connection, *kind, id);
    json::object wanted;
    if (present) {
      SKERRY_TRY(wanted, patch(*present, context.node.log.wall_ms()));
    }
    SKERRY_TRY(const Record record, writer.update(*kind, id, wanted, revision, author));
    Response response = noticed_answer(record, notice ? notice(connection, record) : "");
    if (retry.has_key()) retry.keep(connection, response);
    return response;
  };
  auto response = co_await write(context, work);
  co_return response;
}

bool is_set_in(const Record& record, std::string_view field) {
  return record.kind->find_field(field) >= 0 && !record.value(field).is_null();
}

// Sets a time that is not set yet; what is so already keeps its time.
Task<Result<Response>> set_time(Context& context, Request& request, std::string_view kind_name,
                                std::string_view field, Notice notice) {
  auto patch = [field](const Record& present, UnixMillis now) {
    const bool is_set = is_set_in(present, field);
    return is_set ? json::object() : json::object{{field, format_timestamp(now)}};
  };
  auto response = co_await apply_verb(context, request, kind_name, patch, std::move(notice));
  co_return response;
}

Task<Result<Response>> clear(Context& context, Request& request, std::string_view kind_name,
                             std::string_view field) {
  return apply_verb(context, request, kind_name,
                    [field](const Record&, UnixMillis) {
                      return json::object{{field, nullptr}};
                    },
                    {});
}

std::string assets_present(Connection& connection, const Record& record) {
  if (record.kind->name != "location") return {};
  auto cursor = connection.query(
      "SELECT count(*) FROM asset WHERE location=?1 AND archived_at IS NULL AND scrapped_on IS "
      "NULL",
      record.id);
  const std::int64_t count = cursor.next() ? cursor.integer(0) : 0;
  if (count == 0) return {};
  return fmt::format("{} {} at this location", count, count == 1 ? "asset stands" : "assets stand");
}

// To everything that the filters select; what is so already is not changed.
Task<Result<Response>> set_archived(Context& context, Request& request, bool archived) {
  SKERRY_CO_TRY(const Kind* const kind, kind_of(request));
  SKERRY_CO_TRY(Retry retry, Retry::begin(context, request));
  if (auto again = retry.replay()) co_return std::move(*again);
  const store::Author author = author_of(request);
  auto work = [&](Connection& connection) -> Result<Response> {
    const auto usual = archived ? store::Archived::exclude : store::Archived::only;
    SKERRY_TRY(const auto selected, select_records(connection, request, *kind, usual));
    store::RecordWriter writer = record_writer(context, connection);
    const std::string now = format_timestamp(context.node.log.wall_ms());
    std::size_t changed = 0;
    for (const RecordId& id : selected) {
      const auto record = store::find_record(connection, *kind, id);
      if (!record || record->value("archived_at").is_null() != archived) continue;
      const json::value at = archived ? json::value(now) : json::value();
      SKERRY_TRY_VOID(
          writer.update(*kind, id, json::object{{"archived_at", at}}, record->revision, author));
      ++changed;
    }
    Response response = Response::json(
        200, fmt::format(R"({{"selected":{},"changed":{}}})", selected.size(), changed));
    if (retry.has_key()) retry.keep(connection, response);
    return response;
  };
  auto response = co_await write(context, work);
  co_return response;
}

}  // namespace

Task<Result<Response>> archive_records(Context& context, Request& request) {
  return set_archived(context, request, true);
}

Task<Result<Response>> unarchive_records(Context& context, Request& request) {
  return set_archived(context, request, false);
}

Task<Result<Response>> archive_record(Context& context, Request& request) {
  return set_time(context, request, {}, "archived_at", assets_present);
}

Task<Result<Response>> unarchive_record(Context& context, Request& request) {
  return clear(context, request, {}, "archived_at");
}

Task<Result<Response>> disable_customer(Context& context, Request& request) {
  return set_time(context, request, "customer", "disabled_at", {});
}

Task<Result<Response>> enable_customer(Context& context, Request& request) {
  return clear(context, request, "customer", "disabled_at");
}

Task<Result<Response>> disable_entitlement(Context& context, Request& request) {
  return set_time(context, request, "entitlement", "disabled_at", {});
}

Task<Result<Response>> enable_entitlement(Context& context, Request& request) {
  return clear(context, request, "entitlement", "disabled_at");
}

// Body: {"scrapped_on": day, "disposal_reason", "disposal_price"}. The day is an end: nobody
// guesses it; an asset that is scrapped already keeps the one it has.
Task<Result<Response>> scrap_asset(Context& context, Request& request) {
  SKERRY_CO_TRY(const json::object body, request.json_body());
  for (const auto& [name, value] : body)
    if (name != "scrapped_on" && name != "disposal_reason" && name != "disposal_price")
      co_return fail(Error(Errc::validation_failed, "scrapping says when, why and for how much", {},
                           {{"/" + escape_pointer(name), "unknown_field",
                             "is not scrapped_on, disposal_reason or disposal_price"}}));
  auto patch = [&](const Record&, UnixMillis) -> Result<json::object> {
    if (const json::value* day = body.if_contains("scrapped_on"); day && !day->is_null())
      return body;
    return fail(Error(Errc::validation_failed, "scrapping needs a day", {},
                      {{"/scrapped_on", "required", "is the day of its end, as 2026-03-02"}}));
  };
  Notice none;
  auto response = co_await apply_verb(context, request, "asset", patch, std::move(none));
  co_return response;
}

}  // namespace skerry::api
