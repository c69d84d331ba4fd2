#include "daemon/config_check.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "crypto/tls_certificates.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::daemon {
namespace {

using ::testing::HasSubstr;

class ConfigCheckTest : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(temporary.path() / name) << text;
    return temporary.path() / name;
  }
  // The one complaint there is about `text`.
  static FieldError complaint(const std::string& text) {
    const auto config = parse_config(text, "/etc/skerry/skerry.toml");
    EXPECT_TRUE(config) << text;
    const auto checked = check_config(*config, Folders::looked_at);
    EXPECT_FALSE(checked) << text;
    if (checked) return {};
    EXPECT_EQ(checked.error().code, Errc::bad_config);
    EXPECT_FALSE(checked.error().next.empty());
    EXPECT_EQ(checked.error().errors.size(), 1U) << text;
    return checked.error().errors.front();
  }
  static bool is_good(const std::string& text) {
    const auto config = parse_config(text, "/etc/skerry/skerry.toml").value();
    return check_config(config, Folders::looked_at).has_value();
  }
  TemporaryFolder temporary;
};

TEST_F(ConfigCheckTest, TheDefaultsAreGood) { EXPECT_TRUE(is_good("")); }

TEST_F(ConfigCheckTest, ACertificateHasItsKeyBesideIt) {
  const std::string file = write("one.pem", "text");
  const FieldError alone = complaint("[tls]\ncertificate_file = \"" + file + "\"");
  EXPECT_EQ(alone.pointer, "tls.key_file");
  EXPECT_EQ(alone.code, "required");
  EXPECT_THAT(alone.detail, HasSubstr("leave out tls.certificate_file"));
  EXPECT_EQ(complaint("[tls]\nkey_file = \"" + file + "\"").pointer, "tls.certificate_file");
  EXPECT_TRUE(is_good("[tls]\nkey_file = \"" + file + "\"\ncertificate_file = \"" + file + "\""));
}

// What the daemon would refuse at its start.
TEST_F(ConfigCheckTest, AKeyIsThatOfItsCertificate) {
  const std::string names[] = {"box.example"};
  const auto one = crypto::make_authority("one", names, 1'700'000'000'000);
  const auto other = crypto::make_authority("other", names, 1'700'000'000'000);
  const auto with = [&](const std::string& certificate, std::string_view key) {
    const std::string key_file = write("key.pem", std::string(key));
    ::chmod(key_file.c_str(), 0600);
    return "[listen]\ntls_address = \"127.0.0.1:0\"\n[tls]\ncertificate_file = \"" +
           write("one.pem", certificate) + "\"\nkey_file = \"" + key_file + "\"";
  };
  EXPECT_TRUE(is_good(with(one.certificate, one.key.text())));
  EXPECT_THAT(complaint(with(one.certificate, other.key.text())).detail,
              HasSubstr("is not that of its certificate"));
  EXPECT_THAT(complaint(with("text", one.key.text())).detail, HasSubstr("none in PEM"));
  const std::string shared = with(one.certificate, one.key.text());
  ::chmod((temporary.path() / "key.pem").c_str(), 0644);
  EXPECT_EQ(complaint(shared).pointer, "tls.key_file");
}

TEST_F(ConfigCheckTest, TwoDoorsHaveTwoAddresses) {
  const FieldError same =
      complaint("[listen]\naddress = \"127.0.0.1:7070\"\ntls_address = \"127.0.0.1:7070\"");
  EXPECT_EQ(same.pointer, "listen.tls_address");
  EXPECT_EQ(same.code, "repeated");
  EXPECT_THAT(same.detail, HasSubstr("listen.address"));
  EXPECT_EQ(complaint("[listen]\ntls_address = \"0.0.0.0:7070\"").pointer, "listen.tls_address");
  EXPECT_EQ(complaint("[relay]\naddress = \"[::]:7070\"").pointer, "relay.address");
  EXPECT_TRUE(is_good("[listen]\naddress = \"127.0.0.1:0\"\ntls_address = \"127.0.0.1:0\""));
  EXPECT_TRUE(is_good("[listen]\ntls_address = \"127.0.0.2:7070\""));
}

