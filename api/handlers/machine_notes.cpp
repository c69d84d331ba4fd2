#include "api/handlers/machine_notes.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include "api/certificates.hpp"
#include "core/text.hpp"
#include "core/timestamp.hpp"
#include "store/quarantine.hpp"
#include "sync/engine.hpp"

namespace skerry::api {

std::uint64_t free_bytes(const std::filesystem::path& folder) {
  rlimit limit{};  // none of the process's files may grow: `skerry dev disk full`
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur == 0) return 0;
  struct statvfs info {};
  if (::statvfs(folder.c_str(), &info) != 0) return 0;
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

std::optional<std::pair<std::string, std::string>> note_of_disk(std::uint64_t free) {
  if (free >= disk_reserve_bytes) return std::nullopt;
  return std::pair(
      fmt::format("{} bytes are free on the data folder's disk, and writes may fail", free),
      std::string("free some space there"));
}

std::optional<std::pair<std::string, std::string>> note_of_certificate(const Context& context) {
  if (!context.certificates) return std::nullopt;
  auto trouble = context.certificates->trouble();
  if (!trouble) return std::nullopt;
  return std::pair(std::move(trouble->detail), std::move(trouble->next));
}

std::int64_t scalar(store::Connection& connection, std::string_view sql) {
  auto cursor = connection.query(sql);
  return cursor.next() ? cursor.integer(0) : 0;
}

Untaken read_untaken(store::Connection& connection, Role role) {
  if (role == Role::site)
    return {scalar(connection, "SELECT count(*) FROM row_result WHERE disposition='held'"), 0,
            scalar(connection, "SELECT count(*) FROM row_result WHERE disposition='rejected'")};
  Untaken untaken;
  untaken.held = scalar(connection, "SELECT count(*) FROM held");
  if (untaken.held > 0)  // what could not be read names no record
    untaken.newer = scalar(connection, "SELECT count(*) FROM held WHERE record=zeroblob(16)");
  untaken.rejected = scalar(connection, "SELECT count(*) FROM ingest WHERE disposition='rejected'");
  return untaken;
}

std::string text_of(const Untaken& untaken) {
  return fmt::format("{} held, {} rejected", untaken.held, untaken.rejected);
}

std::optional<store::ExchangeTrouble> read_trouble(store::Connection& connection,
                                                   const Context& context) {
  if (context.online.url.empty()) return std::nullopt;
  return store::read_exchange_trouble(connection);
}

std::string text_of(const store::ExchangeTrouble& trouble) {
  return fmt::format("the online exchange fails since {}: {}", format_timestamp(trouble.since),
                     trouble.detail);
}

std::optional<std::pair<std::string, std::string>> note_of_branches(store::Connection& connection,
                                                                    const store::Site& site) {
  const std::int64_t rows = store::count_quarantined(connection, site, std::nullopt);
  const auto epochs = store::list_epochs(connection, site, sync::acks_max);
  const bool copy = std::any_of(epochs.begin(), epochs.end(), [&](const store::SiteEpoch& epoch) {
    return epoch.copy_at && site.epoch != epoch.epoch && site.expected != epoch.epoch;
  });
  if (copy)
    return std::pair(
        fmt::format("there is a copy of site {}, {} rows are in quarantine", site.name, rows),
        store::copy_remedy(shell_word(site.name)));
  if (rows == 0) return std::nullopt;
  return std::pair(
      fmt::format("{} rows of site {} are of another branch of its log, and in quarantine", rows,
                  site.name),
      fmt::format("exchange with the site, which issues them again, or skerry site adopt {}",
                  shell_word(site.name)));
}

std::optional<std::pair<std::string, std::string>> note_of_authorisation(const store::Site& site) {
  if (!site.expected) return std::nullopt;
  const std::string epoch = to_string(*site.expected);
  return std::pair(
      fmt::format(
          "the machine that writes epoch {} is to go on as site {}, and has not done so yet", epoch,
          site.name),
      fmt::format("exchange with that machine, there and back; to take it back: skerry site "
                  "discard {} --epoch {}",
                  shell_word(site.name), epoch));
}

std::optional<std::pair<std::string, std::string>> note_of_disputes(store::Connection& connection,
                                                                    UnixMillis now) {
  auto row = connection.query(
      "SELECT count(*),sum(disputed_seats),max(disputed_until) FROM allocation WHERE "
      "disputed_until>?1 AND (disputed_seats>0 OR disputed_amounts IS NOT NULL)",
      now);
  if (!row.next() || row.integer(0) == 0) return std::nullopt;
  return std::pair(
      fmt::format("{} disputed: taken back without their sites' word, they may be in use there "
                  "until {}",
                  row.integer(1) > 0 ? fmt::format("{} seats are", row.integer(1)) : "amounts are",
                  format_timestamp(row.integer(2))),
      std::string("exchange with the sites, or wait: GET /v1/allocations has disputed_seats and "
                  "disputed_until"));
}

std::optional<std::pair<std::string, std::string>> note_of_difference(
    const std::optional<store::Upstream>& upstream) {
  if (!upstream || !upstream->differs) return std::nullopt;
  return std::pair(
      fmt::format("what this site holds at {} of central's log is not what central has",
                  upstream->compared),
      std::string("exchange with central, which sends its whole state once; check this disk"));
}

std::optional<std::pair<std::string, std::string>> note_of_difference(const store::Site& site) {
  const store::Comparison& made = site.comparison;
  if (!made.differs) return std::nullopt;
  if (!made.is_alarm())
    return std::pair(fmt::format("what site {} holds at {} is not what is here: the whole state "
                                 "goes to it, once",
                                 site.name, made.at),
                     fmt::format("exchange with the site ({})", site.name));
  return std::pair(
      fmt::format("what site {} holds differs from what is here, again at {}: the whole state was "
                  "sent and did not help, and is not sent again by itself",
                  site.name, made.at),
      fmt::format("compare skerry digest --site {0} here with skerry digest there, check its disk; "
                  "then skerry bundle export {0} --from 1",
                  shell_word(site.name)));
}

}  // namespace skerry::api
