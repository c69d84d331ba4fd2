#include "sync/backup/facts.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/kinds/kinds.hpp"
#include "store/change_log.hpp"
#include "store/migrations.hpp"
#include "sync/digest.hpp"

namespace skerry::sync {
namespace {

std::int64_t scalar(store::Connection& connection, std::string_view sql) {
  auto cursor = connection.query(sql);
  return cursor.next() ? cursor.integer(0) : 0;
}

// Before anything of it is read: a newer program may have changed what every table means.
Result<std::int64_t> last_migration(store::Connection& connection) {
  const std::int64_t last = scalar(connection, "SELECT max(version) FROM migration");
  const auto known = static_cast<std::int64_t>(store::all_migrations().size());
  if (last <= known) return last;
  return fail(
      Errc::unsupported_version,
      fmt::format("the database has version {}, this program knows versions up to {}", last, known),
      "install the version of skerry that wrote it, or a newer one");
}

constexpr const char* make_another = "do not restore this file; make another backup";

tl::unexpected<Error> unlike(std::string_view what, const std::string& found,
                             const std::string& said) {
  return fail(Errc::corrupt_bundle,
              fmt::format("{} of the database is {}, the manifest says {}", what, found, said),
              make_another);
}

std::string place(const BackupFacts& facts) {
  return fmt::format("row {} of {} of life {} with hash {}", facts.head, to_string(facts.epoch),
                     facts.ord, to_hex(facts.hash));
}

std::string machine(const BackupFacts& facts) {
  return fmt::format("{} \"{}\" {}", to_text(facts.identity.role), facts.identity.name,
                     to_string(facts.identity.id));
}

std::string text_of(const std::optional<DownPosition>& upstream) {
  return upstream ? fmt::format("{} of life {}", upstream->n, upstream->life.ord) : "none";
}

// Kinds that the manifest does not name are of a later schema.
Result<void> compare_counts(const BackupFacts& found, const BackupFacts& said) {
  for (const auto& [kind, count] : said.records) {
    const auto same = std::find(found.records.begin(), found.records.end(), std::pair(kind, count));
    if (same != found.records.end()) continue;
    const auto other = std::find_if(found.records.begin(), found.records.end(),
                                    [&name = kind](const auto& one) { return one.first == name; });
    return unlike(fmt::format("the count of records of kind {}", kind),
                  other == found.records.end() ? "unknown" : fmt::format("{}", other->second),
                  fmt::format("{}", count));
  }
  return {};
}

Result<void> compare(const BackupFacts& found, const BackupFacts& said) {
  if (!(found.identity == said.identity))
    return unlike("the machine", machine(found), machine(said));
  if (place(found) != place(said)) return unlike("the end of the log", place(found), place(said));
  if (found.rows != said.rows)
    return unlike("the last change", fmt::format("{}", found.rows), fmt::format("{}", said.rows));
  if (found.upstream != said.upstream)
    return unlike("the position in central's log", text_of(found.upstream), text_of(said.upstream));
  if (found.sites != said.sites)
    return fail(Errc::corrupt_bundle,
                "the database holds other rows of sites than the manifest says", make_another);
  SKERRY_TRY_VOID(compare_counts(found, said));
  if (found.schema == said.schema && found.digest != said.digest)
    return unlike("the digest", to_hex(found.digest), to_hex(said.digest));
  return {};
}

// A program reads no other tables than its own, and starts on no others.
Result<void> bring_up_to_date(const std::filesystem::path& database, std::int64_t migration) {
  const auto migrations = store::all_migrations();
  if (migration != static_cast<std::int64_t>(migrations.size())) {
    const auto connection = store::Connection::open(database, store::Connection::Mode::read_write);
    SKERRY_TRY_VOID(store::migrate(*connection, migrations));
  }
  const auto connection = store::Connection::open(database, store::Connection::Mode::immutable);
  return store::must_be_current(*connection, migrations);
}

// Computes for long without a word.
Result<void> check_pages(const std::filesystem::path& database) {
  const auto connection = store::Connection::open(database, store::Connection::Mode::immutable);
  auto check = connection->query("PRAGMA integrity_check(1)");
  const std::string first_row(check.next() ? check.text(0) : "");
  if (first_row == "ok") return {};
  // SQLite's words for a page that the disk did not give: that says nothing of what is in it.
  if (first_row.find("unable to get the page") != std::string::npos)
    return fail(Errc::io_failed, fmt::format("reading {}: {}", database.string(), first_row),
                "check the disk, then repeat");
  return fail(Errc::corrupt_bundle, fmt::format("the database is damaged: {}", first_row),
              "do not restore this file; check the disk, and make another backup");
}

Result<void> check_contents(const std::filesystem::path& database, const BackupManifest& manifest,
                            const BackupProgress& progress) {
  SKERRY_TRY_VOID(progress("checking pages", 0, 0));
  SKERRY_TRY_VOID(check_pages(database));
  SKERRY_TRY_VOID(bring_up_to_date(database, manifest.facts.migration));
  SKERRY_TRY_VOID(progress("counting records", 0, 0));
  SKERRY_TRY(const BackupFacts found, read_facts(database));
  SKERRY_TRY_VOID(compare(found, manifest.facts));
  SKERRY_TRY_VOID(progress("checking the log", 0, 0));
  const auto connection = store::Connection::open(database, store::Connection::Mode::immutable);
  Result<void> told;
  const auto audit = store::verify_chains(*connection, [&](std::int64_t) {
    if (told) told = progress("checking the log", 0, 0);
  });
  SKERRY_TRY_VOID(told);
  return audit.map([](const store::LogAudit&) {});
}

}  // namespace

Result<BackupFacts> read_facts(const std::filesystem::path& database) {
  const auto connection = store::Connection::open(database, store::Connection::Mode::immutable);
  BackupFacts facts;
  SKERRY_TRY(facts.migration, last_migration(*connection));
  auto identity = store::read_identity(*connection);
  if (!identity)
    return fail(Errc::bad_config, fmt::format("{} was never initialised", database.string()));
  facts.identity = std::move(*identity);
  const store::LogHead own = store::read_head(*connection, "own");
  facts.epoch = own.epoch;
  facts.ord = own.ord;
  facts.head = own.seq;
  facts.hash = own.hash;
  facts.rows = scalar(*connection, "SELECT max(n) FROM change_log");
  if (const auto upstream = store::read_upstream(*connection); upstream && upstream->life.ord > 0)
    facts.upstream = DownPosition{upstream->life, upstream->n, upstream->hash};
  facts.sites = store::read_durable_heads(*connection);
  for (const Kind& kind : all_kinds())
    facts.records.emplace_back(
        kind.name, scalar(*connection, fmt::format("SELECT count(*) FROM {}", kind.name)));
  facts.digest = digest_records(*connection, std::nullopt).sha256;
  facts.schema = schema_version;
  return facts;
}

// Whoever signed it, a database that is not what the program makes is no backup.
Result<void> check_database(const std::filesystem::path& database, const BackupManifest& manifest,
                            const BackupProgress& progress) {
  try {
    auto checked = check_contents(database, manifest, progress);
    if (checked || checked.error().code != Errc::bad_input) return checked;
    return fail(Errc::corrupt_bundle, checked.error().detail, make_another);
  } catch (const store::StorageError& error) {
    if (!error.is_of_contents()) throw;
    return fail(Errc::corrupt_bundle, error.what(), make_another);
  }
}

}  // namespace skerry::sync
