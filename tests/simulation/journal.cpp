#include "tests/simulation/journal.hpp"

#include <algorithm>
#include <numeric>

#include "core/check.hpp"

namespace skerry::sim {
namespace {

static_assert(std::ranges::is_sorted(event_names));

std::size_t position(const Kind& kind) {
  const auto at = static_cast<std::size_t>(&kind - all_kinds().data());
  SKERRY_CHECK(at < kinds_max);
  return at;
}

template <class Numbers>
void add_each(Numbers& to, const Numbers& from) {
  std::transform(to.begin(), to.end(), from.begin(), to.begin(), std::plus<>());
}

}  // namespace

void Counts::add(const Counts& other) {
  add_each(events, other.events);
  for (std::size_t i = 0; i < kinds_max; ++i) add_each(writes[i], other.writes[i]);
  bundles += other.bundles;
  imports += other.imports;
  refusals += other.refusals;
}

std::uint64_t Counts::all_writes() const {
  std::uint64_t sum = 0;
  for (const auto& of_kind : writes) sum += std::accumulate(of_kind.begin(), of_kind.end(), 0ULL);
  return sum;
}

std::string Counts::never_happened() const {
  std::string never;
  const auto note = [&](std::string_view what) {
    if (!never.empty()) never += ", ";
    never += what;
  };
  for (std::size_t i = 0; i < events.size(); ++i)
    if (events[i] == 0) note(event_names[i]);
  for (const Kind& kind : all_kinds())
    for (std::size_t op = 0; op < ops_max; ++op)
      if (kind.is_written() && writes[position(kind)][op] == 0)
        note(fmt::format("{} {}", to_text(static_cast<ChangeOp>(op)), kind.name));
  return never;
}

void Journal::happened(std::string_view event, std::uint64_t times) {
  const auto found = std::lower_bound(event_names.begin(), event_names.end(), event);
  SKERRY_CHECK(found != event_names.end() && *found == event);
  counts.events[static_cast<std::size_t>(found - event_names.begin())] += times;
}

void Journal::wrote(const Kind& kind, ChangeOp op) {
  ++counts.writes[position(kind)][static_cast<std::size_t>(op)];
}

}  // namespace skerry::sim
