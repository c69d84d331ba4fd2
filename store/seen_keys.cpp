#include "store/seen_keys.hpp"

#include <cstring>
#include <limits>

#include "core/check.hpp"
#include "crypto/sha256.hpp"

namespace skerry::store {

std::optional<SeenKeys::Row> SeenKeys::add(const Digest& key, Row row) {
  SKERRY_CHECK(row.number > 0 && row.number <= std::numeric_limits<std::uint32_t>::max());
  Table& table = table_of(key);
  if (table.used * 4 >= table.entries.size() * 3) table.grow();
  Entry& entry = table.entries[table.place_of(key)];
  if (entry.row != 0) return Row{entry.row, entry.content};
  entry = {key, row.content, static_cast<std::uint32_t>(row.number)};
  ++table.used;
  ++used_;
  return std::nullopt;
}

void SeenKeys::add_all(const SeenKeys& other) {
  for (const Table& table : other.tables_)
    for (const Entry& entry : table.entries)
      if (entry.row != 0) add(entry.key, {entry.row, entry.content});
}

std::optional<SeenKeys::Row> SeenKeys::find(const Digest& key) const {
  const Table& table = tables_[key.back()];
  if (table.entries.empty()) return std::nullopt;
  const Entry& entry = table.entries[table.place_of(key)];
  if (entry.row == 0) return std::nullopt;
  return Row{entry.row, entry.content};
}

std::size_t SeenKeys::bytes() const {
  std::size_t bytes = sizeof *this;
  for (const Table& table : tables_) bytes += table.entries.capacity() * sizeof(Entry);
  return bytes;
}

SeenKeys::Digest SeenKeys::digest_of(ByteView key) {
  const Hash whole = crypto::sha256(key);
  Digest digest;
  std::memcpy(digest.data(), whole.data(), digest.size());
  return digest;
}

std::size_t SeenKeys::Table::place_of(const Digest& key) const {
  std::uint32_t number;
  std::memcpy(&number, key.data(), sizeof number);
  // The number's share of the whole range, as a share of the places: of any number of them.
  std::size_t place = (std::uint64_t{number} * entries.size()) >> 32;
  while (entries[place].row != 0 && entries[place].key != key)
    place = place + 1 == entries.size() ? 0 : place + 1;
  return place;
}

void SeenKeys::Table::grow() {
  const std::vector<Entry> before = std::move(entries);
  entries = std::vector<Entry>(before.size() + before.size() / 4 + 8);
  for (const Entry& entry : before)
    if (entry.row != 0) entries[place_of(entry.key)] = entry;
}

}  // namespace skerry::store
