#include "api/handlers/bundles.hpp"

#include <fmt/format.h>
#include <limits>

#include "api/handlers/bundle_json.hpp"
#include "api/handlers/dry_run.hpp"
#include "api/handlers/list_request.hpp"
#include "api/handlers/usage.hpp"
#include "api/work.hpp"
#include "core/json_text.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "store/conflicts.hpp"
#include "store/inbox.hpp"
#include "store/list_records.hpp"
#include "sync/bundle_reader.hpp"
#include "sync/import.hpp"

namespace skerry::api {
namespace {

// Which peers to pack for, and from where.
struct ExportWish {
  std::string site;  // at central; empty: every active site
  std::optional<std::int64_t> from;
  bool always = false;
  bool resume = false;
  bool dry_run = false;  // nothing is put into the outbox, nor taken out of it
};

FieldError complaint_about(std::string_view key) {
  const std::string pointer = "/" + escape_pointer(key);
  if (key == "site") return {pointer, "wrong_type", "must be a site's name or id"};
  if (key == "from") return {pointer, "out_of_range", "must be a row's number: 1 or more"};
  if (key == "always" || key == "continue") return {pointer, "wrong_type", "must be true or false"};
  return {pointer, "unknown_field", "is not known here: site, from, always and continue are"};
}

Result<ExportWish> read_wish(const json::object& body) {
  ExportWish wish;
  std::vector<FieldError> errors;
  for (const auto& [key, value] : body) {
    if (key == "site" && value.is_string() && !value.get_string().empty())
      wish.site = value.get_string();
    else if (key == "from" && value.is_int64() && value.get_int64() > 0)
      wish.from = value.get_int64();
    else if (key == "always" && value.is_bool())
      wish.always = value.get_bool();
    else if (key == "continue" && value.is_bool())
      wish.resume = value.get_bool();
    else
      errors.push_back(complaint_about(key));
  }
  if (errors.empty()) return wish;
  return fail(
      Error(Errc::validation_failed, "the request to export is not acceptable",
            "rows are counted from 1; without from, what central has not confirmed is packed",
            std::move(errors)));
}

Result<std::vector<store::Site>> chosen_sites(const Context& context, const std::string& text) {
  const store::Reader reader = context.node.database.read();
  if (!text.empty()) {
    SKERRY_TRY(store::Site site, find_site_by_text(*reader, text));
    return std::vector<store::Site>{std::move(site)};
  }
  std::vector<store::Site> active;
  for (store::Site& site : store::list_sites(*reader))
    if (site.status == store::SiteStatus::active) active.push_back(std::move(site));
  return active;
}

struct Packing {
  json::array bundles;
  json::array failed;  // sites for which none could be packed
};

json::object failure_json(const store::Site& site, const Error& error) {
  const ErrcInfo& entry = info(error.code);
  return {{"site", to_string(site.id)},
          {"name", site.name},
          {"code", entry.slug},
          {"detail", error.detail},
          {"next", error.next.empty() ? entry.remedy : std::string_view(error.next)}};
}

// One site's trouble holds up no other. What concerns all of them, or the one that was asked for,
// is the answer.
Result<void> pack_for_sites(const Context& context, const ExportWish& wish,
                            const sync::EmitBundle& emit, Packing& packing) {
  SKERRY_TRY(const auto sites, chosen_sites(context, wish.site));
  for (const store::Site& site : sites) {
    const auto clear = [&] {
      if (!wish.dry_run) context.outbox.clear_for(sync::Party::site(site.id));
    };
    const std::size_t before = packing.bundles.size();
    clear();
    auto packed = sync::pack_state(node_for(context, wish.dry_run), site,
                                   {.always = wish.always, .from = wish.from, .resume = {}}, emit);
    if (packed) continue;
    if (!wish.site.empty() || info(packed.error().code).exit == Exit::io) return packed;
    clear();
    packing.bundles.resize(before);
    packing.failed.push_back(failure_json(site, packed.error()));
  }
  return {};
}

// What the last medium had no room for.
std::optional<json::object> left_over(const Context& context) {
  sync::Outbox::LastPacking last = context.outbox.last_packing();
  if (last.carried == 0 || last.left.empty()) return std::nullopt;
  return json::object{{"bundles", std::move(last.left)}, {"carried", last.carried}};
}

Result<Packing> pack_due(const Context& context, const ExportWish& wish) {
  Packing packing;
  const sync::EmitBundle keep = [&](sync::PackedBundle&& packed) -> Result<void> {
    if (!wish.dry_run) SKERRY_TRY_VOID(context.outbox.put(packed));
    packing.bundles.push_back(to_json(packed));
    return {};
  };
  if (context.role == Role::central && wish.from && wish.site.empty())
    return fail(Error(Errc::validation_failed, "from is a row of central's log that one site needs",
                      "name the site, too",
                      {{"/site", "required", "must name the site that needs the rows"}}));
  if (context.role == Role::site && !wish.site.empty())
    return fail(Errc::wrong_role, "a site packs for central only", "leave site out");
  if (context.role == Role::central) {
    SKERRY_TRY_VOID(pack_for_sites(context, wish, keep, packing));
    return packing;
  }
  if (!wish.dry_run) {
    context.outbox.clear_for(sync::Party::central());
    SKERRY_TRY_VOID(write_usage(context));
  }
  SKERRY_TRY_VOID(sync::pack_changes(context.node, {.from = wish.from, .sent = {}}, keep));
  return packing;
}

Result<json::object> export_due(const Context& context, const ExportWish& wish) {
  if (wish.resume)
    if (auto left = left_over(context)) return std::move(*left);
  if (!wish.dry_run) context.outbox.begin_packing();
  SKERRY_TRY(Packing packing, pack_due(context, wish));
  if (!wish.dry_run) SKERRY_TRY_VOID(context.outbox.end_packing(packing.bundles));
  return json::object{{"bundles", std::move(packing.bundles)},
                      {"carried", 0},
                      {"failed", std::move(packing.failed)}};
}

Response outcome_json(const Context& context, const sync::ImportOutcome& outcome) {
  const store::Reader reader = context.node.database.read();
  json::object body{{"outcome", outcome.outcome}, {"detail", outcome.detail}};
  body["kind"] = outcome.kind ? json::value(to_string(*outcome.kind)) : json::value();
  body["from"] = outcome.from ? json::value(to_string(*outcome.from)) : json::value();
  body["counts"] = outcome.counts;
  body["conflicts_open"] = store::count_open_conflicts(*reader);
  return Response::json(200, body);
}

std::string safe_name(const Request& request) {
  return std::string(beginning_of(request.query("name").value_or("upload"), 255));
}

// The sender of a bundle that was just accepted.
Result<store::Site> sender_of(const Context& context, const sync::ImportOutcome& outcome) {
  const store::Reader reader = context.node.database.read();
  auto site = outcome.from ? store::find_site(*reader, outcome.from->id) : std::nullopt;
  if (!site) return fail(Errc::unknown_signer, "no site of this central sent the bundle");
  return std::move(*site);
}

}  // namespace

Result<sync::OnlineReport> go_online(const Context& context) {
  Result<std::size_t> usage;
  context.online.in_turn([&] { usage = write_usage(context); });
  SKERRY_TRY_VOID(usage);
  return sync::exchange_online(context.node, context.spool, context.online);
}

Task<Result<Response>> import_bundle(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request, {"name", "bytes", "dry_run"}));
  SKERRY_CO_TRY(const auto bytes, read_number(request, "bytes"));
  const Hash sha256 = request.upload.sha256;
  auto file = take_upload(context, request, bytes);
  if (!file && file.error().code == Errc::bad_request) co_return fail(std::move(file).error());
  const std::string name = safe_name(request);
  auto work = [&]() -> Result<Response> {
    if (dry_run && !file) return fail(std::move(file).error());
    sync::ImportOutcome outcome =
        file ? sync::import_bundle(node_for(context, dry_run), std::move(*file), name)
             : sync::refuse_bundle(context.node, sha256, name, std::move(file).error());
    // A disk that takes no evidence does not change what is refused, nor why.
    if (outcome.evidence && !dry_run) (void)context.spool.keep(*outcome.evidence);
    if (outcome.error) return fail(std::move(*outcome.error));
    return outcome_json(context, outcome);
  };
  auto response = co_await on_worker(context, work);
  co_return response;
}

