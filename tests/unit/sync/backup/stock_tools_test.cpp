// The promise of docs/formats/backup.md: its script opens a backup, and refuses a damaged one.
#include <cstdio>
#include <fmt/format.h>
#include <sys/wait.h>

#include "tests/unit/sync/backup/backup_fixture.hpp"
#include "tests/unit/sync/bundle_fixture.hpp"

namespace skerry::sync {
namespace {

namespace fs = std::filesystem;
const fs::path script = fs::path(SKERRY_SOURCE_DIR) / "docs/formats/example/open.sh";

class BackupByStockTools : public Backups {
 protected:
  void SetUp() override {
    for (const char* tool : {"tar", "openssl", "jq", "age", "zstd", "sqlite3"})
      if (run(fmt::format("command -v {}", tool)).first != 0)
        GTEST_SKIP() << "the program " << tool << " is not installed";
    ASSERT_TRUE(create(central, "customer", {{"name", "Harbour"}}));
    const auto made = make(central);
    ASSERT_TRUE(made) << made.error().detail;
    file = made->backup.file;
    const std::string pem = sim::keys_of(0).sign.verify_key().to_pem();
    test::write_file(folder / "signer.pem", as_bytes(pem));
    ASSERT_TRUE(recovery.save_new(folder / "recovery.agekey"));
  }
  static std::pair<int, std::string> run(const std::string& command) {
    std::FILE* pipe = ::popen(("(" + command + ") 2>&1").c_str(), "r");
    std::string output;
    char chunk[4096];
    for (std::size_t n; (n = std::fread(chunk, 1, sizeof chunk, pipe)) > 0;)
      output.append(chunk, n);
    return {WEXITSTATUS(::pclose(pipe)), output};
  }
  std::pair<int, std::string> open() {
    fs::remove(folder / "out.db");
    return run(fmt::format("{} {} {} {} {}", script.string(), file.string(),
                           (folder / "signer.pem").string(), (folder / "recovery.agekey").string(),
                           (folder / "out.db").string()));
  }
  fs::path file;
};

TEST_F(BackupByStockTools, Opens) {
  const auto [status, output] = open();
  ASSERT_EQ(status, 0) << output;
  const auto [found, name] =
      run("sqlite3 " + (folder / "out.db").string() + " 'SELECT name FROM customer'");
  EXPECT_EQ(found, 0);
  EXPECT_EQ(name, "Harbour\n");
}

TEST_F(BackupByStockTools, IsRefusedWhenItIsDamaged) {
  const Bytes whole = test::read_file(file);
  const auto refused = [&](const Bytes& bytes) {
    test::write_file(file, bytes);
    const auto [status, output] = open();
    EXPECT_NE(status, 0) << output;
    EXPECT_FALSE(fs::exists(folder / "out.db"));
  };
  Bytes flipped = whole;
  flipped[whole.size() - 3000] ^= 1;  // in the payload
  refused(flipped);
  flipped = whole;
  flipped[600] ^= 1;  // in the manifest
  refused(flipped);
  refused(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() / 2)));
  test::write_file(file, whole);
  const std::string stranger = sim::keys_of(1).sign.verify_key().to_pem();
  test::write_file(folder / "signer.pem", as_bytes(stranger));
  refused(whole);
}

}  // namespace
}  // namespace skerry::sync
