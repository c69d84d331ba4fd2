#include "sync/new_life.hpp"

#include <fmt/format.h>

#include "core/json_member.hpp"
#include "core/text.hpp"
#include "store/log_event.hpp"
#include "sync/engine.hpp"
#include "sync/lost_rows.hpp"

namespace skerry::sync {

void begin_life(store::Connection& connection, store::ChangeLog& log, Random& random,
                std::int64_t known_ord, std::string_view why, const std::optional<LostRows>& lost,
                const std::optional<SiteId>& told_by) {
  const store::LogHead ended = log.own();
  store::NewLog next{new_id<EpochId>(random)};
  next.ord = next_ord(log.wall_ms() / 1000, ended.ord, known_ord);
  if (ended.seq > 0) next.parent = LogPlace{ended.epoch, ended.seq, ended.hash};
  next.previous = ended.epoch;
  next.why = why;
  log.start_own(connection, next);
  json::object facts{{"why", why}, {"ord", next.ord}, {"ended", ended.ord}, {"behind", ended.n}};
  if (told_by) facts["site"] = to_string(*told_by);
  if (lost) declare_lost(connection, log, *lost, facts);
  store::append_event(connection, log, "new_life", facts);
}

std::map<SiteId, UnixMillis> tellers_of_lives(store::Connection& connection) {
  std::map<SiteId, UnixMillis> tellers;
  // There are many events, all about no record: none before the first of these lives counts.
  auto cursor = connection.query(
      R"(SELECT recorded_at,line FROM change_log WHERE record=zeroblob(16) AND
         n>=(SELECT n FROM change_log WHERE log=(SELECT min(number) FROM log WHERE why=?1)
             ORDER BY seq LIMIT 1) AND
         (line GLOB '{"k":"evt","ev":"new_life",*' OR
          line GLOB '{"k":"evt","ev":"site_believed",*') ORDER BY n)",
      why::behind_peer);
  while (cursor.next()) {
    const auto event = parse_json_object(cursor.text(1));
    const json::object* facts = event ? object_of(*event, "f") : nullptr;
    const auto site = facts ? parse_id<SiteId>(text_of(*facts, "site")) : std::nullopt;
    if (!site) continue;
    if (text_of(*event, "ev") == "new_life")
      tellers.insert_or_assign(*site, cursor.integer(0));
    else
      tellers.erase(*site);
  }
  return tellers;
}

std::string remedy_of_teller(const std::string& site) {
  return fmt::format(
      "at central, if it was put back: skerry site reauthorise {0}; if not, somebody may have the "
      "site's keys: skerry site revoke {0}",
      shell_word(site));
}

void note_believed(store::Connection& connection, store::ChangeLog& log, const SiteId& site,
                   const store::Author& author) {
  store::append_event(connection, log, "site_believed", {{"site", to_string(site)}}, author);
}

}  // namespace skerry::sync
