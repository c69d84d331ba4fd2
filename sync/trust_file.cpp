#include "sync/trust_file.hpp"

#include <fmt/format.h>

#include "core/json_text.hpp"
#include "crypto/file.hpp"
#include "sync/json_fields.hpp"

namespace skerry::sync {
namespace {

constexpr std::string_view type = "skerry/trust-file/v1";
constexpr std::size_t file_bytes_max = 2 * 1024 * 1024;

Result<TrustFile> parse_trust_file(std::string_view text) {
  SKERRY_TRY(const json::object object, parse_json_object(text));
  SKERRY_TRY_VOID(check_type(object, type));
  const json::value* generations = object.if_contains("generations");
  TrustFile file;
  if (generations) {
    SKERRY_TRY(file.generations, read_signed_texts(*generations, carried_generations_max));
  }
  if (file.generations.empty()) return fail(Errc::corrupt_bundle, "it holds no generation");
  return file;
}

}  // namespace

Result<TrustFile> load_trust_file(const std::filesystem::path& file) {
  SKERRY_TRY(const Bytes bytes, crypto::read_small_file(file, file_bytes_max));
  auto parsed = parse_trust_file(as_text(bytes));
  if (parsed) return parsed;
  Error error = std::move(parsed).error();
  if (error.code != Errc::unsupported_version) error.code = Errc::corrupt_bundle;
  error.detail = fmt::format("{} is no trust file: {}", file.string(), error.detail);
  if (error.next.empty()) error.next = "name a file that skerry trust init or rotate wrote";
  return fail(std::move(error));
}

Result<void> save_trust_file(const std::filesystem::path& file, const TrustFile& trust,
                             bool is_new) {
  json::array generations;
  for (const SignedText& generation : trust.generations) generations.push_back(to_json(generation));
  std::string text =
      to_json_text(json::object{{"_type", type}, {"generations", std::move(generations)}});
  text += '\n';
  constexpr unsigned mode = 0644;  // nothing in it is secret
  return is_new ? crypto::create_file_atomically(file, as_bytes(text), mode)
                : crypto::write_file_atomically(file, as_bytes(text), mode);
}

Result<TrustFileState> read_state(const TrustFile& file) {
  TrustFileState state;
  for (const SignedText& generation : file.generations) {
    SKERRY_TRY(Trust trust, parse_generation(generation.text));
    if (state.trust.generation > 0) state.previous = std::move(state.trust);
    state.trust = std::move(trust);
    if (state.previous && state.trust.generation != state.previous->generation + 1)
      return fail(Errc::bundle_gap, "the generations in the file do not follow each other",
                  "have central write it again: skerry trust rotate");
  }
  // Without the one before, nothing but its own roots can be asked for.
  const Trust& before = state.previous ? *state.previous : state.trust;
  SKERRY_TRY(state.missing, missing_signatures(before, state.trust, file.last()));
  if (!state.previous) state.missing.previous = 0;
  return state;
}

}  // namespace skerry::sync
