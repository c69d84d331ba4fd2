#include "tests/unit/sync/bundle_fixture.hpp"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/mman.h>
#include <unistd.h>

#include "core/check.hpp"
#include "sync/ustar.hpp"
#include "sync/zstd_stream.hpp"

namespace skerry::sync::test {
namespace {

class CollectSink final : public ByteSink {
 public:
  Result<void> write(ByteView bytes) override {
    collected.insert(collected.end(), bytes.begin(), bytes.end());
    return {};
  }
  Result<void> finish() override { return {}; }
  Bytes collected;
};

void append(Bytes& to, ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

}  // namespace

// splitmix64 (Steele, Lea, Flood 2014).
void SeededRandom::fill(std::span<std::uint8_t> out) {
  for (std::uint8_t& byte : out) {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    byte = static_cast<std::uint8_t>(mixed >> 56);
  }
}

crypto::SigningKey signing_key(std::uint8_t number) {
  std::array<std::uint8_t, 32> seed;
  seed.fill(number);
  return crypto::SigningKey::from_seed(seed).value();
}

void write_file(const std::filesystem::path& file, ByteView bytes) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << as_text(bytes);
  out.close();
  SKERRY_CHECK(out.good());
}

Bytes read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  SKERRY_CHECK(in.good());
  return {std::istreambuf_iterator<char>(in), {}};
}

FileHandle file_of(ByteView bytes) {
  FileHandle file(::memfd_create("bundle", MFD_CLOEXEC));
  SKERRY_CHECK(file.is_open());
  SKERRY_CHECK(write_all(file.fd(), bytes, "memory").has_value());
  return file;
}

Bytes bytes_of(const FileHandle& file) {
  Bytes bytes(file_size(file.fd()).value());
  SKERRY_CHECK(read_at(file.fd(), 0, bytes).has_value());
  return bytes;
}

Exchange::Exchange() : central{crypto::AgeIdentity::generate(random)} {
  manifest.kind = BundleKind::changes;
  manifest.id = new_id<BundleId>(random);
  manifest.from = {Party::site(new_id<SiteId>(random)), new_id<EpochId>(random),
                   site.verify_key().key_id()};
  manifest.to = Party::central();
  manifest.producer = {"0.1.0", {1}, 1, 1};
  manifest.clock = {HlcStamp::at(1'772'446'272'000, 3), 1'772'446'272'123, ClockSource::ntp};
  manifest.extra = {{"range", {{"first", 1}, {"last", 3}}}};
}

Bytes Exchange::bundle(const std::vector<std::string>& lines, const BundleOptions& options) {
  return write(lines, recipients(), options);
}

Bytes Exchange::plain_bundle(const std::vector<std::string>& lines) { return write(lines, {}, {}); }

Bytes Exchange::write(const std::vector<std::string>& lines,
                      std::span<const crypto::AgeRecipient> to, const BundleOptions& options) {
  BundleWriter writer = BundleWriter::create(folder.path(), random, to, route(), options).value();
  for (const std::string& line : lines) SKERRY_CHECK(writer.add_line(line).has_value());
  const BundleFile file = writer.finish(manifest, keys()).value();
  Bytes bytes = bytes_of(file.file);
  SKERRY_CHECK(bytes.size() == file.size && crypto::sha256(bytes) == file.sha256);
  return bytes;
}

KeyLookup Exchange::lookup() const {
  return [this](const Manifest& sent,
                const crypto::KeyId& key) -> Result<std::optional<crypto::VerifyKey>> {
    const crypto::VerifyKey known = site.verify_key();
    if (sent.from.party != manifest.from.party || key != known.key_id()) return std::nullopt;
    return known;
  };
}

Result<BundleReader> Exchange::open(ByteView bytes) const {
  return BundleReader::open(file_of(bytes), lookup());
}

Result<std::vector<std::string>> Exchange::read(ByteView bytes) const {
  SKERRY_TRY(BundleReader reader, open(bytes));
  SKERRY_TRY_VOID(reader.stage(central, folder.path()));
  std::vector<std::string> lines;
  SKERRY_TRY_VOID(
      reader.for_each_line([&](std::string_view line, std::uint64_t number) -> Result<void> {
        EXPECT_EQ(number, lines.size() + 2);
        lines.emplace_back(line);
        return {};
      }));
  return lines;
}

Bytes raw_archive(const std::vector<RawMember>& members) {
  Bytes archive;
  for (const RawMember& member : members) {
    append(archive, make_ustar_header(member.name, member.content.size()));
    append(archive, member.content);
    archive.resize(archive.size() + ustar_padding(member.content.size()));
  }
  archive.resize(archive.size() + ustar_end_bytes);
  return archive;
}

Bytes raw_bundle(Manifest manifest, ByteView payload, const crypto::SigningKey& key) {
  manifest.from.key = key.verify_key().key_id();
  const std::string text = encode_manifest(manifest).value();
  const crypto::Signature signature = key.sign(as_bytes(text));
  return raw_archive({{"manifest.json", {text.begin(), text.end()}},
                      {"sig." + manifest.from.key, {signature.begin(), signature.end()}},
                      {"payload", {payload.begin(), payload.end()}}});
}

Bytes compressed(std::string_view plain, int level) {
  CollectSink out;
  ZstdCompressor compressor(out, level);
  SKERRY_CHECK(compressor.write(as_bytes(plain)).has_value() && compressor.finish().has_value());
  return out.collected;
}

PayloadInfo describe(std::string_view plain, ByteView payload) {
  PayloadInfo info;
  info.encryption = PayloadEncryption::none;
  info.size = payload.size();
  info.sha256 = crypto::sha256(payload);
  info.plain_size = plain.size();
  info.plain_sha256 = crypto::sha256(as_bytes(plain));
  info.lines = static_cast<std::uint64_t>(std::count(plain.begin(), plain.end(), '\n'));
  return info;
}

bool is_bundle_error(Errc code) {
  return code >= Errc::corrupt_bundle && code <= Errc::limit_exceeded;
}

}  // namespace skerry::sync::test
