// The promise of docs/formats/bundle.md: tar, openssl, jq, sha256sum, age and zstd are enough to
// read and check a bundle, and the example in the document is what it says.
#include <array>
#include <cstdio>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "core/change.hpp"
#include "core/check.hpp"
#include "sync/bundle_name.hpp"
#include "sync/positions.hpp"
#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

namespace fs = std::filesystem;
using test::Exchange;
using ::testing::HasSubstr;

const fs::path formats = fs::path(SKERRY_SOURCE_DIR) / "docs" / "formats";
const fs::path example = formats / "example";

struct Ran {
  int status;
  std::string output;  // stdout and stderr
};

Ran run(const std::string& command) {
  std::FILE* pipe = ::popen(("(" + command + ") 2>&1").c_str(), "r");
  SKERRY_CHECK(pipe != nullptr);
  Ran ran{0, {}};
  std::array<char, 4096> chunk;
  for (std::size_t count; (count = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0;)
    ran.output.append(chunk.data(), count);
  ran.status = WEXITSTATUS(::pclose(pipe));
  return ran;
}

Ran verify(const fs::path& bundle, const fs::path& key, const fs::path& identity = {}) {
  return run(fmt::format("{} {} {} {}", (example / "verify.sh").string(), bundle.string(),
                         key.string(), identity.string()));
}

std::string text_of(const fs::path& file) { return std::string(as_text(test::read_file(file))); }

class StockTools : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string pem = exchange_.site.verify_key().to_pem();
    test::write_file(key_, as_bytes(pem));
    const crypto::SecretBytes identity = exchange_.central[0].to_text();
    test::write_file(identity_, identity.view());
    put(exchange_.bundle(lines_));
  }
  void put(ByteView bytes) { test::write_file(bundle_, bytes); }

  Exchange exchange_;
  test::Folder folder_;
  const std::vector<std::string> lines_{R"({"k":"chg","n":"ü€🪨"})", R"({"k":"chg"})"};
  const fs::path bundle_ = folder_ / "b.skb";
  const fs::path key_ = folder_ / "site.pub.pem";
  const fs::path identity_ = folder_ / "central.agekey";
};

TEST_F(StockTools, TarListsAndExtractsInSilence) {
  const Ran listed = run("tar -tf " + bundle_.string());
  EXPECT_EQ(listed.status, 0);
  EXPECT_EQ(listed.output, "manifest.json\nsig." + exchange_.manifest.from.key + "\npayload\n");
  const Ran extracted = run("cd " + folder_.path().string() + " && tar -xf b.skb");
  EXPECT_EQ(extracted.status, 0);
  EXPECT_EQ(extracted.output, "");
  const Ran python = run("python3 -m tarfile -l " + bundle_.string());
  EXPECT_EQ(python.output.substr(0, 13), "manifest.json") << python.output;
}

TEST_F(StockTools, TheScriptPrintsTheLines) {
  const Ran ran = verify(bundle_, key_, identity_);
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(ran.output.ends_with("\n" + lines_[0] + "\n" + lines_[1] + "\n")) << ran.output;
}

TEST_F(StockTools, TheCourierNeedsNoKey) {
  const Ran ran = verify(bundle_, key_);
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.output, "");
}

TEST_F(StockTools, PlainAndEmptyBundles) {
  put(exchange_.plain_bundle(lines_));
  EXPECT_THAT(verify(bundle_, key_).output, HasSubstr(lines_[0]));
  const BundleFile file =
      write_bundle(folder_.path(), exchange_.manifest, exchange_.keys()).value();
  put(test::bytes_of(file.file));
  EXPECT_EQ(verify(bundle_, key_).status, 0);
}

TEST_F(StockTools, TheScriptRefusesWhatWasTamperedWith) {
  const Bytes good = test::read_file(bundle_);
  const std::string_view text = as_text(good);
  const std::size_t manifest = text.find("\"first\":1");
  const std::size_t signature = text.find("sig.") + 512;
  const std::size_t payload = text.find("age-encryption.org/v1") + 300;
  for (const std::size_t offset : {manifest + 8, signature, payload}) {
    Bytes bad = good;
    bad[offset] ^= 1;
    put(bad);
    const Ran ran = verify(bundle_, key_, identity_);
    EXPECT_EQ(ran.status, 1) << offset;
    EXPECT_THAT(ran.output, HasSubstr("refused: "));
  }
  put(good);
  EXPECT_EQ(verify(bundle_, example / "site.pub.pem").status, 1);
  EXPECT_EQ(verify(bundle_, key_, example / "central.agekey").status, 1);
}

TEST_F(StockTools, TheScriptNoticesARepeatedPayload) {
  Manifest stolen = exchange_.open(test::read_file(bundle_))->manifest();
  stolen.from.party = Party::site(new_id<SiteId>(exchange_.random));
  const FileHandle file = test::file_of(test::read_file(bundle_));
  const BundleLayout layout = read_layout(file.fd(), {}).value();
  Bytes payload(layout.payload->size);
  ASSERT_TRUE(read_at(file.fd(), layout.payload->offset, payload));
  const crypto::SigningKey thief = test::signing_key(7);
  put(test::raw_bundle(stolen, payload, thief));
  const std::string pem = thief.verify_key().to_pem();
  test::write_file(key_, as_bytes(pem));
  EXPECT_EQ(verify(bundle_, key_).status, 0);
  const Ran ran = verify(bundle_, key_, identity_);
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.output, HasSubstr("head from.id"));
}

