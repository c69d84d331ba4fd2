#include "api/cursor.hpp"

#include <algorithm>

#include "api/router.hpp"
#include "crypto/secret.hpp"

namespace skerry::api {
namespace {

constexpr std::size_t tag_bytes = 16;
constexpr std::string_view domain{"skerry cursor 1\0",
                                  16};  // no other use of the key gives these tags

// With its length in front, so that no two lists of texts run together to the same bytes.
void append(crypto::Sha256& hash, std::string_view text) {
  std::array<std::uint8_t, 8> length;
  for (std::size_t i = 0; i < length.size(); ++i)
    length[i] = static_cast<std::uint8_t>(text.size() >> (8 * i));
  hash.update(length);
  hash.update(as_bytes(text));
}

}  // namespace

Hash list_binding(const Request& request) {
  using Pair = std::pair<std::string_view, std::string_view>;
  std::vector<Pair> filters;
  for (const QueryParameter& parameter : request.queries())
    if (parameter.name != "cursor" && parameter.name != "limit")
      filters.emplace_back(parameter.name, parameter.value);
  std::sort(filters.begin(), filters.end());

  crypto::Sha256 hash;
  append(hash, request.route->path);
  for (const auto& params : {request.params, filters}) {
    append(hash, std::to_string(params.size()));
    for (const auto& [name, value] : params) {
      append(hash, name);
      append(hash, value);
    }
  }
  return hash.finish();
}

std::string CursorCodec::encode(std::string_view position, const Hash& binding) const {
  SKERRY_CHECK(position.size() <= cursor_position_bytes_max);
  Bytes bytes(as_bytes(position).begin(), as_bytes(position).end());
  const auto proof = tag(position, binding);
  bytes.insert(bytes.end(), proof.begin(), proof.end());
  return to_base64url(bytes);
}

Result<std::string> CursorCodec::decode(std::string_view cursor, const Hash& binding) const {
  const tl::unexpected<Error> refused =
      fail(Errc::bad_cursor, "the cursor was not given out for this list and these filters",
           "ask for the first page again, without a cursor");
  if (cursor.size() > (cursor_position_bytes_max + tag_bytes) * 4 / 3 + 4) return refused;
  const std::optional<Bytes> bytes = from_base64url(cursor);
  if (!bytes || bytes->size() < tag_bytes) return refused;
  const ByteView all(*bytes);
  const std::string_view position = as_text(all.first(all.size() - tag_bytes));
  const auto proof = tag(position, binding);
  if (!crypto::equal_constant_time(all.last(tag_bytes), proof)) return refused;
  return std::string(position);
}

std::array<std::uint8_t, 16> CursorCodec::tag(std::string_view position,
                                              const Hash& binding) const {
  Bytes message(as_bytes(domain).begin(), as_bytes(domain).end());
  message.insert(message.end(), binding.begin(), binding.end());
  message.insert(message.end(), as_bytes(position).begin(), as_bytes(position).end());
  const Hash whole = key_.of(message);
  std::array<std::uint8_t, tag_bytes> cut;
  std::copy_n(whole.begin(), cut.size(), cut.begin());
  return cut;
}

}  // namespace skerry::api
