#include "sync/bundle_writer.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "core/check.hpp"
#include "sync/container.hpp"
#include "sync/line_reader.hpp"
#include "sync/zstd_stream.hpp"

namespace skerry::sync {
namespace {

constexpr std::size_t line_buffer_bytes = 128 * kibibyte;
// Headers, the longest manifest, eight signatures, paddings and the end: under 272 KiB.
constexpr std::uint64_t container_bytes_max = manifest_bytes_max + 16 * kibibyte;

// `payload_fd` is read when the manifest has a payload.
Result<BundleFile> assemble(const std::filesystem::path& folder, Manifest manifest,
                            std::span<const crypto::SigningKey> keys, int payload_fd,
                            const BundleLimits& limits) {
  SKERRY_TRY(const std::string text, encode_manifest(manifest));
  SKERRY_CHECK(std::any_of(keys.begin(), keys.end(), [&](const crypto::SigningKey& key) {
    return key.verify_key().key_id() == manifest.from.key;
  }));
  SKERRY_TRY(FileHandle file, make_private_file(folder));
  FileSink out(file.fd(), limits.file_bytes_max);
  std::optional<PayloadSource> payload;
  if (manifest.payload) payload = PayloadSource{payload_fd, manifest.payload->size};
  SKERRY_TRY_VOID(write_container(out, text, keys, payload));
  const Hash hash = out.hash();
  return BundleFile{std::move(file), out.bytes(), hash, std::move(manifest)};
}

}  // namespace

Result<BundleFile> write_bundle(const std::filesystem::path& folder, const Manifest& manifest,
                                std::span<const crypto::SigningKey> keys) {
  SKERRY_CHECK(!manifest.payload);
  return assemble(folder, manifest, keys, -1, BundleLimits{});
}

// The stages refer to one another: built in place, in the order the bytes leave.
struct BundleWriter::State {
  State(std::filesystem::path folder_in, FileHandle file_in, Random& random,
        std::span<const crypto::AgeRecipient> recipients, const Route& route_in,
        const BundleOptions& options_in)
      : folder(std::move(folder_in)),
        route(route_in),
        options(options_in),
        file(std::move(file_in)),
        out(file.fd(), options.limits.file_bytes_max - container_bytes_max) {
    SKERRY_CHECK(recipients.size() <= crypto::age_stanzas_max);
    if (!recipients.empty()) encryptor.emplace(out, recipients, random);
    ByteSink& next = encryptor ? static_cast<ByteSink&>(*encryptor) : out;
    compressor.emplace(next, options.zstd_level);
    buffer.reserve(line_buffer_bytes);
  }

  Result<void> flush() {
    plain_hash.update(as_bytes(buffer));
    SKERRY_TRY_VOID(compressor->write(as_bytes(buffer)));
    buffer.clear();
    return {};
  }

  std::filesystem::path folder;
  Route route;
  BundleOptions options;
  FileHandle file;
  FileSink out;
  std::optional<crypto::AgeEncryptor> encryptor;
  std::optional<ZstdCompressor> compressor;
  crypto::Sha256 plain_hash;
  std::string buffer;  // whole lines not yet given to the compressor
  std::uint64_t plain_bytes = 0;
  std::uint64_t lines = 0;
};

BundleWriter::BundleWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
BundleWriter::BundleWriter(BundleWriter&&) noexcept = default;
BundleWriter& BundleWriter::operator=(BundleWriter&&) noexcept = default;
BundleWriter::~BundleWriter() = default;

Result<BundleWriter> BundleWriter::create(const std::filesystem::path& folder, Random& random,
                                          std::span<const crypto::AgeRecipient> recipients,
                                          const Route& route, BundleOptions options) {
  SKERRY_CHECK(options.payload_stop_bytes + 2 * mebibyte <= options.limits.file_bytes_max);
  SKERRY_TRY(FileHandle file, make_private_file(folder));
  BundleWriter writer(
      std::make_unique<State>(folder, std::move(file), random, recipients, route, options));
  PayloadHead head{route.bundle, route.from.party, route.from.epoch, route.to, {}};
  random.fill(head.salt);
  SKERRY_TRY_VOID(writer.add_line(encode_payload_head(head)));
  return writer;
}

bool BundleWriter::has_room(std::size_t line_bytes) const {
  const BundleLimits& limits = state_->options.limits;
  const std::uint64_t written = state_->out.bytes();
  return line_bytes <= limits.line_bytes_max && state_->lines < limits.lines_max &&
         written < state_->options.payload_stop_bytes &&
         state_->plain_bytes + line_bytes + 1 <= limits.plain_bytes_for(written);
}

bool BundleWriter::has_room_for(std::uint64_t lines, std::uint64_t bytes) const {
  const BundleLimits& limits = state_->options.limits;
  const std::uint64_t written = state_->out.bytes();
  // What is still in the buffers compresses at worst to itself.
  return state_->lines + lines <= limits.lines_max &&
         written + bytes < state_->options.payload_stop_bytes &&
         state_->plain_bytes + bytes <= limits.plain_bytes_for(written);
}

Result<void> BundleWriter::add_line(std::string_view line) {
  if (!has_room(line.size()))
    return fail(Errc::limit_exceeded,
                fmt::format("a line of {} bytes does not fit into the bundle", line.size()));
  if (line.empty() || line.find('\n') != std::string_view::npos)
    return fail(Errc::internal, "a payload line is empty or has a newline inside");
  State& state = *state_;
  if (state.buffer.size() + line.size() + 1 > line_buffer_bytes) SKERRY_TRY_VOID(state.flush());
  state.buffer += line;
  state.buffer += '\n';
  state.plain_bytes += line.size() + 1;
  ++state.lines;
  return {};
}

std::uint64_t BundleWriter::lines() const { return state_->lines - 1; }

Result<BundleFile> BundleWriter::finish(Manifest manifest,
                                        std::span<const crypto::SigningKey> keys) {
  State& state = *state_;
  SKERRY_CHECK(!manifest.payload && manifest.id == state.route.bundle &&
               manifest.from == state.route.from && manifest.to == state.route.to);
  SKERRY_TRY_VOID(state.flush());
  SKERRY_TRY_VOID(state.compressor->finish());
  PayloadInfo payload;
  payload.encryption = state.encryptor ? PayloadEncryption::age_v1 : PayloadEncryption::none;
  payload.size = state.out.bytes();
  payload.sha256 = state.out.hash();
  payload.plain_size = state.plain_bytes;
  payload.plain_sha256 = state.plain_hash.finish();
  payload.lines = state.lines;
  manifest.payload = payload;
  return assemble(state.folder, std::move(manifest), keys, state.file.fd(), state.options.limits);
}

}  // namespace skerry::sync