TEST_F(ConfigCheckTest, ASocketsPathIsShort) {
  const auto with = [](std::size_t bytes) {
    return "[listen]\nsocket = \"/" + std::string(bytes - 1, 's') + "\"";
  };
  EXPECT_TRUE(is_good(with(107)));
  const FieldError longer = complaint(with(108));
  EXPECT_EQ(longer.pointer, "listen.socket");
  EXPECT_EQ(longer.code, "too_long");
  EXPECT_THAT(longer.detail, HasSubstr("at most 107"));
  EXPECT_EQ(complaint("data_folder = \"/" + std::string(100, 'd') + "\"").pointer, "listen.socket");
}

TEST_F(ConfigCheckTest, FilesAreThere) {
  for (const char* key : {"central.ca_file", "tls.client_ca_file", "relay.signing_secret_file"}) {
    const std::string name(key);
    const std::size_t dot = name.find('.');
    const std::string section = "[" + name.substr(0, dot) + "]\n" + name.substr(dot + 1) + " = ";
    const FieldError missing = complaint(section + "\"/nowhere/x.pem\"");
    EXPECT_EQ(missing.pointer, key);
    EXPECT_EQ(missing.code, "bad_file");
    EXPECT_THAT(missing.detail, HasSubstr("/nowhere/x.pem"));
    EXPECT_THAT(complaint(section + "\"/run/credentials/skerry.service/none\"").detail,
                HasSubstr("/etc/credstore"));
  }
}

// What the daemon makes itself need not be there.
TEST_F(ConfigCheckTest, FoldersCanBeWrittenTo) {
  const std::string file = write("file", "text");
  for (const char* const key : {"data_folder", "anchor.folder", "backup.folder"}) {
    const std::string name(key), section = name.substr(0, name.find(".folder"));
    const auto with = [&](const std::string& folder) {
      return (section == name ? name : "[" + section + "]\nfolder") + " = \"" + folder + "\"";
    };
    for (const std::string& wrong : {file, file + "/below"}) {
      const FieldError error = complaint(with(wrong));
      EXPECT_EQ(error.pointer, key);
      EXPECT_EQ(error.code, "bad_file");
      EXPECT_THAT(error.detail, HasSubstr(wrong));
      EXPECT_THAT(error.detail, HasSubstr("name another"));
      EXPECT_TRUE(check_config(parse_config(with(wrong), "/etc/skerry/skerry.toml").value(),
                               Folders::at_start));
    }
    EXPECT_TRUE(is_good(with(temporary.path())));
    EXPECT_TRUE(is_good(with(temporary.path() / "new")));
  }
  EXPECT_THAT(complaint("[anchor]\nfolder = \"/nowhere/at/all\"").detail,
              HasSubstr("make the folder above it first"));
}

TEST_F(ConfigCheckTest, ASecretIsNotEmpty) {
  const auto with = [&](const char* text) {
    const std::string file = write("secret", text);
    ::chmod(file.c_str(), 0600);
    return "[relay]\nsigning_secret_file = \"" + file + "\"";
  };
  for (const char* const empty : {"", "\n", "\r\n"}) {
    const FieldError error = complaint(with(empty));
    EXPECT_EQ(error.pointer, "relay.signing_secret_file");
    EXPECT_THAT(error.detail, HasSubstr("is empty: write the secret into it"));
  }
  EXPECT_TRUE(is_good(with("hunter2\n")));
  const std::string file = write("secret", "hunter2\r\n");
  EXPECT_EQ(read_secret_text(file), "hunter2");
  ::chmod(file.c_str(), 0644);
  EXPECT_THAT(complaint("[relay]\nsigning_secret_file = \"" + file + "\"").detail,
              HasSubstr("others may read this secret: chmod 600"));
}

TEST_F(ConfigCheckTest, AuthoritiesAreCertificates) {
  EXPECT_THAT(complaint("[central]\nca_file = \"" + write("no.pem", "text") + "\"").detail,
              HasSubstr("no certificate in PEM"));
  const std::string names[] = {"box.example"};
  const std::string good =
      write("ca.pem", crypto::make_authority("test", names, 1'700'000'000'000).certificate);
  EXPECT_TRUE(is_good("[central]\nca_file = \"" + good + "\""));
}

}  // namespace
}  // namespace skerry::daemon
