// The keys of signing.hpp as PEM (RFC 7468) and as files.
#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/pemerr.h>
#include <openssl/x509.h>

#include "crypto/evp.hpp"
#include "crypto/file.hpp"
#include "crypto/signing.hpp"

namespace skerry::crypto {
namespace {

constexpr std::size_t key_file_bytes_max = 16 * 1024;

// An empty view may point nowhere, which OpenSSL takes for a mistake.
BioPtr reader(std::string_view pem) {
  if (pem.empty()) pem = "";
  BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  openssl_must(bio != nullptr, "BIO_new_mem_buf");
  return bio;
}

// The secure kind of memory BIO wipes its buffer when it grows and when it is freed.
BioPtr writer() {
  BioPtr bio(BIO_new(BIO_s_secmem()));
  openssl_must(bio != nullptr, "BIO_new");
  return bio;
}

ByteView written(const BioPtr& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return as_bytes({data, static_cast<std::size_t>(size)});
}

struct PemTextFree {
  void operator()(char* text) const noexcept { OPENSSL_secure_free(text); }
};
using PemText = std::unique_ptr<char, PemTextFree>;

// The DER bytes of the only PEM block of `pem`, which must have this label and no header (an
// "encrypted" one has). OpenSSL's own reader of keys would take several labels and ask a terminal
// for a pass phrase.
Result<SecretBytes> only_block(std::string_view pem, std::string_view label) {
  if (pem.size() > key_file_bytes_max) return fail(Errc::bad_input, "too long for a key in PEM");
  const OpensslErrorScope errors;
  const BioPtr bio = reader(pem);
  SecretBytes der;
  for (int blocks = 0;; ++blocks) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    // PEM_FLAG_SECURE: the buffers on the way are wiped.
    if (PEM_read_bio_ex(bio.get(), &name, &header, &data, &size, PEM_FLAG_SECURE) != 1) {
      // Anything but "no further block" is a second block that is damaged.
      if (blocks == 1 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) return der;
      return fail(Errc::bad_input,
                  fmt::format("there is no whole PEM block \"{}\", or a damaged one", label));
    }
    const PemText name_owner(name);
    const PemText header_owner(header);
    der = SecretBytes(ByteView(data, static_cast<std::size_t>(size)));
    OPENSSL_secure_clear_free(data, static_cast<std::size_t>(size));
    if (blocks > 0) return fail(Errc::bad_input, "there is more than one PEM block");
    if (name != label)
      return fail(Errc::bad_input, fmt::format("the PEM block is \"{}\", not \"{}\"", name, label));
    if (header[0] != '\0') return fail(Errc::bad_input, "the PEM block has a header");
  }
}

tl::unexpected<Error> not_ed25519() {
  return fail(Errc::bad_input, "the key is not an Ed25519 key",
              "openssl genpkey -algorithm ed25519 makes one");
}

PkeyPtr decode_private(ByteView der) {
  const unsigned char* at = der.data();
  PKCS8_PRIV_KEY_INFO* const info =
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size()));
  if (info == nullptr) return nullptr;
  PkeyPtr key(EVP_PKCS82PKEY(info));
  PKCS8_PRIV_KEY_INFO_free(info);
  return at == der.data() + der.size() ? std::move(key) : nullptr;
}

}  // namespace

Result<VerifyKey> VerifyKey::from_pem(std::string_view pem) {
  SKERRY_TRY(const SecretBytes der, only_block(pem, PEM_STRING_PUBLIC));
  const OpensslErrorScope errors;
  const unsigned char* at = der.view().data();
  const PkeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key || at != der.view().data() + der.size() || !EVP_PKEY_is_a(key.get(), "ED25519"))
    return not_ed25519();
  std::array<std::uint8_t, 32> raw;
  std::size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &size) != 1) return not_ed25519();
  return from_raw(raw);
}

std::string VerifyKey::to_pem() const {
  const BioPtr bio = writer();
  openssl_must(PEM_write_bio_PUBKEY(bio.get(), key_.get()) == 1, "PEM_write_bio_PUBKEY");
  return std::string(as_text(written(bio)));
}

Result<SigningKey> SigningKey::from_pem(std::string_view pem) {
  SKERRY_TRY(const SecretBytes der, only_block(pem, PEM_STRING_PKCS8INF));
  const OpensslErrorScope errors;
  PkeyPtr key = decode_private(der.view());
  if (!key || !EVP_PKEY_is_a(key.get(), "ED25519")) return not_ed25519();
  return SigningKey({key.release(), EVP_PKEY_free});
}

SecretBytes SigningKey::to_pem() const {
  const BioPtr bio = writer();
  openssl_must(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                             nullptr) == 1,
               "PEM_write_bio_PKCS8PrivateKey");
  return SecretBytes(written(bio));
}

Result<SigningKey> SigningKey::load(const std::filesystem::path& file) {
  SKERRY_TRY(const SecretBytes pem, read_secret_file(file, key_file_bytes_max));
  Result<SigningKey> key = from_pem(pem.text());
  if (key) return key;
  key.error().detail = fmt::format("{}: {}", file.string(), key.error().detail);
  if (key.error().next.empty())
    key.error().next =
        "name an Ed25519 key as PKCS#8 in PEM, without a pass phrase: openssl pkey -in FILE -out "
        "KEY takes one off";
  return key;
}

Result<void> SigningKey::save_new(const std::filesystem::path& file) const {
  return create_file_atomically(file, to_pem().view(), 0600);
}

}  // namespace skerry::crypto
