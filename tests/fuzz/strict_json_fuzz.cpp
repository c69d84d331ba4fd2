// What strict JSON accepts must be accepted again after it was written out, with the same meaning.
#include <cstddef>
#include <cstdint>

#include "core/bytes.hpp"
#include "core/check.hpp"
#include "core/strict_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto value = skerry::parse_json(skerry::as_text({data, size}));
  if (!value) return 0;
  const auto again = skerry::parse_json(skerry::json::serialize(*value));
  SKERRY_CHECK(again.has_value());
  SKERRY_CHECK(*again == *value);
  return 0;
}
