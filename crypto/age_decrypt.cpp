#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "core/check.hpp"
#include "crypto/age.hpp"
#include "crypto/age_header.hpp"
#include "crypto/age_stream.hpp"
#include "crypto/age_x25519.hpp"

namespace skerry::crypto {
namespace {

// The file key by the first stanza that one of ours opens. Every X25519 stanza must be well-formed,
// also behind that one.
Result<SecretBytes> find_file_key(const AgeHeader& header,
                                  std::span<const AgeIdentity> identities) {
  std::optional<SecretBytes> found;
  for (const AgeStanza& stanza : header.stanzas) {
    // A pass phrase among other recipients would let whoever knows it forge a file for them.
    if (stanza.type == "scrypt" && header.stanzas.size() > 1)
      return fail(Errc::corrupt_bundle, "the age header has a scrypt stanza beside others");
    if (stanza.type != age_x25519_type) continue;
    for (const AgeIdentity& identity : identities) {
      SKERRY_TRY(auto file_key, unwrap_file_key(identity, stanza));
      if (file_key && !found) found = std::move(file_key);
    }
  }
  if (!found) return fail(Errc::missing_key, "no age key of ours opens the payload");
  return std::move(*found);
}

// One past the newline of the line that begins with "---"; npos while it is not there. Looks from
// `from`, the start of a line.
std::size_t end_of_header(std::string_view text, std::size_t& from) {
  for (;;) {
    const std::size_t newline = text.find('\n', from);
    if (newline == std::string_view::npos) return newline;
    const bool is_end = text.substr(from).starts_with("---");
    from = newline + 1;
    if (is_end) return from;
  }
}

}  // namespace

struct AgeDecryptor::State {
  ByteSink& next;
  std::span<const AgeIdentity> identities;

  std::string header{};         // grows until its last line is there
  std::size_t header_line = 0;  // start of the line not yet looked at
  SecretBytes file_key{};       // between the header and the payload's nonce

  std::optional<ChaCha20Poly1305> cipher{};  // from the payload's nonce on
  AgeChunkNonce chunk{};
  Bytes sealed = Bytes(age_sealed_chunk_bytes);  // the nonce first, then chunk by chunk
  std::size_t held = 0;                          // bytes of `sealed` in use
  SecretBytes plain{age_chunk_bytes};

  Result<ByteView> take_header(ByteView file);
  void take(ByteView& file, std::size_t size);
  Result<void> put(bool last);
  bool opens(bool last);
};

// What is left of `file` behind the header.
Result<ByteView> AgeDecryptor::State::take_header(ByteView file) {
  const std::size_t before = header.size();
  const std::size_t taken = std::min(file.size(), age_header_bytes_max - before);
  header.append(as_text(file.first(taken)));
  const std::size_t compared = std::min(header.size(), age_version_line.size());
  if (header.compare(0, compared, age_version_line, 0, compared) != 0)
    return fail(Errc::corrupt_bundle, "this is not an age v1 file");
  const std::size_t end = end_of_header(header, header_line);
  if (end == std::string::npos) {
    if (header.size() == age_header_bytes_max)
      return fail(Errc::limit_exceeded,
                  fmt::format("the age header has more than {} bytes", age_header_bytes_max));
    return ByteView();
  }
  header.resize(end);
  SKERRY_TRY(const AgeHeader parsed, parse_age_header(header));
  SKERRY_TRY(file_key, find_file_key(parsed, identities));
  const std::string_view covered(header.data(), parsed.mac_covered_bytes);
  if (!equal_constant_time(age_header_mac(file_key.view(), covered), parsed.mac))
    return fail(Errc::corrupt_bundle, "the MAC of the age header does not fit");
  return file.subspan(end - before);
}

// Moves bytes of `file` into `sealed` until it holds `size`, or `file` is used up.
void AgeDecryptor::State::take(ByteView& file, std::size_t size) {
  const std::size_t taken = std::min(file.size(), size - held);
  std::ranges::copy(file.first(taken), std::span(sealed).subspan(held).begin());
  held += taken;
  file = file.subspan(taken);
}

bool AgeDecryptor::State::opens(bool last) {
  return cipher->open(chunk.bytes(last), ByteView(sealed).first(held),
                      plain.span().first(held - aead_tag_bytes));
}

Result<void> AgeDecryptor::State::put(bool last) {
  if (held < aead_tag_bytes) return fail(Errc::corrupt_bundle, "the age file is cut short");
  if (!opens(last)) {
    // For the person who asks why: tell a file that was cut or extended from a damaged one.
    if (opens(!last))
      return fail(Errc::corrupt_bundle, last ? "the age file is cut short"
                                             : "there are bytes behind the end of the age file");
    return fail(Errc::corrupt_bundle, "a chunk of the age file is damaged");
  }
  const std::size_t size = held - aead_tag_bytes;
  if (last && size == 0 && !chunk.is_first())
    return fail(Errc::corrupt_bundle, "the last chunk of the age file is empty");
  chunk.advance();
  held = 0;
  if (size == 0) return {};
  return next.write(plain.view().first(size));
}

AgeDecryptor::AgeDecryptor(ByteSink& next, std::span<const AgeIdentity> identities)
    : state_(new State{next, identities}) {}

AgeDecryptor::~AgeDecryptor() = default;

Result<void> AgeDecryptor::write(ByteView file) {
  State& s = *state_;
  if (s.file_key.empty() && !s.cipher) {
    SKERRY_TRY(file, s.take_header(file));
  }
  if (!s.cipher && !s.file_key.empty()) {
    s.take(file, age_payload_nonce_bytes);
    if (s.held < age_payload_nonce_bytes) return {};
    s.cipher.emplace(age_payload_key(s.file_key.view(), ByteView(s.sealed).first(s.held)).view());
    s.file_key = {};
    s.held = 0;
  }
  while (!file.empty()) {
    // A full chunk is opened when more follows: only then it is known not to be the last.
    if (s.held == age_sealed_chunk_bytes) SKERRY_TRY_VOID(s.put(false));
    s.take(file, age_sealed_chunk_bytes);
  }
  return {};
}

Result<void> AgeDecryptor::finish() {
  State& s = *state_;
  if (!s.cipher) return fail(Errc::corrupt_bundle, "the age file ends in its header");
  SKERRY_TRY_VOID(s.put(true));
  return s.next.finish();
}

}  // namespace skerry::crypto
