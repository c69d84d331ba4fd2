// Files and keys between Skerry and the age and age-keygen programs.
#include <gtest/gtest.h>

#include "crypto/age_armor.hpp"
#include "tests/unit/crypto/age_workbench.hpp"
#include "tests/unit/crypto/program.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::crypto {
namespace {

const std::size_t interop_sizes[] = {0, 1, 65'535, 65'536, 65'537, 131'072, 200'000};

class AgeProgram : public testing::Test {
 protected:
  void SetUp() override {
    SKERRY_NEED_PROGRAM("age");
    SKERRY_NEED_PROGRAM("age-keygen");
  }

  std::string at(const std::string& name) const { return quoted(folder_ / name); }
  Bytes read(const std::string& name) const {
    const std::string text = read_text(folder_ / name);
    return {text.begin(), text.end()};
  }

  TemporaryFolder folder_;
};

TEST_F(AgeProgram, OpensOurFiles) {
  const AgeIdentity identity = identity_of(1);
  const AgeIdentity second = identity_of(2);
  ASSERT_TRUE(identity.save_new(folder_ / "key"));
  ASSERT_TRUE(second.save_new(folder_ / "second"));
  const AgeRecipient recipients[] = {identity.recipient(), second.recipient()};
  for (const std::size_t size : interop_sizes) {
    const Bytes plain = seeded_bytes(size);
    write_bytes(folder_ / "file.age", encrypt(plain, recipients));
    for (const char* key : {"key", "second"}) {
      ASSERT_EQ(run("age -d -i " + at(key) + " -o " + at("plain") + " " + at("file.age")), 0)
          << size;
      EXPECT_EQ(read("plain"), plain) << size;
    }
  }
  ASSERT_TRUE(identity_of(3).save_new(folder_ / "third"));
  EXPECT_NE(run("age -d -i " + at("third") + " -o " + at("none") + " " + at("file.age")), 0);
}

TEST_F(AgeProgram, MakesFilesWeOpen) {
  ASSERT_EQ(run("umask 077; age-keygen -o " + at("key") + " && age-keygen -o " + at("other")), 0);
  const AgeIdentity identity = AgeIdentity::load(folder_ / "key").value();
  const AgeIdentity other = AgeIdentity::load(folder_ / "other").value();
  for (const std::size_t size : interop_sizes) {
    const Bytes plain = seeded_bytes(size);
    write_bytes(folder_ / "plain", plain);
    ASSERT_EQ(run("age -r " + other.recipient().to_text() + " -r " +
                  identity.recipient().to_text() + " -o " + at("file.age") + " " + at("plain")),
              0)
        << size;
    const Bytes file = read("file.age");
    EXPECT_EQ(decrypt(file, identity).value(), plain) << size;
    EXPECT_EQ(decrypt(file, other, 1000).value(), plain) << size;
    EXPECT_EQ(decrypt(file, identity_of(3)).error().code, Errc::missing_key);
  }
}

TEST_F(AgeProgram, AgreesOnArmor) {
  const AgeIdentity identity = identity_of(1);
  ASSERT_TRUE(identity.save_new(folder_ / "key"));
  const AgeRecipient recipients[] = {identity.recipient()};
  for (std::size_t size = 1; size < 50; ++size) {
    const Bytes plain = seeded_bytes(size);
    const std::string ours = age_armor(encrypt(plain, recipients));
    write_bytes(folder_ / "ours", as_bytes(ours));
    ASSERT_EQ(run("age -d -i " + at("key") + " -o " + at("plain") + " " + at("ours")), 0) << size;
    EXPECT_EQ(read("plain"), plain) << size;
    ASSERT_EQ(
        run("age -a -r " + recipients[0].to_text() + " -o " + at("theirs") + " " + at("plain")), 0);
    const auto theirs = age_dearmor(read_text(folder_ / "theirs"));
    ASSERT_TRUE(theirs) << size;
    EXPECT_EQ(decrypt(*theirs, identity).value(), plain) << size;
  }
}

TEST_F(AgeProgram, AgreesOnPublicKeys) {
  ASSERT_EQ(run("umask 077; age-keygen -o " + at("key") + " && age-keygen -y -o " + at("pub") +
                " " + at("key")),
            0);
  const AgeIdentity identity = AgeIdentity::load(folder_ / "key").value();
  EXPECT_EQ(read_text(folder_ / "pub"), identity.recipient().to_text() + "\n");

  ASSERT_TRUE(identity_of(1).save_new(folder_ / "ours"));
  ASSERT_EQ(run("age-keygen -y -o " + at("ours.pub") + " " + at("ours")), 0);
  EXPECT_EQ(read_text(folder_ / "ours.pub"), identity_of(1).recipient().to_text() + "\n");
}

TEST_F(AgeProgram, MakesFilesWeRefuse) {
  const std::string recipient = identity_of(1).recipient().to_text();
  write_bytes(folder_ / "plain", seeded_bytes(10));
  ASSERT_EQ(run("age -a -r " + recipient + " -o " + at("armoured") + " " + at("plain")), 0);
  const auto plain = decrypt(read("armoured"), identity_of(1));
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.error().code, Errc::corrupt_bundle);
}

// What we refuse is refused by the reference as well: files with one thing wrong, a right MAC.
TEST_F(AgeProgram, RefusesWhatWeRefuse) {
  const AgeIdentity identity = identity_of(1);
  ASSERT_TRUE(identity.save_new(folder_ / "key"));
  const AgeStanza good = bench_stanza(identity.recipient());
  const std::string right = format_age_stanzas({good});
  const Bytes payload = bench_payload({{seeded_bytes(50), true}});
  const std::string open = "age -d -i " + at("key") + " -o " + at("plain") + " " + at("file.age");

  write_bytes(folder_ / "file.age", join(with_mac(right), payload));
  ASSERT_EQ(run(open), 0) << "the pattern itself";

  AgeStanza two_arguments = good;
  two_arguments.arguments.push_back("x");
  AgeStanza long_body = good;
  long_body.body.push_back(0);
  std::string crlf = right;
  crlf.insert(crlf.find('\n', 25), "\r");
  const Bytes files[] = {
      join(with_mac(format_age_stanzas({two_arguments})), payload),
      join(with_mac(format_age_stanzas({long_body})), payload),
      join(with_mac(crlf), payload),
      join(with_mac(right), bench_payload({{seeded_bytes(50), false}})),
      join(with_mac(right), bench_payload({{seeded_bytes(65'536), false}, {{}, true}})),
      join(with_mac(right), bench_payload({{seeded_bytes(50), true}, {{}, true}})),
  };
  for (const Bytes& file : files) {
    write_bytes(folder_ / "file.age", file);
    EXPECT_NE(run(open), 0) << &file - files;
    EXPECT_FALSE(decrypt(file, identity)) << &file - files;
  }
}

}  // namespace
}  // namespace skerry::crypto
