#include "licensing/seat_proof.hpp"

#include <charconv>
#include <fmt/format.h>

#include "core/bytes.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/secret.hpp"

namespace skerry::licensing {
namespace {

constexpr std::size_t nonce_code_bytes = 16;

bool same(std::string_view a, std::string_view b) {
  return crypto::equal_constant_time(as_bytes(a), as_bytes(b));
}

}  // namespace

SeatProof::SeatProof(const crypto::SigningKey& key)
    : key_(crypto::hkdf_sha256(key.to_pem().view(), {}, "skerry seats 1", 32).view()) {}

Hash SeatProof::code(std::string_view purpose, const RecordId& seat, std::int64_t number) const {
  return key_.of(as_bytes(fmt::format("{} {} {}", purpose, to_string(seat), number)));
}

std::string SeatProof::secret(const RecordId& seat, std::int64_t generation) const {
  return to_base64url(code("secret", seat, generation));
}

bool SeatProof::is_secret(const RecordId& seat, std::int64_t generation,
                          std::string_view text) const {
  return same(secret(seat, generation), text);
}

std::string SeatProof::nonce(const RecordId& seat, std::int64_t turn) const {
  const Hash whole = code("nonce", seat, turn);
  return fmt::format("{}.{}", turn, to_base64url(ByteView(whole).first(nonce_code_bytes)));
}

std::string SeatProof::holder(const Hash& code) const {
  return "code:" + to_base64url(key_.of(code));
}

std::optional<std::int64_t> SeatProof::turn_of(const RecordId& seat, std::string_view text) const {
  std::int64_t turn = 0;
  const char* const end = text.data() + text.size();
  const auto [dot, error] = std::from_chars(text.data(), end, turn);
  if (error != std::errc() || turn < 0 || !same(nonce(seat, turn), text)) return std::nullopt;
  return turn;
}

}  // namespace skerry::licensing
