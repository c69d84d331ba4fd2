#include <fmt/format.h>

#include "tests/unit/api/handlers_fixture.hpp"

namespace skerry::api {
namespace {

constexpr const char* target = "/v1/backups";

std::string naming(std::string_view file) { return fmt::format(R"({{"file":"{}"}})", file); }

TEST_F(HandlersTest, ABackupGoesWhereItIsToldOrIntoTheDataFolder) {
  const std::string file = (folder / "copy.db").string();
  const json::object named = read_json(post(target, naming(file)));
  EXPECT_EQ(named.at("file").as_string(), file);
  EXPECT_EQ(named.at("bytes").as_int64(),
            static_cast<std::int64_t>(std::filesystem::file_size(file)));
  const json::object own = read_json(post(target, ""));
  const std::filesystem::path made = std::string(own.at("file").as_string());
  EXPECT_EQ(made.parent_path(), folder / "data/backups");
  EXPECT_TRUE(std::filesystem::exists(made));
  check({{"again", "POST", target, naming(file), "", 409, {"already_exists", file}, {}}});
}

TEST_F(HandlersTest, ABackupThatCannotBeWrittenSoIsRefused) {
  const std::string nowhere = (folder / "no/copy.db").string();
  const std::string too_long = (folder / std::string(300, 'x')).string();
  check({
      {"a relative path", "POST", target, naming("copy.db"), "", 422, {R"("/file")", "from /"}, {}},
      {"no text", "POST", target, R"({"file":7})", "", 422, {R"("/file")"}, {}},
      {"a control byte", "POST", target, naming(R"(/a\u0000b)"), "", 422, {R"("/file")"}, {}},
      {"another member", "POST", target, R"({"a/b":1})", "", 422, {R"("/a~1b")", "unknown"}, {}},
      {"a folder that is not there", "POST", target, naming(nowhere), "", 422, {nowhere}, {}},
      {"a name too long", "POST", target, naming(too_long), "", 422, {"bad_input"}, {}},
      {"a parameter", "POST", "/v1/backups?file=/a", "", "", 400, {"file"}, {}},
  });
  EXPECT_FALSE(std::filesystem::exists(folder / "data/backups"));
}

}  // namespace
}  // namespace skerry::api
