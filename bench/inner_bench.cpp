// The small pieces that every change passes: hashes, signatures, ciphers, compression, JSON, merge.
// The numbers of OpenSSL and zstd are limits of this machine; ours stand beside them.
#include <array>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bench/machines.hpp"
#include "core/change.hpp"
#include "core/json_text.hpp"
#include "core/merge.hpp"
#include "crypto/aead.hpp"
#include "crypto/age.hpp"
#include "crypto/sha256.hpp"
#include "crypto/signing.hpp"
#include "sync/zstd_stream.hpp"

namespace skerry::bench {
namespace {

constexpr std::size_t stream_bytes = 4 * 1024 * 1024;
constexpr std::size_t piece_bytes = 64 * 1024;

class CountingSink final : public ByteSink {
 public:
  Result<void> write(ByteView bytes) override {
    bytes_ += bytes.size();
    return {};
  }
  Result<void> finish() override { return {}; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

void set_bytes(benchmark::State& state, std::size_t each) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(each));
}

Change sample_change(std::int64_t i) {
  crypto::SystemRandom random;
  Change change;
  change.kind = find_kind("customer");
  change.record = new_record_id(1'790'000'000'000 + i, random);
  change.op = ChangeOp::set;
  const int field = change.kind->find_field("description");
  change.fields.push_back({static_cast<std::size_t>(field), nullptr,
                           json::string(fmt::format("Serviced by team {} since 2019", i % 17)),
                           Version{1'790'000'000, i + 1}});
  change.hlc = HlcStamp::at(1'790'000'000'000 + i);
  change.actor = "token:crm";
  change.source = "api";
  change.request = fmt::format("5f3a-{}", i);
  return change;
}

// Change lines as a bundle carries them, about stream_bytes of them.
const std::string& sample_lines() {
  static const std::string lines = [] {
    std::string made;
    for (std::int64_t i = 0; made.size() < stream_bytes; ++i)
      made += encode(sample_change(i)) + '\n';
    return made;
  }();
  return lines;
}

// In pieces, as a stage of the pipeline gets them.
template <class Stage>
void pass_through(Stage& stage, ByteView bytes) {
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(piece_bytes, bytes.size())))
    must(stage.write(bytes.first(std::min(piece_bytes, bytes.size()))), "writing");
  must(stage.finish(), "finishing");
}

void sha256(benchmark::State& state) {
  const Bytes bytes(piece_bytes, 7);
  for (auto _ : state) benchmark::DoNotOptimize(crypto::sha256(bytes));
  set_bytes(state, bytes.size());
}
BENCHMARK(sha256);

void chain_hash(benchmark::State& state) {
  const std::string line = encode(sample_change(1));
  Hash hash{};
  for (auto _ : state) hash = crypto::chain_hash(hash, line);
  benchmark::DoNotOptimize(hash);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(chain_hash);

void ed25519_sign(benchmark::State& state) {
  const auto key = crypto::SigningKey::generate();
  const Bytes manifest(2048, 7);
  for (auto _ : state) benchmark::DoNotOptimize(key.sign(manifest));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ed25519_sign);

void ed25519_verify(benchmark::State& state) {
  const auto key = crypto::SigningKey::generate();
  const auto known = key.verify_key();
  const Bytes manifest(2048, 7);
  const auto signature = key.sign(manifest);
  for (auto _ : state) benchmark::DoNotOptimize(known.verify(manifest, signature));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ed25519_verify);

void chacha20_poly1305(benchmark::State& state) {
  const Bytes key(32, 7);
  const Bytes plain(piece_bytes, 8);
  Bytes sealed(plain.size() + crypto::aead_tag_bytes);
  crypto::ChaCha20Poly1305 cipher(key);
  crypto::AeadNonce nonce{};
  for (auto _ : state) {
    ++nonce[static_cast<std::size_t>(state.iterations()) % nonce.size()];
    cipher.seal(nonce, plain, sealed);
  }
  set_bytes(state, plain.size());
}
BENCHMARK(chacha20_poly1305);

void age_encrypt(benchmark::State& state) {
  crypto::SystemRandom random;
  const std::array recipients{crypto::AgeIdentity::generate(random).recipient()};
  const std::string& lines = sample_lines();
  for (auto _ : state) {
    CountingSink sink;
    crypto::AgeEncryptor stage(sink, recipients, random);
    pass_through(stage, as_bytes(lines));
  }
  set_bytes(state, lines.size());
}
BENCHMARK(age_encrypt)->Unit(benchmark::kMillisecond);

void zstd_compress(benchmark::State& state) {
  const std::string& lines = sample_lines();
  std::size_t compressed = 0;
  for (auto _ : state) {
    CountingSink sink;
    sync::ZstdCompressor stage(sink, static_cast<int>(state.range(0)));
    pass_through(stage, as_bytes(lines));
    compressed = sink.bytes();
  }
  set_bytes(state, lines.size());
  state.counters["ratio"] = static_cast<double>(lines.size()) / static_cast<double>(compressed);
}
BENCHMARK(zstd_compress)->Arg(1)->Arg(3)->Arg(6)->Arg(9)->Unit(benchmark::kMillisecond);

void encode_change(benchmark::State& state) {
  const Change change = sample_change(1);
  for (auto _ : state) benchmark::DoNotOptimize(encode(change));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_change);

void decode_change(benchmark::State& state) {
  const std::string line = encode(sample_change(1));
  for (auto _ : state) benchmark::DoNotOptimize(skerry::decode_change(line));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_change);

// What decode_change pays for one meaning: the strict reader against Boost.JSON's own.
void parse_json_strict(benchmark::State& state) {
  const std::string line = encode(sample_change(1));
  for (auto _ : state) benchmark::DoNotOptimize(parse_json(line));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(parse_json_strict);

void parse_json_boost(benchmark::State& state) {
  const std::string line = encode(sample_change(1));
  for (auto _ : state) benchmark::DoNotOptimize(json::parse(line));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(parse_json_boost);

// Concurrent writes of a shared register: the longest way through the merge.
void merge_concurrent(benchmark::State& state) {
  const Kind& kind = *find_kind("customer");
  const Field& field = kind.field(static_cast<std::size_t>(kind.find_field("description")));
  const Register current{json::string("as central has it"), Version{1, 20}, SiteId{},
                         HlcStamp::at(1000)};
  const Proposal proposal{json::string("as the site wrote it"), json::string("as both saw it"),
                          Version{1, 10}, SiteId{{1}}, HlcStamp::at(2000)};
  for (auto _ : state) benchmark::DoNotOptimize(merge_field(field, current, proposal));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(merge_concurrent);

}  // namespace
}  // namespace skerry::bench
