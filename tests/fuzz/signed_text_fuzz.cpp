// Signed texts, generations of trust and statements of keys, of any bytes. Property: what is
// accepted comes back from its own encoding, and nobody's signature makes a generation follow.
#include <cstddef>
#include <cstdint>

#include "core/check.hpp"
#include "sync/trust_chain.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto value = skerry::parse_json(skerry::as_text({data, size}));
  if (!value) return 0;
  const auto text = skerry::sync::read_signed_text(*value);
  if (!text) return 0;
  const auto again = skerry::sync::read_signed_text(skerry::sync::to_json(*text));
  SKERRY_CHECK(again && again->text == text->text && again->signatures == text->signatures);
  const auto trust = skerry::sync::parse_generation(text->text);
  if (!trust) return 0;
  const auto same = skerry::sync::parse_generation(skerry::sync::generation_text(*trust));
  SKERRY_CHECK(same &&
               skerry::sync::generation_text(*same) == skerry::sync::generation_text(*trust));
  SKERRY_CHECK(!skerry::sync::follow({}, *text));
  return 0;
}
