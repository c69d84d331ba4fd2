#include <algorithm>
#include <optional>

#include "core/check.hpp"
#include "crypto/age.hpp"
#include "crypto/age_header.hpp"
#include "crypto/age_stream.hpp"
#include "crypto/age_x25519.hpp"

namespace skerry::crypto {
namespace {

Result<std::string> make_header(std::span<const AgeRecipient> recipients, ByteView file_key,
                                Random& random) {
  std::vector<AgeStanza> stanzas;
  for (const AgeRecipient& recipient : recipients) {
    SKERRY_TRY(AgeStanza stanza, wrap_file_key(recipient, file_key, random));
    stanzas.push_back(std::move(stanza));
  }
  const std::string covered = format_age_stanzas(stanzas);
  return covered + format_age_mac(age_header_mac(file_key, covered));
}

}  // namespace

struct AgeEncryptor::State {
  ByteSink& next;
  Result<std::string> header;  // goes out with the first bytes; its error, too
  std::array<std::uint8_t, age_payload_nonce_bytes> payload_nonce;
  ChaCha20Poly1305 cipher;
  AgeChunkNonce chunk;
  bool started = false;
  SecretBytes plain{age_chunk_bytes};
  std::size_t held = 0;  // bytes of `plain` in use
  Bytes sealed = Bytes(age_sealed_chunk_bytes);

  Result<void> start();
  Result<void> put(ByteView bytes, bool last);
};

Result<void> AgeEncryptor::State::start() {
  if (started) return {};
  started = true;
  if (!header) return fail(header.error());
  SKERRY_TRY_VOID(next.write(as_bytes(*header)));
  return next.write(payload_nonce);
}

Result<void> AgeEncryptor::State::put(ByteView bytes, bool last) {
  const auto out = std::span(sealed).first(bytes.size() + aead_tag_bytes);
  cipher.seal(chunk.bytes(last), bytes, out);
  chunk.advance();
  return next.write(out);
}

AgeEncryptor::AgeEncryptor(ByteSink& next, std::span<const AgeRecipient> recipients,
                           Random& random) {
  SKERRY_CHECK(!recipients.empty() && recipients.size() <= age_stanzas_max);
  SecretBytes file_key(age_file_key_bytes);
  random.fill(file_key.span());
  auto header = make_header(recipients, file_key.view(), random);
  std::array<std::uint8_t, age_payload_nonce_bytes> nonce;
  random.fill(nonce);
  const SecretBytes key = age_payload_key(file_key.view(), nonce);
  state_.reset(new State{next, std::move(header), nonce, ChaCha20Poly1305(key.view()), {}});
}

AgeEncryptor::~AgeEncryptor() = default;

Result<void> AgeEncryptor::write(ByteView plain) {
  State& s = *state_;
  SKERRY_TRY_VOID(s.start());
  while (!plain.empty()) {
    // A full chunk goes out only when more follows: the last one is marked as such.
    if (s.held == age_chunk_bytes) {
      SKERRY_TRY_VOID(s.put(s.plain.view(), false));
      s.held = 0;
    }
    const std::size_t taken = std::min(plain.size(), age_chunk_bytes - s.held);
    std::ranges::copy(plain.first(taken), s.plain.span().subspan(s.held).begin());
    s.held += taken;
    plain = plain.subspan(taken);
  }
  return {};
}

Result<void> AgeEncryptor::finish() {
  State& s = *state_;
  SKERRY_TRY_VOID(s.start());
  SKERRY_TRY_VOID(s.put(s.plain.view().first(s.held), true));
  return s.next.finish();
}

}  // namespace skerry::crypto
