// import customers.
#include "daemon/commands/commands.hpp"

namespace skerry::daemon {
namespace {

Result<void> check_map(const std::vector<std::string>& map) {
  for (const std::string& one : map) {
    const std::size_t equals = one.find('=');
    if (equals != std::string::npos && equals > 0 && equals + 1 < one.size()) continue;
    return fail(Errc::usage, fmt::format("--map: '{}' is not field=Header", one),
                "for example --map name=Company");
  }
  return {};
}

}  // namespace

Result<Exit> run_import_customers(Session& session, const ImportOptions& options) {
  SKERRY_TRY_VOID(check_map(options.map));
  SKERRY_TRY(const auto file, open_input(options.file));
  Query query;
  for (const std::string& one : options.map) query.add("map", one);
  if (options.dry_run) query.add("dry_run", "true");
  auto answer = session.daemon.upload("/v1/imports/customers" + query.text(), file, "text/csv",
                                      "importing " + options.file);
  if (!answer && !answer.error().errors.empty())
    answer.error().detail = fmt::format("{}: {}", options.file, answer.error().detail);
  SKERRY_TRY(const auto report, std::move(answer));

  session.terminal.document(report);
  const auto errors = objects_of(report, "errors");
  for (const json::object* one : errors)
    session.terminal.line("row {}, column {}: {}", integer_of(*one, "row"), text_of(*one, "column"),
                          text_of(*one, "detail"));
  session.terminal.line("{}: {} new, {} changed, {} the same{}",
                        counted(integer_of(report, "rows"), "row"), integer_of(report, "created"),
                        integer_of(report, "updated"), integer_of(report, "unchanged"),
                        options.dry_run ? "; nothing was written" : "");
  if (const json::value* ignored = report.if_contains("ignored_columns");
      ignored && ignored->is_array() && !ignored->get_array().empty())
    session.terminal.line("columns not taken: {}", json::serialize(*ignored));
  if (!errors.empty()) {
    session.terminal.next("correct these rows; an import writes all rows or none");
    return Exit::bad_input;
  }
  if (options.dry_run)
    session.terminal.next(fmt::format("skerry import customers {}", options.file));
  return Exit::ok;
}

}  // namespace skerry::daemon
