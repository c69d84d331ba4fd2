#include "store/seen_keys.hpp"

#include <cstring>
#include <limits>

#include "core/check.hpp"
#include "crypto/sha256.hpp"

namespace skerry::store {
namespace {

constexpr std::size_t places_first = 1024;  // a power of two, as every size after it

}  // namespace

std::optional<SeenKeys::Row> SeenKeys::add(const Digest& key, Row row) {
  SKERRY_CHECK(row.number > 0 && row.number <= std::numeric_limits<std::uint32_t>::max());
  if (used_ * 8 >= rows_.size() * 7) grow();
  const std::size_t place = place_of(key);
  if (rows_[place] != 0) return Row{rows_[place], contents_[place]};
  digests_[place] = key;
  rows_[place] = static_cast<std::uint32_t>(row.number);
  contents_[place] = row.content;
  ++used_;
  return std::nullopt;
}

void SeenKeys::add_all(const SeenKeys& other) {
  for (std::size_t i = 0; i < other.rows_.size(); ++i)
    if (other.rows_[i] != 0) add(other.digests_[i], {other.rows_[i], other.contents_[i]});
}

std::optional<SeenKeys::Row> SeenKeys::find(const Digest& key) const {
  if (rows_.empty()) return std::nullopt;
  const std::size_t place = place_of(key);
  if (rows_[place] == 0) return std::nullopt;
  return Row{rows_[place], contents_[place]};
}

std::size_t SeenKeys::bytes() const {
  return digests_.capacity() * sizeof(Digest) + rows_.capacity() * sizeof(std::uint32_t) +
         contents_.capacity() * sizeof(std::uint64_t);
}

SeenKeys::Digest SeenKeys::digest_of(ByteView key) {
  const Hash whole = crypto::sha256(key);
  Digest digest;
  std::memcpy(digest.data(), whole.data(), digest.size());
  return digest;
}

// Where the digest is, or where it may be put.
std::size_t SeenKeys::place_of(const Digest& digest) const {
  std::size_t place;
  std::memcpy(&place, digest.data(), sizeof place);
  const std::size_t mask = rows_.size() - 1;
  for (place &= mask; rows_[place] != 0 && digests_[place] != digest;) place = (place + 1) & mask;
  return place;
}

void SeenKeys::grow() {
  const std::vector<Digest> digests = std::move(digests_);
  const std::vector<std::uint32_t> rows = std::move(rows_);
  const std::vector<std::uint64_t> contents = std::move(contents_);
  const std::size_t places = rows.empty() ? places_first : rows.size() * 2;
  digests_ = std::vector<Digest>(places);
  rows_ = std::vector<std::uint32_t>(places);
  contents_ = std::vector<std::uint64_t>(places);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] == 0) continue;
    const std::size_t place = place_of(digests[i]);
    digests_[place] = digests[i];
    rows_[place] = rows[i];
    contents_[place] = contents[i];
  }
}

}  // namespace skerry::store
