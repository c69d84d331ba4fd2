#include "licensing/seat_index.hpp"

#include <algorithm>

#include "core/check.hpp"

namespace skerry::licensing {
namespace {

constexpr int seats_looked_at_max = 100;

template <class Map>
void add(Map& map, const std::string& key, std::int64_t amount) {
  const auto [entry, ignored] = map.try_emplace(key, 0);
  entry->second += amount;
  SKERRY_CHECK(entry->second >= 0);
  if (entry->second == 0) map.erase(entry);
}

}  // namespace

std::int64_t SeatIndex::Use::held_of(std::string_view feature) const {
  const auto found = held.find(feature);
  return found == held.end() ? 0 : found->second;
}

std::int64_t SeatIndex::Use::used_of(std::string_view feature, UnixMillis since) const {
  const auto found = used.find(feature);
  return found == used.end() || found->second.since < since ? 0 : found->second.amount;
}

const Seat* SeatIndex::find(const RecordId& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &slots_[found->second].seat;
}

const Seat* SeatIndex::find(const RecordId& entitlement, std::string_view machine) const {
  const auto pool = pools_.find(entitlement);
  if (pool == pools_.end()) return nullptr;
  const auto found = pool->second.machines.find(std::string(machine));
  return found == pool->second.machines.end() ? nullptr : &slots_[found->second].seat;
}

SeatIndex::SlotNumber SeatIndex::take_slot() {
  if (first_free_ == none) {
    SKERRY_CHECK(slots_.size() < none);
    slots_.emplace_back();
    return static_cast<SlotNumber>(slots_.size() - 1);
  }
  const SlotNumber number = first_free_;
  first_free_ = slots_[number].next_free;
  slots_[number].next_free = none;
  return number;
}

// What the seat in the slot adds to its pool (sign 1), or no longer does (-1).
void SeatIndex::count(Pool& pool, SlotNumber number, int sign) {
  const Seat& seat = slots_[number].seat;
  pool.use.seats += sign;
  if (seat.hold == Hold::ended) pool.use.ended += sign;
  add(pool.use.groups, seat.group, sign);
  for (const auto& [feature, amount] : seat.held) add(pool.use.held, feature, sign * amount);
  if (!seat.frees_itself()) return;
  const std::pair end{seat.until, number};
  if (sign > 0) {
    pool.ends.insert(end);
    ends_.insert(end);
  } else {
    pool.ends.erase(end);
    ends_.erase(end);
  }
}

void SeatIndex::put(Seat seat) {
  Pool& pool = pools_[seat.entitlement];
  const auto [entry, is_new] = by_id_.try_emplace(seat.id, none);
  if (is_new) {
    entry->second = take_slot();
    const bool alone = pool.machines.emplace(seat.machine, entry->second).second;
    SKERRY_CHECK(alone);
    pool.all.insert(entry->second);
  } else {
    const Seat& before = slots_[entry->second].seat;
    SKERRY_CHECK(before.entitlement == seat.entitlement && before.machine == seat.machine);
    count(pool, entry->second, -1);
  }
  slots_[entry->second].seat = std::move(seat);
  count(pool, entry->second, 1);
}

void SeatIndex::erase(const RecordId& id) {
  const auto found = by_id_.find(id);
  SKERRY_CHECK(found != by_id_.end());
  const SlotNumber number = found->second;
  Slot& slot = slots_[number];
  Pool& pool = pools_.at(slot.seat.entitlement);
  count(pool, number, -1);
  pool.machines.erase(slot.seat.machine);
  pool.all.erase(number);
  by_id_.erase(found);
  slot.seat = Seat{};
  slot.next_free = first_free_;
  first_free_ = number;
}

void SeatIndex::set_used(const RecordId& entitlement, std::string_view feature, Used used) {
  pools_[entitlement].use.used.insert_or_assign(std::string(feature), used);
}

void SeatIndex::clear() { *this = SeatIndex(); }

const SeatIndex::Use& SeatIndex::use(const RecordId& entitlement) const {
  static const Use nothing;
  const auto pool = pools_.find(entitlement);
  return pool == pools_.end() ? nothing : pool->second.use;
}

UnixMillis SeatIndex::last_end(const RecordId& entitlement) const {
  const auto pool = pools_.find(entitlement);
  if (pool == pools_.end() || pool->second.all.empty()) return 0;
  const Ends& ends = pool->second.ends;
  if (ends.size() == pool->second.all.size() && pool->second.use.ended == 0)
    return ends.rbegin()->first;
  UnixMillis last = 0;
  for (const SlotNumber number : pool->second.all)
    if (const Seat& seat = slots_[number].seat; seat.hold != Hold::ended)
      last = std::max(last, seat.until);
  return last;
}

std::optional<UnixMillis> SeatIndex::first_end(const RecordId& entitlement,
                                               std::int64_t minimum_hold_ms) const {
  const auto pool = pools_.find(entitlement);
  if (pool == pools_.end() || pool->second.ends.empty()) return std::nullopt;
  // One that ends later may be free sooner, where the first was granted just now. Of many that
  // were, the first will do: it is not free sooner than it says.
  std::optional<UnixMillis> first;
  int looked_at = 0;
  for (const auto& [end, number] : pool->second.ends) {
    if (first && (end >= *first || ++looked_at > seats_looked_at_max)) break;
    const Seat& seat = slots_[number].seat;
    const std::int64_t hold_ms = seat.hold == Hold::ended ? 0 : minimum_hold_ms;
    const UnixMillis free_at = std::max(end, seat.granted_at + hold_ms);
    first = std::min(first.value_or(free_at), free_at);
  }
  return first;
}

std::int64_t SeatIndex::live(const RecordId& entitlement, UnixMillis now) const {
  const auto pool = pools_.find(entitlement);
  if (pool == pools_.end()) return 0;
  std::int64_t seats = pool->second.use.seats - pool->second.use.ended;
  const Ends& ends = pool->second.ends;
  for (auto end = ends.begin(); end != ends.end() && end->first <= now; ++end)
    if (slots_[end->second].seat.hold != Hold::ended) --seats;
  return seats;
}

std::vector<RecordId> SeatIndex::due(UnixMillis now, std::size_t seats_max) const {
  std::vector<RecordId> ids;
  for (auto end = ends_.begin(); end != ends_.end() && end->first <= now && ids.size() < seats_max;
       ++end)
    ids.push_back(slots_[end->second].seat.id);
  return ids;
}

std::vector<const Seat*> SeatIndex::list(const RecordId& entitlement, std::size_t seats_max) const {
  std::vector<const Seat*> seats;
  const auto pool = pools_.find(entitlement);
  if (pool == pools_.end()) return seats;
  for (const SlotNumber number : pool->second.all) {
    if (seats.size() >= seats_max) break;
    seats.push_back(&slots_[number].seat);
  }
  std::stable_sort(seats.begin(), seats.end(),
                   [](const Seat* a, const Seat* b) { return a->until < b->until; });
  return seats;
}

}  // namespace skerry::licensing
