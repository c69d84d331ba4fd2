// site list, show, set: the records of sites, and what a person names in them.
#include <algorithm>
#include <optional>

#include "core/ids.hpp"
#include "daemon/commands/commands.hpp"

namespace skerry::daemon {
namespace {

constexpr std::int64_t sites_max = 1'000'000;
constexpr std::size_t id_beginning_min = 4;

// The one record of the list, if there is just one. Errc::usage when there are several.
Result<std::optional<std::string>> find_one(Session& session, const Query& query,
                                            const std::string& reference) {
  SKERRY_TRY(const auto found, session.daemon.list("/v1/customers" + query.text(), 3));
  if (found.empty()) return std::nullopt;
  if (found.size() == 1) return std::optional(string_of(found.front().as_object(), "id"));
  Error several(Errc::usage, fmt::format("several customers are called {}", reference),
                "give the id or the account reference");
  for (const json::value& one : found)
    several.errors.push_back({string_of(one.as_object(), "id"), "several", "is one"});
  return fail(std::move(several));
}

bool contains(const json::array& set, const json::value& element) {
  return std::find(set.begin(), set.end(), element) != set.end();
}

// "C-1042,Lighthouse Bakery" as ids, each once.
Result<json::array> find_customers(Session& session, const std::vector<std::string>& references) {
  json::array ids;
  for (const std::string& reference : references) {
    SKERRY_TRY(std::string id, find_customer(session, reference));
    if (!contains(ids, json::string(id))) ids.push_back(json::string(id));
  }
  return ids;
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    parts.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

const json::array* set_of(const json::object& site) {
  const json::value* scope = site.if_contains("scope");
  return scope == nullptr ? nullptr : scope->if_array();
}

std::string scope_text(const json::object& site) {
  const json::array* customers = set_of(site);
  if (customers == nullptr) return "all customers";
  return counted(static_cast<std::int64_t>(customers->size()), "customer");
}

std::string or_never(const json::object& site, std::string_view time) {
  const std::string text = string_of(site, time);
  return text.empty() ? "never" : text;
}

// The site's scope with what --scope, --scope-add and --scope-remove say; nullopt: nothing.
Result<std::optional<json::value>> wanted_scope(Session& session, const json::object& site,
                                                const SiteChange& change) {
  if (!change.scope.empty()) {
    SKERRY_TRY(json::value scope, read_scope(session, change.scope));
    return std::optional(std::move(scope));
  }
  if (change.scope_add.empty() && change.scope_remove.empty()) return std::optional<json::value>();
  const json::array* present = set_of(site);
  if (present == nullptr)
    return fail(Errc::usage,
                fmt::format("{} sees all customers: there is no set to add to or take from",
                            string_of(site, "name")),
                "name the whole set: --scope REF,REF");
  SKERRY_TRY(const json::array added, find_customers(session, change.scope_add));
  SKERRY_TRY(const json::array removed, find_customers(session, change.scope_remove));
  json::array customers;
  for (const json::value& each : *present)
    if (!contains(removed, each)) customers.push_back(each);
  for (const json::value& each : added)
    if (!contains(customers, each)) customers.push_back(each);
  return std::optional<json::value>(std::move(customers));
}

Result<json::object> patch_of(Session& session, const json::object& site,
                              const SiteChange& change) {
  json::object patch;
  if (!change.name.empty()) patch["name"] = change.name;
  if (change.customer == "none") {
    patch["customer"] = nullptr;
  } else if (!change.customer.empty()) {
    SKERRY_TRY(patch["customer"], find_customer(session, change.customer));
  }
  SKERRY_TRY(const auto scope, wanted_scope(session, site, change));
  if (scope) patch["scope"] = *scope;
  return patch;
}

std::string customers_text(const json::array& from, const json::array& without,
                           std::string_view verb) {
  const auto count = std::count_if(
      from.begin(), from.end(), [&](const json::value& each) { return !contains(without, each); });
  if (count == 0) return {};
  return fmt::format("{} {}", counted(count, "customer"), verb);
}

// What a change does to a scope, in words.
std::string scope_change_text(const json::object& before, const json::object& after) {
  const json::array* was = set_of(before);
  const json::array* is = set_of(after);
  if (was == nullptr || is == nullptr)
    return was == is ? "as it was"
                     : fmt::format("{}, before: {}", scope_text(after), scope_text(before));
  const std::string enter = customers_text(*is, *was, "more");
  const std::string leave = customers_text(*was, *is, "less");
  if (enter.empty() && leave.empty()) return "as it was";
  return enter + (enter.empty() || leave.empty() ? "" : ", ") + leave;
}

void show_change(Terminal& terminal, const json::object& before, const json::object& after) {
  for (const std::string_view name : {"name", "customer"})
    if (string_of(before, name) != string_of(after, name))
      terminal.line("{:<9} {}, before: {}", name,
                    string_of(after, name).empty() ? "none" : string_of(after, name),
                    string_of(before, name).empty() ? "none" : string_of(before, name));
  terminal.line("{:<9} {}", "scope", scope_change_text(before, after));
}

// A name, an id, or the beginning of one.
Result<json::object> find_site(Session& session, const std::string& text) {
  SKERRY_TRY(const auto sites, session.daemon.list("/v1/sites?archived=include", sites_max));
  std::vector<const json::object*> found;
  for (const json::value& each : sites) {
    const json::object& site = each.as_object();
    const bool begins = text.size() >= id_beginning_min && string_of(site, "id").starts_with(text);
    if (string_of(site, "name") == text || begins) found.push_back(&site);
  }
  if (found.size() == 1) return *found.front();
  return fail(found.empty() ? Errc::not_found : Errc::usage,
              found.empty() ? fmt::format("no site is called {}", text)
                            : fmt::format("{} sites answer to {}", found.size(), text),
              found.empty() ? "skerry site list" : "give the whole id: skerry site list");
}

}  // namespace

Result<std::string> find_customer(Session& session, const std::string& reference) {
  if (const auto id = parse_id<RecordId>(reference)) return to_string(*id);
  for (const std::string_view field : {"account_ref", "name"}) {
    const Query query = Query().add(field, reference).add("archived", "include");
    SKERRY_TRY(auto id, find_one(session, query, reference));
    if (id) return std::move(*id);
  }
  return fail(Errc::not_found,
              fmt::format("no customer has the account reference or name {}", reference),
              "skerry export customers shows them with their ids");
}

Result<json::value> read_scope(Session& session, const std::string& text) {
  if (text == "all") return json::value("all");
  SKERRY_TRY(json::array ids, find_customers(session, split_at_commas(text)));
  return json::value(std::move(ids));
}

Result<Exit> run_site_list(Session& session, bool all) {
  SKERRY_TRY(const auto status, session.daemon.get_object("/v1/status"));
  const std::int64_t last = integer_of(object_of(status, "log"), "n");  // over all lives
  const std::string target = all ? "/v1/sites?archived=include" : "/v1/sites";
  SKERRY_TRY(const auto sites, session.daemon.list(target, sites_max));
  for (const json::value& each : sites) {
    const json::object& site = each.as_object();
    session.terminal.document(site);
    session.terminal.line(
        "{}  {:<8} {:<20} {}, {} behind, last heard of {}", string_of(site, "id"),
        string_of(site, "status"), string_of(site, "name"), scope_text(site),
        counted(std::max(last - integer_of(site, "confirmed"), std::int64_t{0}), "row"),
        or_never(site, "contact_at"));
  }
  if (!sites.empty())
    session.terminal.next("skerry site show NAME");
  else if (string_of(status, "role") == "central")
    session.terminal.next("skerry site invite NAME");
  else
    session.terminal.next("skerry status (this machine is a site; its central has the list)");
  return Exit::ok;
}

Result<Exit> run_site_show(Session& session, const std::string& name) {
  SKERRY_TRY(const auto site, find_site(session, name));
  Terminal& terminal = session.terminal;
  terminal.document(site);
  terminal.line("{}  {}", string_of(site, "name"), string_of(site, "id"));
  terminal.line("status      {}", string_of(site, "status"));
  if (const std::string customer = string_of(site, "customer"); !customer.empty())
    terminal.line("customer    {}", customer);
  terminal.line("scope       {}", scope_text(site));
  if (const json::array* customers = set_of(site))
    for (const json::value& customer : *customers)
      terminal.line("            {}", std::string_view(customer.as_string()));
  terminal.line("key         {}", or_never(site, "sign_key"));
  terminal.line("invited     {}", or_never(site, "invited_at"));
  terminal.line("admitted    {}", or_never(site, "admitted_at"));
  terminal.line("last heard  {}{}", or_never(site, "contact_at"),
                site.contains("clock_suspect") && site.at("clock_suspect") == json::value(true)
                    ? ", its clock is off"
                    : "");
  if (const std::string version = string_of(site, "app_version"); !version.empty())
    terminal.line("runs        {}, schema {}", version, integer_of(site, "schema"));
  terminal.next(fmt::format("skerry site set {} {}", string_of(site, "id"),
                            set_of(site) ? "--scope-add REF" : "--scope REF,REF"));
  return Exit::ok;
}

Result<Exit> run_site_set(Session& session, const SiteChange& change) {
  if (change.name.empty() && change.customer.empty() && change.scope.empty() &&
      change.scope_add.empty() && change.scope_remove.empty())
    return fail(Errc::usage, "nothing is said that should change",
                "--name, --customer, --scope, --scope-add or --scope-remove");
  SKERRY_TRY(const auto before, find_site(session, change.site));
  SKERRY_TRY(const auto patch, patch_of(session, before, change));
  const std::string id = string_of(before, "id");
  SKERRY_TRY(const auto after,
             session.daemon.patch("/v1/sites/" + id, patch, integer_of(before, "revision")));
  if (session.daemon.is_dry_run()) {
    session.terminal.document({{"id", id}, {"dry_run", true}, {"patch", patch}});
    show_change(session.terminal, before, after);
    session.terminal.next("the same without --dry-run");
    return Exit::ok;
  }
  session.terminal.document(after);
  show_change(session.terminal, before, after);
  session.terminal.next(
      "an exchange brings the site what it sees now, and takes from it what it "
      "does not");
  return Exit::ok;
}

}  // namespace skerry::daemon
