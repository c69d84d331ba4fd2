#include <fmt/format.h>

#include "crypto/age.hpp"
#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

constexpr const char* target = "/v1/backups";

class BackupHandlersTest : public HandlersTest {
 protected:
  BackupHandlersTest() {
    context->backup = {folder / "data/backups", recovery.recipient().to_text(), 0, 2};
    std::filesystem::create_directories(folder / "data");
  }
  ~BackupHandlersTest() override { context->backups->join(); }
  std::string detail_of_doctor() {
    const json::object answer = read_json(get("/v1/doctor"));
    for (const json::value& finding : answer.at("findings").as_array())
      if (finding.at("subject").as_string() == "backup")
        return fmt::format("{}: {}", std::string_view(finding.at("severity").as_string()),
                           std::string_view(finding.at("detail").as_string()));
    return {};
  }
  // … of the backup's file, and that is found.
  void damage(const json::object& backup) {
    const std::string file(backup.at("file").as_string());
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - 512);
    check({{"damaged",
            "POST",
            "/v1/backups:verify",
            fmt::format(R"({{"file":"{}"}})", file),
            "",
            422,
            {"corrupt_bundle"},
            {}}});
  }

  crypto::AgeIdentity recovery = crypto::AgeIdentity::generate(random);
};

std::string naming(std::string_view place) { return fmt::format(R"({{"to":"{}"}})", place); }

TEST_F(BackupHandlersTest, ADryRunSaysWhereItWouldGo) {
  const std::string tried = std::string(target) + "?dry_run=true";
  const json::object own = read_json(post(tried, ""));
  const std::filesystem::path would(std::string(own.at("file").as_string()));
  EXPECT_EQ(would.parent_path(), folder / "data/backups");
  EXPECT_FALSE(std::filesystem::exists(would.parent_path()));
  const std::string file = (folder / "copy.backup").string();
  EXPECT_EQ(read_json(post(tried, naming(file))).at("file").as_string(), file);
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_TRUE(read_json(get(target)).at("items").as_array().empty());
  post(target, naming(file));
  check({{"there", "POST", tried, naming(file), "", 409, {"already_exists", file}, {}},
         {"nowhere", "POST", tried, naming("/no/x"), "", 422, {"/no/x"}, {}}});
}

TEST_F(BackupHandlersTest, GoesWhereItIsToldOrIntoTheFolder) {
  const std::string file = (folder / "copy.backup").string();
  const json::object named = read_json(post(target, naming(file)));
  EXPECT_EQ(named.at("file").as_string(), file);
  EXPECT_EQ(named.at("bytes").as_int64(),
            static_cast<std::int64_t>(std::filesystem::file_size(file)));
  EXPECT_TRUE(named.at("failure").is_null());
  const json::object own = read_json(post(target, ""));
  const std::filesystem::path made = std::string(own.at("file").as_string());
  EXPECT_EQ(made.parent_path(), folder / "data/backups");
  EXPECT_TRUE(std::filesystem::exists(made));
  EXPECT_EQ(named.at("present"), json::value(true));
  check({{"again", "POST", target, naming(file), "", 409, {"already_exists", file}, {}}});

  std::filesystem::remove(file);
  const json::object listed = read_json(get(target));
  for (const json::value& item : listed.at("items").as_array())
    EXPECT_EQ(item.at("present"), json::value(item.at("id") == own.at("id")));
  EXPECT_EQ(listed.at("recovery_key").as_string(), recovery.recipient().to_text());
  EXPECT_EQ(listed.at("items").as_array().size(), 2u);
  EXPECT_TRUE(listed.at("running").is_null());
  const json::object verified = read_json(
      post("/v1/backups:verify", fmt::format(R"({{"file":"{}"}})", made.filename().string())));
  EXPECT_EQ(verified.at("id").as_string(), own.at("id").as_string());
}

