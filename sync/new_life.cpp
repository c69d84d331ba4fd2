#include "sync/new_life.hpp"

#include "store/log_event.hpp"
#include "sync/engine.hpp"
#include "sync/lost_rows.hpp"

namespace skerry::sync {

void begin_life(store::Connection& connection, store::ChangeLog& log, Random& random,
                std::int64_t known_ord, std::string_view why, const std::optional<LostRows>& lost) {
  const store::LogHead ended = log.own();
  store::NewLog next{new_id<EpochId>(random)};
  next.ord = next_ord(log.wall_ms() / 1000, ended.ord, known_ord);
  if (ended.seq > 0) next.parent = LogPlace{ended.epoch, ended.seq, ended.hash};
  next.previous = ended.epoch;
  next.why = why;
  log.start_own(connection, next);
  json::object facts{{"why", why}, {"ord", next.ord}, {"ended", ended.ord}, {"behind", ended.n}};
  if (lost) declare_lost(connection, log, *lost, facts);
  store::append_event(connection, log, "new_life", facts);
}

}  // namespace skerry::sync
