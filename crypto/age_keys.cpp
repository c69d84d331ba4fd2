#include <algorithm>
#include <fmt/format.h>

#include "core/check.hpp"
#include "crypto/age.hpp"
#include "crypto/bech32.hpp"
#include "crypto/file.hpp"

namespace skerry::crypto {
namespace {

constexpr std::string_view recipient_prefix = "age";
constexpr std::string_view identity_prefix = "age-secret-key-";
constexpr std::size_t key_bytes = 32;
constexpr std::size_t identity_file_bytes_max = 16 * 1024;

// The only line of an identity file that is neither empty nor a comment.
Result<std::string_view> only_key_line(std::string_view text) {
  std::string_view found;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);  // age reads such files, too
    if (line.empty() || line.starts_with('#')) continue;
    if (!found.empty()) return fail(Errc::bad_input, "there is more than one age key");
    found = line;
  }
  if (found.empty()) return fail(Errc::bad_input, "there is no age key");
  return found;
}

}  // namespace

Result<AgeRecipient> AgeRecipient::parse(std::string_view text) {
  const auto bytes = bech32_decode(recipient_prefix, text, Bech32Case::lower);
  if (!bytes || bytes->size() != key_bytes)
    return fail(Errc::bad_input, "not an age recipient (age1… with a right checksum)");
  AgeRecipient recipient;
  std::ranges::copy(bytes->view(), recipient.raw_.begin());
  return recipient;
}

std::string AgeRecipient::to_text() const {
  return std::string(bech32_encode(recipient_prefix, raw_, Bech32Case::lower).text());
}

AgeIdentity AgeIdentity::generate(Random& random) {
  SecretBytes secret(key_bytes);
  random.fill(secret.span());
  return AgeIdentity(std::move(secret));
}

Result<AgeIdentity> AgeIdentity::parse(std::string_view text) {
  auto bytes = bech32_decode(identity_prefix, text, Bech32Case::upper);
  if (!bytes || bytes->size() != key_bytes)
    return fail(Errc::bad_input, "not an age key (AGE-SECRET-KEY-1… with a right checksum)");
  return AgeIdentity(std::move(*bytes));
}

Result<AgeIdentity> AgeIdentity::load(const std::filesystem::path& file) {
  SKERRY_TRY(const SecretBytes text, read_secret_file(file, identity_file_bytes_max));
  const auto line = only_key_line(text.text());
  auto identity = line ? parse(*line) : Result<AgeIdentity>(fail(line.error()));
  if (!identity)
    identity.error().detail = fmt::format("{}: {}", file.string(), identity.error().detail);
  return identity;
}

Result<void> AgeIdentity::save_new(const std::filesystem::path& file) const {
  const std::string comment = fmt::format("# public key: {}\n", recipient().to_text());
  const SecretBytes key = to_text();
  SecretBytes text(comment.size() + key.size() + 1);
  auto at = std::ranges::copy(comment, text.span().begin()).out;
  at = std::ranges::copy(key.view(), at).out;
  *at = '\n';
  return create_file_atomically(file, text.view(), 0600);
}

SecretBytes AgeIdentity::to_text() const {
  return bech32_encode(identity_prefix, secret_.view(), Bech32Case::upper);
}

AgeRecipient AgeIdentity::recipient() const {
  AgeRecipient recipient;
  recipient.raw_ = key_.public_key();
  return recipient;
}

}  // namespace skerry::crypto