TEST_F(BackupHandlersTest, WhatCannotBeMadeSoIsRefused) {
  const std::string nowhere = (folder / "no/copy.db").string();
  const std::string too_long = (folder / std::string(300, 'x')).string();
  check({
      {"a relative path", "POST", target, naming("copy.db"), "", 422, {R"("/to")", "from /"}, {}},
      {"no text", "POST", target, R"({"to":7})", "", 422, {R"("/to")"}, {}},
      {"a control byte", "POST", target, naming(R"(/a\u0000b)"), "", 422, {R"("/to")"}, {}},
      {"another member", "POST", target, R"({"a/b":1})", "", 422, {R"("/a~1b")", "unknown"}, {}},
      {"a folder that is not there", "POST", target, naming(nowhere), "", 422, {nowhere}, {}},
      {"a name too long", "POST", target, naming(too_long), "", 422, {"bad_input"}, {}},
      {"a parameter", "POST", "/v1/backups?to=/a", "", "", 400, {"to"}, {}},
      {"no key", "POST", target, R"({"recipient":"age1"})", "", 422, {R"("/recipient")"}, {}},
      {"no file", "POST", "/v1/backups:verify", "{}", "", 422, {R"("/file")"}, {}},
      {"a path up",
       "POST",
       "/v1/backups:verify",
       R"({"file":"../x"})",
       "",
       422,
       {R"("/file")"},
       {}},
      {"nothing", "POST", "/v1/backups:verify", R"({"file":"/no/x"})", "", 404, {"/no/x"}, {}},
  });
  EXPECT_FALSE(std::filesystem::exists(folder / "data/backups"));
}

TEST_F(BackupHandlersTest, NeedsARecoveryKey) {
  context->backup.recipient.clear();
  check({{"none", "POST", target, "", "", 409, {"no_recovery_key", "skerry backup key"}, {}}});
  const std::string own = fmt::format(R"({{"recipient":"{}"}})", recovery.recipient().to_text());
  EXPECT_EQ(post(target, own).status, 201);
}

TEST_F(BackupHandlersTest, StatusAndDoctorSayHowItStands) {
  EXPECT_EQ(detail_of_doctor(), "warning: there is no backup yet");
  context->backup.recipient.clear();
  EXPECT_THAT(detail_of_doctor(), testing::StartsWith("ok: none is arranged"));
  EXPECT_FALSE(read_json(get("/v1/status")).at("backup").at("arranged").as_bool());
  context->backup.recipient = recovery.recipient().to_text();
  const json::object made = read_json(post(target, ""));
  EXPECT_THAT(detail_of_doctor(), testing::StartsWith("ok: the last good one is of 2026-"));

  constexpr std::int64_t day_ms = 86'400'000;
  clock.now += 8 * day_ms;
  EXPECT_EQ(detail_of_doctor(), "warning: the last good backup is 8 days old");
  damage(made);
  EXPECT_THAT(detail_of_doctor(), testing::StartsWith("warning: the last backup failed: "));
  const auto attention = read_json(get("/v1/status")).at("attention").as_array();
  ASSERT_EQ(attention.size(), 1u);
  EXPECT_THAT(std::string(attention[0].as_string()), testing::HasSubstr("skerry backup create"));
}

TEST_F(BackupHandlersTest, TheNextOneIsDueByTheInterval) {
  const auto due = [&] {
    const store::Reader reader = database->read();
    return next_backup_at(*reader, context->backup, clock.now);
  };
  EXPECT_FALSE(due()) << "no interval";
  context->backup.interval_seconds = 3600;
  EXPECT_EQ(due(), clock.now.load());
  const json::object made = read_json(post(target, ""));
  EXPECT_EQ(due(), clock.now + 3'600'000);
  clock.now += 4'000'000;
  damage(made);
  EXPECT_EQ(due(), clock.now + 600'000) << "soon after a failure, not at once";
  context->backup.recipient.clear();
  EXPECT_FALSE(due()) << "no recovery key";
}

}  // namespace
}  // namespace skerry::api
