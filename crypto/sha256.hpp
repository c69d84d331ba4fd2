// SHA-256 and HMAC-SHA-256 (FIPS 180-4, RFC 2104), and the chain of a log (SYNC 4.1).
#pragma once

#include <memory>

#include "core/bytes.hpp"

struct evp_mac_ctx_st;
struct evp_md_ctx_st;

namespace skerry::crypto {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(ByteView bytes);
  // The digest of everything so far; afterwards the object starts anew.
  Hash finish();

 private:
  evp_md_ctx_st* context_;
};

Hash sha256(ByteView bytes);
Hash hmac_sha256(ByteView key, ByteView message);

// A key that many messages are authenticated with: it is set up once, which takes most of the time
// of a short message. Immutable: any thread.
class HmacKey {
 public:
  explicit HmacKey(ByteView key);
  Hash of(ByteView message) const;

 private:
  std::shared_ptr<evp_mac_ctx_st> begun_;
};

// h_n = SHA256(h_{n-1} ‖ line_n); the chain of a log starts at the zero hash. Cheap: called once a
// write.
Hash chain_hash(const Hash& previous, std::string_view line);

}  // namespace skerry::crypto
