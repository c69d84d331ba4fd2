#include "bench/machines.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/check.hpp"
#include "sync/enrolment.hpp"
#include "sync/import.hpp"

namespace skerry::bench {
namespace {

constexpr std::int64_t changes_default = 100'000;

// The bundle as it would lie in the spool of the receiver.
sync::SpooledFile spooled(const sync::PackedBundle& packed) {
  return {sync::FileHandle(::dup(packed.bundle.file.fd())), packed.bundle.size,
          packed.bundle.sha256};
}

auto collect_into(std::vector<sync::PackedBundle>& bundles) {
  return [&bundles](sync::PackedBundle&& packed) -> Result<void> {
    bundles.push_back(std::move(packed));
    return {};
  };
}

sync::Keys copy_of(const sync::Keys& keys) {
  const crypto::SecretBytes age = keys.age.to_text();
  return {keys.sign, must(crypto::AgeIdentity::parse(as_text(age.view())), "copying a key")};
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "skerry-bench-XXXXXX").string();
  SKERRY_CHECK(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Machine::Machine(Role role)
    : role_(role), keys_{crypto::SigningKey::generate(), crypto::AgeIdentity::generate(random_)} {
  open();
  write([this](store::Connection& connection) -> Result<void> {
    log_.load(connection);
    store::write_identity(connection, {role_, SiteId{}, "bench"});
    const std::int64_t ord = role_ == Role::central ? clock_.wall_ms() / 1000 : 0;
    log_.start_own(connection, {new_id<EpochId>(random_), ord});
    return {};
  });
}

Machine::Machine(const Machine& other) : role_(other.role_), keys_(copy_of(other.keys_)) {
  must(other.database_->backup(folder_.path() / "skerry.db", {}), "copying a database");
  open();
  log_.load(*database_->read());
}

void Machine::open() {
  std::filesystem::create_directory(folder_.path() / "spool");
  database_ = must(store::Database::open(folder_.path()), "opening a database");
  database_->set_participant(&log_);
}

sync::Node Machine::node() {
  return {*database_, log_, keys_, clock_, random_, folder_.path() / "spool", "bench", {}};
}

Pair::Pair() {
  const FieldValues site_values =
      must(read_new(*find_kind("site"), {{"name", "bench"}}), "naming a site");
  const auto invited =
      must(sync::invite_site(central.node(), site_values, bench_author()), "inviting");
  const auto answered =
      must(sync::answer_invitation(site.node(), spooled(invited.bundle)), "answering");
  const auto applicant = must(sync::admit_site(
                                  central.node(), spooled(answered.bundle),
                                  [](const Hash&) -> Result<bool> { return true; }, bench_author()),
                              "admitting");
  SKERRY_CHECK(applicant.admitted);
}

FieldValues customer_values(std::int64_t i) {
  const json::object body{{"name", fmt::format("Customer {:07} GmbH", i)},
                          {"account_ref", fmt::format("C-{:07}", i)},
                          {"description", fmt::format("Serviced by team {} since 2019", i % 17)}};
  return must(read_new(*find_kind("customer"), body), "reading a customer");
}

store::Author bench_author() { return {"token:bench", "api", "bench-1"}; }

void create_customers(Machine& machine, std::int64_t count) {
  machine.write([&](store::Connection& connection) -> Result<void> {
    store::RecordWriter writer(connection, machine.log(), machine.role(), machine.random());
    for (std::int64_t i = 0; i < count; ++i)
      SKERRY_TRY_VOID(
          writer.create(*find_kind("customer"), std::nullopt, customer_values(i), bench_author()));
    return {};
  });
}

std::vector<sync::PackedBundle> pack_changes(Machine& site) {
  std::vector<sync::PackedBundle> bundles;
  must(sync::pack_changes(site.node(), {}, collect_into(bundles)), "packing changes");
  return bundles;
}

std::vector<sync::PackedBundle> pack_state(Machine& central) {
  std::vector<sync::PackedBundle> bundles;
  const auto sites = store::list_sites(*central.read());
  SKERRY_CHECK(sites.size() == 1);
  must(sync::pack_state(central.node(), sites.front(), {}, collect_into(bundles)), "packing state");
  return bundles;
}

void import_all(Machine& machine, const std::vector<sync::PackedBundle>& bundles) {
  for (const auto& bundle : bundles) {
    const auto outcome = sync::import_bundle(machine.node(), spooled(bundle), bundle.name);
    if (outcome.applied()) continue;
    std::fprintf(stderr, "bench: importing %s: %s\n", bundle.name.c_str(), outcome.detail.c_str());
    std::exit(1);
  }
}

std::int64_t changes_wanted() {
  const char* text = std::getenv("SKERRY_BENCH_CHANGES");
  const std::int64_t wanted = text != nullptr ? std::atoll(text) : 0;
  return wanted > 0 ? wanted : changes_default;
}

}  // namespace skerry::bench
