#include <array>

#include "core/timestamp.hpp"
#include "crypto/file.hpp"
#include "daemon/daemon_client.hpp"
#include "daemon/sandbox.hpp"

namespace skerry::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t allocated_ms = 365LL * 86'400'000;

// In the order in which they refer to each other. All of it is invented.
struct Table {
  std::string_view kind;  // plural
  std::string_view rows;
};
constexpr std::array tables{
    Table{"products",
          "sku,name,type\n"
          "PUMP-40,Bilge pump 40,device\n"
          "LAMP-2,Harbour lamp,device\n"},
    Table{"customers",
          "account_ref,name,website\n"
          "C-1001,Aldermoor Quarry,https://aldermoor.example\n"
          "C-1002,Breckwater Ferries,https://breckwater.example\n"
          "C-1003,Corran Light Trust,https://corran.example\n"
          "C-1004,Dunmore Bakery,https://dunmore.example\n"},
    Table{"contacts",
          "customer_ref,first_name,last_name,email\n"
          "C-1001,Ann,Ashdown,ann@aldermoor.example\n"
          "C-1002,Ben,Burrow,ben@breckwater.example\n"
          "C-1003,Cat,Cairns,cat@corran.example\n"},
    Table{"locations",
          "customer_ref,name\n"
          "C-1001,North face\n"
          "C-1002,Slip 2\n"
          "C-1003,Lamp room\n"},
    Table{"assets",
          "product_sku,serial,owner_ref\n"
          "PUMP-40,A-17,C-1001\n"
          "PUMP-40,A-18,C-1002\n"
          "LAMP-2,L-1,C-1003\n"},
};

Result<std::string> id_of(Result<json::object> made) {
  SKERRY_TRY(const json::object record, std::move(made));
  return std::string(record.at("id").as_string());
}

// The first of "items".
Result<json::object> first_of(Result<json::object> answer) {
  SKERRY_TRY(const json::object list, std::move(answer));
  return list.at("items").as_array().at(0).as_object();
}

// Product, edition, plan, offering, order: ten seats of a program. Gives the entitlement, and the
// code that opens it.
struct Sold {
  std::string entitlement;
  std::string code;
};
Result<Sold> sell(DaemonClient& central) {
  SKERRY_TRY(const auto product,
             id_of(central.post("/v1/products",
                                {{"sku", "PRESS"}, {"name", "Press"}, {"type", "software"}})));
  SKERRY_TRY(const auto edition,
             id_of(central.post("/v1/editions", {{"product", product}, {"name", "Standard"}})));
  SKERRY_TRY(const auto plan,
             id_of(central.post("/v1/plans", {{"name", "For good"}, {"license", "perpetual"}})));
  SKERRY_TRY_VOID(central.post("/v1/offerings", {{"sku", "PRESS-10"},
                                                 {"edition", edition},
                                                 {"plan", plan},
                                                 {"seats", 10},
                                                 {"concurrency", "concurrent"}}));
  SKERRY_TRY(const auto customer, first_of(central.get_object("/v1/customers?account_ref=C-1001")));
  SKERRY_TRY(
      const auto order,
      id_of(central.post("/v1/orders", {{"customer", customer.at("id")}, {"order_ref", "O-1"}})));
  SKERRY_TRY(const auto entitled, first_of(central.post(fmt::format("/v1/orders/{}:entitle", order),
                                                        {{"skus", json::array{"PRESS-10"}}})));
  SKERRY_TRY(const auto code,
             first_of(central.post(fmt::format("/v1/orders/{}:codes", order), {{"count", 1}})));
  return Sold{std::string(entitled.at("id").as_string()), std::string(code.at("code").as_string())};
}

Result<void> keep_secret(const fs::path& file, std::string_view text) {
  return crypto::write_file_atomically(file, as_bytes(fmt::format("{}\n", text)), 0600);
}

Result<void> make_token(const SandboxMachine& machine) {
  SKERRY_TRY(const auto said,
             machine.run({"token", "create", "sandbox", "--access", "read,write,admin", "--json"}));
  SKERRY_TRY(const auto token, parse_json_object(said));
  return keep_secret(machine.token_file(), token.at("token").as_string());
}

Result<void> import_tables(const fs::path& sandbox, const SandboxMachine& central) {
  SKERRY_TRY_VOID(make_private_folder(sandbox / "data"));
  for (const Table& table : tables) {
    const fs::path file = sandbox / "data" / fmt::format("{}.csv", table.kind);
    SKERRY_TRY_VOID(crypto::write_file_atomically(file, as_bytes(table.rows), 0644));
    SKERRY_TRY_VOID(central.run({"import", std::string(table.kind), file.string()}));
  }
  return {};
}

// As two people do it: invitation, answer, the words compared, the first state.
Result<std::string> enrol(const fs::path& stick, const SandboxMachine& central,
                          const SandboxMachine& site) {
  SKERRY_TRY_VOID(make_private_folder(stick));
  SKERRY_TRY_VOID(central.run({"site", "invite", "harbour", "--out", stick.string()}));
  SKERRY_TRY(const auto said, site.run({"enrol", stick.string(), "--json"}));
  SKERRY_TRY(const auto answer, parse_json_object(said));
  SKERRY_TRY_VOID(central.run({"site", "admit", stick.string(), "--fingerprint",
                               std::string(answer.at("fingerprint").as_string())}));
  SKERRY_TRY_VOID(site.run({"exchange", stick.string()}));
  return std::string(answer.at("site").as_object().at("id").as_string());
}

}  // namespace

Result<void> fill_sandbox(const fs::path& sandbox, const SandboxMachine& central,
                          const SandboxMachine& site) {
  SKERRY_TRY(const Config config, central.config());
  Terminal quiet(true);
  DaemonClient at_central(config, quiet, DaemonClient::Talk::none);
  SKERRY_TRY_VOID(make_token(central));
  SKERRY_TRY_VOID(make_token(site));
  SKERRY_TRY_VOID(import_tables(sandbox, central));
  SKERRY_TRY(const Sold sold, sell(at_central));
  SKERRY_TRY_VOID(keep_secret(sandbox / "activation-code", sold.code));
  SKERRY_TRY(const std::string id, enrol(sandbox / "stick", central, site));
  const std::string until = format_timestamp(SystemClock().wall_ms() + allocated_ms);
  SKERRY_TRY_VOID(at_central.post(
      "/v1/allocations",
      {{"entitlement", sold.entitlement}, {"site", id}, {"seats", 4}, {"until", until}}));
  SKERRY_TRY_VOID(site.run({"exchange", "--online"}));
  return {};
}

}  // namespace skerry::daemon
