#include "crypto/password.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <fmt/format.h>
#include <new>
#include <optional>

#include "core/check.hpp"
#include "crypto/evp.hpp"

namespace skerry::crypto {
namespace {

constexpr std::size_t salt_bytes = 16;
constexpr std::size_t hash_bytes = 32;
constexpr std::string_view scheme = "$scrypt$";

// What one derivation may take: twice the memory and four times the work of the default cost. A
// hash from a foreign or damaged store cannot make us spend more.
constexpr std::uint64_t memory_bytes_max = 256ULL * 1024 * 1024;
constexpr std::uint64_t work_max = 4ULL * (1ULL << 17) * 8;

bool is_affordable(const ScryptCost& cost) {
  if (cost.n < 2 || !std::has_single_bit(cost.n) || cost.r < 1 || cost.p < 1) return false;
  if (cost.n > work_max || cost.r > work_max || cost.p > work_max) return false;
  const std::uint64_t blocks = cost.n * cost.r;
  return blocks <= memory_bytes_max / 128 && blocks <= work_max / cost.p &&
         std::uint64_t{cost.r} * cost.p <= memory_bytes_max / 128;
}

struct PasswordHash {
  ScryptCost cost;
  Bytes salt;
  Bytes hash;
};

std::string format_hash(const PasswordHash& parts) {
  return fmt::format("{}n={},r={},p={}${}${}", scheme, std::countr_zero(parts.cost.n), parts.cost.r,
                     parts.cost.p, to_base64url(parts.salt), to_base64url(parts.hash));
}

// "<name><decimal>" off the front of `text`, up to and with `end`.
std::optional<std::uint32_t> take_number(std::string_view& text, std::string_view name, char end) {
  if (!text.starts_with(name)) return std::nullopt;
  text.remove_prefix(name.size());
  std::uint32_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto used = static_cast<std::size_t>(stop - text.data());
  if (error != std::errc() || used == text.size() || *stop != end) return std::nullopt;
  text.remove_prefix(used + 1);
  return value;
}

std::optional<PasswordHash> parse_hash(std::string_view text) {
  const std::string_view whole = text;
  if (!text.starts_with(scheme)) return std::nullopt;
  text.remove_prefix(scheme.size());
  const auto log_n = take_number(text, "n=", ',');
  const auto r = take_number(text, "r=", ',');
  const auto p = take_number(text, "p=", '$');
  const std::size_t dollar = text.find('$');
  if (!log_n || *log_n > 31 || !r || !p || dollar == std::string_view::npos) return std::nullopt;
  auto salt = from_base64url(text.substr(0, dollar));
  auto hash = from_base64url(text.substr(dollar + 1));
  if (!salt || salt->size() != salt_bytes || !hash || hash->size() != hash_bytes)
    return std::nullopt;
  PasswordHash parts{{std::uint64_t{1} << *log_n, *r, *p}, std::move(*salt), std::move(*hash)};
  // Writing it again finds every other spelling, such as a leading zero.
  if (!is_affordable(parts.cost) || format_hash(parts) != whole) return std::nullopt;
  return parts;
}

}  // namespace

SecretBytes scrypt(std::string_view secret, ByteView salt, ScryptCost cost, std::size_t size) {
  SKERRY_CHECK(is_affordable(cost) && size > 0);
  SecretBytes out(size);
  // The table, the blocks, and some room for what OpenSSL counts beside them.
  const std::uint64_t memory = 128 * (cost.n * cost.r + std::uint64_t{cost.r} * cost.p) + (1 << 20);
  const OpensslErrorScope errors;
  if (EVP_PBE_scrypt(secret.data(), secret.size(), salt.data(), salt.size(), cost.n, cost.r, cost.p,
                     memory, out.span().data(), out.size()) != 1)
    throw std::bad_alloc();  // the cost was checked above: only memory can be missing
  return out;
}

std::string hash_password(std::string_view password, Random& random, ScryptCost cost) {
  PasswordHash parts{cost, Bytes(salt_bytes), {}};
  random.fill(parts.salt);
  const SecretBytes hash = scrypt(password, parts.salt, cost, hash_bytes);
  parts.hash.assign(hash.view().begin(), hash.view().end());
  return format_hash(parts);
}

bool verify_password(std::string_view password, std::string_view hash) {
  const std::optional<PasswordHash> parts = parse_hash(hash);
  if (!parts) return false;
  const SecretBytes derived = scrypt(password, parts->salt, parts->cost, hash_bytes);
  return equal_constant_time(derived.view(), parts->hash);
}

}  // namespace skerry::crypto
