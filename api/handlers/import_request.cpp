#include "api/handlers/import_request.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/handlers/author.hpp"
#include "core/text.hpp"

namespace skerry::api {
namespace {

Result<const Kind*> kind_of(std::string_view plural) {
  const Kind* const kind = find_kind_by_plural(plural);
  if (kind && !kind->is_written()) {
    Error refused = store::check_written(*kind).error();
    return fail(Errc::bad_request, std::move(refused.detail), std::move(refused.next));
  }
  if (kind) return kind;
  std::string known;
  for (const Kind& each : all_kinds())
    if (each.is_written()) known += fmt::format("{}{}", known.empty() ? "" : ", ", each.plural);
  return fail(Errc::not_found, fmt::format("there is no kind of record {}", plural),
              "the kinds are: " + known);
}

// "field=value" in two.
Result<std::pair<std::string, std::string>> split(const QueryParameter& query,
                                                  std::string_view what, std::string_view example) {
  const std::size_t equals = query.value.find('=');
  if (equals != std::string::npos && equals > 0 && equals + 1 < query.value.size())
    return std::pair(query.value.substr(0, equals), query.value.substr(equals + 1));
  return fail(Errc::bad_request, fmt::format("{}={} is not a {}", query.name, query.value, what),
              fmt::format("write {}={}", query.name, example));
}

Result<void> read_parameter(ImportRequest& wish, store::ColumnWishes& columns,
                            const QueryParameter& query) {
  if (query.name == "map") {
    SKERRY_TRY(auto parts, split(query, "mapping", "field=Header, for example map=name=Company"));
    columns.mapping.push_back({std::move(parts.first), std::move(parts.second)});
  } else if (query.name == "set") {
    SKERRY_TRY(auto parts,
               split(query, "fixed value", "field=value, for example set=status=active"));
    columns.fixed.push_back({std::move(parts.first), std::move(parts.second)});
  } else if (query.name == "ignore") {
    columns.ignored.push_back(query.value);
  } else if (query.name == "ignore_unknown") {
    SKERRY_TRY(columns.ignore_unknown, read_flag(query));
  } else if (query.name == "dry_run") {
    SKERRY_TRY(wish.options.dry_run, read_flag(query));
  } else if (query.name == "create_parents") {
    SKERRY_TRY(wish.options.create_parents, read_flag(query));
  } else if (query.name == "mode") {
    const auto mode = store::parse_import_mode(query.value);
    if (!mode) return fail(Errc::bad_request, "mode is all-or-nothing or good-rows-only");
    wish.options.mode = *mode;
  }
  return {};
}

Result<store::ColumnWishes> saved_columns(const Context& context, const Kind& kind,
                                          std::string_view name) {
  const store::Reader reader = context.node.database.read();
  auto saved = store::find_mapping(*reader, name);
  if (!saved)
    return fail(Errc::not_found, fmt::format("there is no mapping {}", name),
                "skerry mapping list, or GET /v1/mappings");
  if (saved->kind != kind.name)
    return fail(Errc::bad_request, fmt::format("the mapping {} is for the kind {}, not for {}",
                                               name, saved->kind, kind.name));
  return std::move(saved->columns);
}

// As what tables are sent; browsers on Windows call every CSV file Excel's.
constexpr std::array<std::string_view, 6> table_types{"text/csv",
                                                      "application/csv",
                                                      "text/plain",
                                                      "text/tab-separated-values",
                                                      "application/octet-stream",
                                                      "application/vnd.ms-excel"};

// The charset that a Content-Type names, in lower case; empty when it names none.
std::string charset_of(std::string_view content_type) {
  const std::string lower = ascii_lower(content_type);
  constexpr std::string_view name = "charset=";
  const std::size_t at = lower.find(name);
  if (at == std::string::npos) return {};
  std::string charset = lower.substr(at + name.size());
  charset.resize(std::min(charset.find(';'), charset.size()));
  std::erase_if(charset, [](char c) { return c == '"' || c == ' ' || c == '\t'; });
  return charset;
}

}  // namespace

Result<void> check_import_headers(const Request& request) {
  if (request.header("Idempotency-Key").empty())
    return fail(Errc::bad_request, "an import needs an Idempotency-Key",
                "send one of your own with each file, and the same one when you send it again");
  const std::string_view type = request.header("Content-Type");
  const std::string charset = charset_of(type);
  const bool is_utf8 = charset.empty() || charset == "utf-8" || charset == "us-ascii";
  const std::string named = ascii_lower(trim_blanks(type.substr(0, type.find(';'))));
  const bool may_be_table = named.empty() || std::find(table_types.begin(), table_types.end(),
                                                       named) != table_types.end();
  if (is_utf8 && may_be_table) return {};
  return fail(Errc::unsupported_media, fmt::format("{} is not read here", type),
              fmt::format("send the file itself as the body, CSV in UTF-8, as {}, or without a "
                          "Content-Type",
                          fmt::join(table_types, ", ")));
}

Result<ImportRequest> read_import_request(const Context& context, const Request& request,
                                          std::string_view plural) {
  SKERRY_TRY_VOID(
      request.allow_queries({"map", "set", "ignore", "ignore_unknown", "mapping", "save_mapping",
                             "mode", "dry_run", "create_parents", "kind"}));
  SKERRY_TRY_VOID(request.allow_repeated({"map", "set", "ignore"}));
  ImportRequest wish;
  SKERRY_TRY(wish.kind, kind_of(plural));
  store::ColumnWishes columns;
  for (const QueryParameter& query : request.queries())
    SKERRY_TRY_VOID(read_parameter(wish, columns, query));
  if (const auto name = request.query("mapping")) {
    SKERRY_TRY(store::ColumnWishes saved, saved_columns(context, *wish.kind, *name));
    columns = store::with_wishes(std::move(saved), columns);
  }
  if (const auto name = request.query("save_mapping")) {
    if (!store::is_mapping_name(*name))
      return fail(Errc::bad_request,
                  "save_mapping is a name of 1 to 64 letters, digits, blanks, dots, hyphens and "
                  "underscores");
    if (!wish.options.dry_run)
      wish.to_save = {std::string(*name), std::string(wish.kind->name), columns,
                      context.node.clock.wall_ms(), author_of(request).actor};
  }
  wish.options.columns = std::move(columns);
  return wish;
}

}  // namespace skerry::api
