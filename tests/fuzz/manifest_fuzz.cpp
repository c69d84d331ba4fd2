// The manifest's parser on any text. Property: what is accepted comes back from its own encoding.
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/check.hpp"
#include "sync/manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto manifest = skerry::sync::parse_manifest(text)) {
    const auto encoded = skerry::sync::encode_manifest(*manifest);
    // Escapes may make the text longer than its limit; nothing else may fail.
    if (!encoded) return 0;
    const auto again = skerry::sync::parse_manifest(*encoded);
    SKERRY_CHECK(again.has_value());
    SKERRY_CHECK(*again == *manifest);
  }
  if (const auto head = skerry::sync::parse_payload_head(text)) {
    const auto again = skerry::sync::parse_payload_head(skerry::sync::encode_payload_head(*head));
    SKERRY_CHECK(again.has_value());
    SKERRY_CHECK(*again == *head);
  }
  return 0;
}