Task<Result<Response>> export_bundles(Context& context, Request& request) {
  SKERRY_CO_TRY(const bool dry_run, read_dry_run(request));
  json::object body;
  if (!request.body.empty()) {
    SKERRY_CO_TRY(body, request.json_body());
  }
  SKERRY_CO_TRY(ExportWish wish, read_wish(body));
  wish.dry_run = dry_run;
  auto work = [&]() -> Result<Response> {
    SKERRY_TRY(const json::object due, export_due(context, wish));
    return Response::json(200, due);
  };
  auto response = co_await on_worker(context, work);
  co_return response;
}

Result<Response> get_outbox_file(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  SKERRY_TRY(sync::FileHandle file, context.outbox.open_bundle(std::string(request.param("name"))));
  SKERRY_TRY(const std::uint64_t size, sync::file_size(file.fd()));
  return Response::file(Descriptor(file.release()), size, sync::bundle_media_type);
}

Result<Response> drop_outbox_file(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({}));
  SKERRY_TRY_VOID(context.outbox.carried(std::string(request.param("name"))));
  return Response::empty();
}

Result<Response> list_inbox(Context& context, Request& request) {
  SKERRY_TRY_VOID(request.allow_queries({"limit", "cursor"}));
  SKERRY_TRY(const int limit, read_limit(request, store::list_limit_default));
  SKERRY_TRY(const auto position, read_cursor(context, request));
  std::int64_t before = std::numeric_limits<std::int64_t>::max();
  if (position) before = std::stoll(*position);  // authentic: written below
  const store::Reader reader = context.node.database.read();
  auto entries = store::list_inbox(*reader, limit + 1, before);
  std::optional<std::string> next;
  if (std::ssize(entries) > limit) {
    entries.pop_back();
    next = std::to_string(entries.back().number);
  }
  std::string items;
  for (const store::InboxEntry& entry : entries) {
    json::object item{
        {"name", entry.name},     {"sha256", to_hex(entry.sha256)},
        {"kind", entry.kind},     {"outcome", entry.outcome},
        {"detail", entry.detail}, {"received_at", format_timestamp(entry.received_at)}};
    item["kept"] = context.spool.is_kept(entry.sha256);
    item["sender"] = entry.sender ? json::value(to_string(*entry.sender)) : json::value();
    if (!items.empty()) items += ',';
    append_json(items, std::move(item));
  }
  return list_answer(context, request, std::move(items), next);
}

