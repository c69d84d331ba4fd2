// What the tests of bundles share: two parties with keys, files in memory, bundles as bytes.
#pragma once

#include <array>
#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "core/random.hpp"
#include "crypto/age.hpp"
#include "crypto/signing.hpp"
#include "sync/bundle_reader.hpp"
#include "sync/bundle_writer.hpp"
#include "sync/file_handle.hpp"
#include "sync/manifest.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::sync::test {

using Folder = TemporaryFolder;

// The same bytes for the same seed.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::uint64_t state_;
};

crypto::SigningKey signing_key(std::uint8_t number);

void write_file(const std::filesystem::path& file, ByteView bytes);
Bytes read_file(const std::filesystem::path& file);
FileHandle file_of(ByteView bytes);
Bytes bytes_of(const FileHandle& file);

// A site that sends to central.
struct Exchange {
  Exchange();

  BundleWriter::Route route() const { return {manifest.id, manifest.from, manifest.to}; }
  std::vector<crypto::AgeRecipient> recipients() const { return {central[0].recipient()}; }
  std::span<const crypto::SigningKey> keys() const { return {&site, 1}; }

  // Writes `lines` with these options and gives the file's bytes.
  Bytes bundle(const std::vector<std::string>& lines, const BundleOptions& options = {});
  Bytes plain_bundle(const std::vector<std::string>& lines);  // enc "none"
  Bytes write(const std::vector<std::string>& lines, std::span<const crypto::AgeRecipient> to,
              const BundleOptions& options);

  // Knows the site's key only.
  KeyLookup lookup() const;
  Result<BundleReader> open(ByteView bytes) const;
  // Opens, stages and collects the lines.
  Result<std::vector<std::string>> read(ByteView bytes) const;

  Folder folder;
  SeededRandom random{1};
  crypto::SigningKey site = signing_key(1);
  std::array<crypto::AgeIdentity, 1> central;
  Manifest manifest;
};

// An archive of any members, for what the writer would never make. Signs over `manifest`.
struct RawMember {
  std::string name;
  Bytes content;
};
Bytes raw_archive(const std::vector<RawMember>& members);
Bytes raw_bundle(Manifest manifest, ByteView payload, const crypto::SigningKey& key);

// Compressed with `level`, as a payload of enc "none"; fills the manifest's payload member.
Bytes compressed(std::string_view plain, int level = 3);
PayloadInfo describe(std::string_view plain, ByteView payload);

// An error of the group an importer records (errc.hpp, "bundles and trust").
bool is_bundle_error(Errc code);

}  // namespace skerry::sync::test
