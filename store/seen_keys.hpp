// Which keys a file has named already, in which row, and what that row said: 32 bytes a key.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"

namespace skerry::store {

// Keys by the first 16 bytes of their SHA-256: nobody makes two of them meet. Many small open
// tables that grow one by one, by a quarter when they are seven eighths full: 37 to 46 MB for each
// of 1,000,000 rows, and no more while they grow. One thread.
class SeenKeys {
 public:
  using Digest = std::array<std::uint8_t, 16>;
  static Digest digest_of(ByteView key);

  // Where a key stands, and a digest of all that this row says.
  struct Row {
    std::int64_t number = 0;  // 1 or more
    std::uint64_t content = 0;
    friend bool operator==(const Row&, const Row&) = default;
  };
  // Remembers `key` as standing in `row`; the row it stood in before, if it did.
  std::optional<Row> add(const Digest& key, Row row);
  // All that `other` has; what is in both stays as it is here.
  void add_all(const SeenKeys& other);
  // The row that `key` stands in, if it was added.
  std::optional<Row> find(const Digest& key) const;
  std::size_t size() const { return used_; }
  std::size_t bytes() const;

 private:
  struct Entry {
    Digest key{};
    std::uint64_t content = 0;
    std::uint32_t row = 0;  // 0: free
  };
  struct Table {
    std::vector<Entry> entries;
    std::size_t used = 0;

    // Where the key is, or where it may be put. Not of a table without entries.
    std::size_t place_of(const Digest& key) const;
    void grow();
  };
  Table& table_of(const Digest& key) { return tables_[key.back()]; }

  std::array<Table, 256> tables_;
  std::size_t used_ = 0;
};

}  // namespace skerry::store
