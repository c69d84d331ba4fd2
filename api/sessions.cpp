#include "api/sessions.hpp"

#include <algorithm>

#include "crypto/token.hpp"

namespace skerry::api {

bool Sessions::Entry::has_ended(const Clock& clock) const {
  const std::int64_t now = clock.monotonic_ms();
  return now - used_ms >= session_idle_ms || now - began_ms >= session_ms ||
         (until && clock.wall_ms() >= *until);
}

std::string Sessions::begin(Principal principal, std::optional<UnixMillis> until,
                            const Clock& clock, Random& random, std::string from) {
  std::string secret = crypto::new_token("session", random);
  principal.session = crypto::token_hash(secret);
  const RecordId account = principal.account;
  const Hash key = principal.session;
  const std::int64_t now = clock.monotonic_ms();
  const MutexLock lock(mutex_);
  make_room(account, clock);
  entries_.emplace(key,
                   Entry{std::make_shared<const Principal>(std::move(principal)),
                         new_record_id(clock.wall_ms(), random), std::move(from), now, now, until});
  return secret;
}

Result<std::shared_ptr<const Principal>> Sessions::find(std::string_view secret, const Clock& clock,
                                                        Use use) {
  const Hash key = crypto::token_hash(secret);
  const MutexLock lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.has_ended(clock)) {
    if (found != entries_.end()) entries_.erase(found);
    return fail(Errc::unauthorized, "the session has ended", "sign in again: POST /v1/session");
  }
  if (use == Use::counted) found->second.used_ms = clock.monotonic_ms();
  return found->second.principal;
}

std::vector<SessionFacts> Sessions::list(const Clock& clock) {
  const std::int64_t offset = clock.wall_ms() - clock.monotonic_ms();
  std::vector<SessionFacts> facts;
  {
    const MutexLock lock(mutex_);
    for (const auto& [key, entry] : entries_)
      if (!entry.has_ended(clock))
        facts.push_back({entry.id, entry.principal, entry.from, entry.began_ms + offset,
                         entry.used_ms + offset});
  }
  std::sort(facts.begin(), facts.end(), [](const SessionFacts& a, const SessionFacts& b) {
    return a.used_at != b.used_at ? a.used_at > b.used_at : b.id < a.id;
  });
  return facts;
}

void Sessions::end(const Hash& session) {
  const MutexLock lock(mutex_);
  entries_.erase(session);
}

void Sessions::end_of(const RecordId& account, const Hash& kept) {
  const MutexLock lock(mutex_);
  std::erase_if(entries_, [&](const auto& entry) {
    return entry.second.principal->account == account && entry.first != kept;
  });
}

// Only people with a password come here, so that all of them together are few.
void Sessions::make_room(const RecordId& account, const Clock& clock) {
  std::erase_if(entries_, [&](const auto& entry) { return entry.second.has_ended(clock); });
  std::size_t count = 0;
  auto oldest = entries_.end();
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->second.principal->account != account) continue;
    ++count;
    if (oldest == entries_.end() || entry->second.used_ms < oldest->second.used_ms) oldest = entry;
  }
  if (count >= sessions_per_account_max) entries_.erase(oldest);
}

}  // namespace skerry::api
