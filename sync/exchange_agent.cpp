#include "sync/exchange_agent.hpp"

#include <algorithm>
#include <cstring>

namespace skerry::sync {

ExchangeAgent::Action ExchangeAgent::on(const Answered& answered) {
  failures_ = 0;
  // After a bundle the peer learns in one more round what we hold now; then it has nothing for us.
  if (answered.more_here || answered.got_bundle) return Send{};
  return Finish{};
}

ExchangeAgent::Action ExchangeAgent::on(const Failed& failed) {
  if (!failed.worth_retrying || ++failures_ >= back_off_.attempts_max) return GiveUp{};
  const int doublings = std::min(failures_ - 1, 30);
  const std::int64_t ceiling =
      std::min(back_off_.longest_ms, back_off_.first_ms << std::min(doublings, 20));
  // Full jitter: many sites that lost one central do not come back in step.
  std::uint8_t bytes[8];
  random_.fill(bytes);
  std::uint64_t chance;
  std::memcpy(&chance, bytes, sizeof chance);
  const auto span = static_cast<std::uint64_t>(std::max<std::int64_t>(ceiling, 1));
  return Wait{static_cast<std::int64_t>(chance % span) + 1};
}

}  // namespace skerry::sync