// What stock tools make is read here: age and zstd by their own programs, the signature by openssl.
TEST_F(StockTools, ABundleMadeByStockToolsIsRead) {
  const PayloadHead head{exchange_.manifest.id, exchange_.manifest.from.party,
                         exchange_.manifest.from.epoch, exchange_.manifest.to, Hash{1}};
  const std::string plain = encode_payload_head(head) + "\n{\"a\":1}\n";
  test::write_file(folder_ / "plain", as_bytes(plain));
  const Ran packed =
      run(fmt::format("cd {} && zstd -q --no-progress -c plain | age -r {} > payload",
                      folder_.path().string(), exchange_.central[0].recipient().to_text()));
  ASSERT_EQ(packed.status, 0) << packed.output;
  const Bytes payload = test::read_file(folder_ / "payload");
  Manifest manifest = exchange_.manifest;
  manifest.payload = test::describe(plain, payload);
  manifest.payload->encryption = PayloadEncryption::age_v1;
  test::write_file(folder_ / "manifest.json", as_bytes(encode_manifest(manifest).value()));
  test::write_file(folder_ / "key.pem", exchange_.site.to_pem().view());
  const Ran made =
      run(fmt::format("cd {} && openssl pkeyutl -sign -inkey key.pem -rawin"
                      " -in manifest.json -out sig",
                      folder_.path().string()));
  ASSERT_EQ(made.status, 0) << made.output;
  const Bytes bytes =
      test::raw_archive({{"manifest.json", test::read_file(folder_ / "manifest.json")},
                         {"sig." + manifest.from.key, test::read_file(folder_ / "sig")},
                         {"payload", payload}});
  const auto lines = exchange_.read(bytes);
  ASSERT_TRUE(lines) << lines.error().detail;
  EXPECT_EQ(*lines, std::vector<std::string>{"{\"a\":1}"});
}

TEST(BundleExample, IsReadByTheReader) {
  const crypto::VerifyKey key =
      crypto::VerifyKey::from_pem(text_of(example / "site.pub.pem")).value();
  EXPECT_EQ(crypto::SigningKey::from_pem(text_of(example / "site.pem"))->verify_key(), key);
  const KeyLookup lookup = [&](const Manifest&,
                               const crypto::KeyId&) -> Result<std::optional<crypto::VerifyKey>> {
    return key;
  };
  const Bytes bytes = test::read_file(example / "example.skb");
  BundleReader reader = BundleReader::open(test::file_of(bytes), lookup).value();

  const std::string identity_file = text_of(example / "central.agekey");
  const std::string identity_line = identity_file.substr(identity_file.find("AGE-SECRET-KEY-"), 74);
  const std::array<crypto::AgeIdentity, 1> identity{
      crypto::AgeIdentity::parse(identity_line).value()};
  test::Folder folder;
  ASSERT_TRUE(reader.stage(identity, folder.path()));

  const std::string document = text_of(formats / "bundle.md");
  EXPECT_THAT(document, HasSubstr(reader.manifest_text()));
  EXPECT_THAT(document, HasSubstr(to_hex(crypto::sha256(bytes))));
  EXPECT_THAT(document, HasSubstr(up_bundle_name(reader.manifest().from.party.id,
                                                 reader.manifest().from.epoch, 1, 2)));
  Hash chain{};
  ASSERT_TRUE(reader.for_each_line([&](std::string_view line, std::uint64_t) -> Result<void> {
    EXPECT_THAT(document, HasSubstr(std::string(line)));
    EXPECT_TRUE(decode_change(line)) << line;
    chain = crypto::chain_hash(chain, line);
    return {};
  }));
  const auto body = read_changes_body(reader.manifest().extra);
  ASSERT_TRUE(body) << body.error().detail;
  EXPECT_EQ(body->last_hash, chain);
}

TEST(BundleExample, IsVerifiedByStockTools) {
  const Ran ran =
      verify(example / "example.skb", example / "site.pub.pem", example / "central.agekey");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("Jörg Müller"));
}

// The dump in the document is the file's.
TEST(BundleExample, TheDumpIsTheFiles) {
  const Bytes bytes = test::read_file(example / "example.skb");
  const std::string document = text_of(formats / "bundle.md");
  int rows = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    const std::string label = fmt::format("\n{:08x}  ", at);
    const std::size_t row = document.find(label);
    if (row == std::string::npos) continue;
    std::string hex = document.substr(row + label.size(), 48);
    std::erase(hex, ' ');
    EXPECT_EQ(hex, to_hex(ByteView(bytes).subspan(at, 16))) << label;
    ++rows;
  }
  EXPECT_GE(rows, 16);
}

}  // namespace
}  // namespace skerry::sync
