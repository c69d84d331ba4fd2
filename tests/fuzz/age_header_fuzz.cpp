// The age reader under any bytes: no crash, no difference by how the bytes arrive, and of what it
// accepts exactly one spelling.
#include <algorithm>

#include "core/check.hpp"
#include "crypto/age.hpp"
#include "crypto/age_header.hpp"

namespace skerry::crypto {
namespace {

// The key the files of the corpus are for; it guards nothing.
const AgeIdentity& identity() {
  static const AgeIdentity key =
      AgeIdentity::parse(
          "AGE-SECRET-KEY-19QFKEC5TNFXZFZC2VMG2YDYDTYRWRCHYU4A7LZLV5A78KJH8GZ4S9SWQ7U")
          .value();
  return key;
}

class CollectingSink final : public ByteSink {
 public:
  Result<void> write(ByteView bytes) override {
    plain.insert(plain.end(), bytes.begin(), bytes.end());
    return {};
  }
  Result<void> finish() override { return {}; }

  Bytes plain;
};

struct Outcome {
  bool opened;
  Errc code;  // when not opened
  Bytes plain;
};

Outcome decrypt(ByteView file, std::size_t piece_bytes) {
  CollectingSink sink;
  AgeDecryptor decryptor(sink, std::span(&identity(), 1));
  Result<void> done;
  while (done && !file.empty()) {
    const std::size_t size = std::min(piece_bytes, file.size());
    done = decryptor.write(file.first(size));
    file = file.subspan(size);
  }
  if (done) done = decryptor.finish();
  return {done.has_value(), done ? Errc::internal : done.error().code, std::move(sink.plain)};
}

void check_header(std::string_view text) {
  const Result<AgeHeader> header = parse_age_header(text);
  if (!header) return;
  SKERRY_CHECK(!header->stanzas.empty() && header->stanzas.size() <= age_stanzas_max);
  const std::string covered = format_age_stanzas(header->stanzas);
  SKERRY_CHECK(text.substr(0, header->mac_covered_bytes) == covered);
  SKERRY_CHECK(text == covered + format_age_mac(header->mac));
}

}  // namespace
}  // namespace skerry::crypto

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry::crypto;
  const skerry::ByteView file(data, size);
  check_header(skerry::as_text(file));
  const Outcome whole = decrypt(file, SIZE_MAX);
  const Outcome pieces = decrypt(file, 1 + size % 61);
  SKERRY_CHECK(whole.opened == pieces.opened && whole.code == pieces.code);
  SKERRY_CHECK(whole.plain == pieces.plain);
  return 0;
}
