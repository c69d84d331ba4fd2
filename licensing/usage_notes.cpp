#include "licensing/usage_notes.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace skerry::licensing {
namespace {

constexpr std::array<std::string_view, 7> words{"activation", "release", "overdraft", "denial",
                                                "clone",      "usage",   "high_water"};

Happened parse(std::string_view word) {
  const auto found = std::find(words.begin(), words.end(), word);
  return static_cast<Happened>(found - words.begin());
}

}  // namespace

std::string_view to_text(Happened what) { return words[static_cast<std::size_t>(what)]; }

bool is_counted(Happened what) {
  return what != Happened::activation && what != Happened::release && what != Happened::overdraft;
}

void write_note(store::Connection& connection, const UsageKey& key, std::int64_t amount) {
  constexpr std::string_view sum =
      "INSERT INTO usage_note(entitlement,what,at,activation,machine,user,feature,amount,ready_at) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9) ON CONFLICT DO UPDATE SET amount=amount+?8";
  constexpr std::string_view largest =
      "INSERT INTO usage_note(entitlement,what,at,activation,machine,user,feature,amount,ready_at) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9) ON CONFLICT DO UPDATE SET amount=max(amount,?8)";
  const UnixMillis ready_at = is_counted(key.what) ? key.at + hour_ms : 0;  // whatever the clock
  connection.execute(key.what == Happened::high_water ? largest : sum, key.entitlement,
                     to_text(key.what), key.at, key.activation, key.machine, key.user, key.feature,
                     amount, ready_at);
}

std::vector<UsageNote> take_notes(store::Connection& connection, UnixMillis now, bool all,
                                  std::size_t notes_max) {
  std::vector<UsageNote> taken;
  {
    auto rows = connection.query(
        "SELECT entitlement,what,at,activation,machine,user,feature,amount FROM usage_note "
        "WHERE ready_at<=?1 ORDER BY ready_at LIMIT ?2",
        all ? std::numeric_limits<UnixMillis>::max() : now, static_cast<std::int64_t>(notes_max));
    while (rows.next()) {
      UsageNote note;
      note.key = {rows.id<RecordId>(0),     parse(rows.text(1)),       rows.integer(2),
                  rows.id<RecordId>(3),     std::string(rows.text(4)), std::string(rows.text(5)),
                  std::string(rows.text(6))};
      note.amount = rows.integer(7);
      taken.push_back(std::move(note));
    }
  }
  for (const UsageNote& note : taken)
    connection.execute(
        "DELETE FROM usage_note WHERE entitlement=?1 AND what=?2 AND at=?3 AND activation=?4 AND "
        "machine=?5 AND user=?6 AND feature=?7",
        note.key.entitlement, to_text(note.key.what), note.key.at, note.key.activation,
        note.key.machine, note.key.user, note.key.feature);
  return taken;
}

std::int64_t& UsageTally::count_of(UsageKey key) {
  if (counts_.size() >= keys_max && !counts_.contains(key)) {
    key.activation = {};
    key.machine.clear();
    key.user.clear();
  }
  return counts_[std::move(key)];
}

void UsageTally::add(UsageKey key, std::int64_t amount) { count_of(std::move(key)) += amount; }

void UsageTally::mark(UsageKey key, std::int64_t amount) {
  std::int64_t& mark = count_of(std::move(key));
  mark = std::max(mark, amount);
}

void UsageTally::forget_marks() {
  std::erase_if(counts_, [](const auto& each) { return each.first.what == Happened::high_water; });
}

void UsageTally::write(store::Connection& connection) {
  for (const auto& [key, amount] : counts_) write_note(connection, key, amount);
  counts_.clear();
}

}  // namespace skerry::licensing