// The bundle's own signature is the authority here: no token, and nothing is done for a bundle that
// import_bundle refuses.
Task<Result<Response>> exchange_bundle(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  const Hash sha256 = request.upload.sha256;
  auto file = take_upload(context, request);
  const std::string resume(request.header(sync::header_resume));
  auto work = [&]() -> Result<Response> {
    if (context.role != Role::central)
      return fail(Errc::wrong_role, "this machine is a site; exchanges go to central",
                  "set central.url to central's address");
    sync::ImportOutcome outcome =
        file ? sync::import_bundle(context.node, std::move(*file), "online", sync::Door::open)
             : sync::refuse_bundle(context.node, sha256, "online", std::move(file).error(),
                                   sync::Door::open);
    const bool leads_on =
        outcome.error && outcome.error->code == Errc::bundle_gap && outcome.of_other_life;
    if (outcome.error && !leads_on) return fail(std::move(*outcome.error));
    SKERRY_TRY(const store::Site site, sender_of(context, outcome));
    std::optional<sync::PackedBundle> due;
    SKERRY_TRY_VOID(sync::pack_state(
        context.node, site, {.acks_only = outcome.from_copy, .pieces_max = 1, .resume = resume},
        [&](sync::PackedBundle&& packed) -> Result<void> {
          due.emplace(std::move(packed));
          return {};
        }));
    if (outcome.error && !due) return fail(std::move(*outcome.error));
    Response response = Response::empty();
    if (due) {
      const std::uint64_t size = due->bundle.size;
      response =
          Response::file(Descriptor(due->bundle.file.release()), size, sync::bundle_media_type);
      if (!due->resume.empty()) response.header(sync::header_resume, due->resume);
    }
    response.header(sync::header_outcome, leads_on ? "noted" : outcome.outcome);
    return response;
  };
  auto response = co_await on_worker(context, work);
  co_return response;
}

Task<Result<Response>> exchange_online(Context& context, Request& request) {
  SKERRY_CO_TRY_VOID(request.allow_queries({}));
  if (!request.body.empty()) {
    SKERRY_CO_TRY(const json::object body, request.json_body());
    std::vector<FieldError> errors;
    for (const auto& [key, value] : body)
      errors.push_back({"/" + escape_pointer(key), "unknown_field", "is not known here"});
    if (!errors.empty())
      co_return fail(Error(Errc::validation_failed, "the request to exchange has no members",
                           "send {} or no body", std::move(errors)));
  }
  auto work = [&]() -> Result<Response> {
    if (context.role != Role::site)
      return fail(Errc::wrong_role, "this machine is central; its sites start the exchange",
                  "at a site: skerry exchange --online");
    SKERRY_TRY(const auto report, go_online(context));
    const store::Reader reader = context.node.database.read();
    return Response::json(200,
                          json::object{{"rounds", report.rounds},
                                       {"sent", report.sent},
                                       {"received", report.received},
                                       {"rows_sent", report.rows_sent},
                                       {"records_received", report.records_received},
                                       {"confirmed", report.confirmed},
                                       {"conflicts_open", store::count_open_conflicts(*reader)}});
  };
  auto response = co_await run_on(context.line, work);
  co_return response;
}

}  // namespace skerry::api
