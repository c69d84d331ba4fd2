#include "daemon/cli.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <vector>

namespace skerry::daemon {
namespace {

using ::testing::HasSubstr;

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

Outcome run(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "skerry");
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Outcome ran;
  ran.code = run_command_line(static_cast<int>(arguments.size()), arguments.data());
  ran.out = ::testing::internal::GetCapturedStdout();
  ran.err = ::testing::internal::GetCapturedStderr();
  return ran;
}

TEST(CommandLine, Version) {
  EXPECT_THAT(run({"version"}).out, HasSubstr("skerry "));
  EXPECT_THAT(run({"version", "--json"}).out, HasSubstr("\"version\""));
  EXPECT_THAT(run({"--json", "version"}).out, HasSubstr("\"version\""));
}

TEST(CommandLine, HelpIsASuccess) {
  const Outcome ran = run({"--help"});
  EXPECT_EQ(ran.code, 0);
  for (const char* noun :
       {"init", "serve", "status", "doctor", "digest", "token", "import", "site", "enrol",
        "exchange", "bundle", "conflict", "audit", "backup", "changes", "explain", "version"})
    EXPECT_THAT(ran.out, HasSubstr(noun));
}

// Of every command that a newcomer meets first: a line to type, of options that there are.
TEST(CommandLine, HelpEndsWithAnExample) {
  const std::vector<std::vector<const char*>> commands = {
      {"init"},
      {"import"},
      {"export"},
      {"changes"},
      {"enrol"},
      {"exchange"},
      {"token", "create"},
      {"bundle", "export"},
      {"bundle", "import"},
      {"bundle", "inspect"},
      {"bundle", "verify"},
      {"site", "invite"},
      {"site", "admit"},
      {"site", "show"},
      {"site", "set"},
      {"site", "revoke"},
      {"site", "copies"},
      {"site", "reauthorise"},
      {"site", "adopt"},
      {"site", "discard"},
      {"conflict", "list"},
      {"conflict", "show"},
      {"conflict", "resolve"},
      {"conflict", "undo"},
      {"conflict", "rule", "add"},
      {"conflict", "rule", "remove"},
      {"lost", "acknowledge"},
      {"audit", "list"},
      {"audit", "export"},
      {"audit", "verify"},
      {"backup", "create"},
      {"backup", "list"},
      {"backup", "verify"},
      {"backup", "restore"},
      {"backup", "reapply"},
      {"backup", "key"},
  };
  for (auto command : commands) {
    std::string path = "Example: skerry";
    for (const char* word : command) path.append(" ").append(word);
    command.push_back("--help");
    const std::string help = run(command).out;
    const std::size_t at = help.find(path);
    ASSERT_NE(at, std::string::npos) << path;
    std::istringstream example(help.substr(at));
    for (std::string word; example >> word;)
      EXPECT_TRUE(!word.starts_with("-") || help.rfind(word + ' ', at) != std::string::npos)
          << path << ": " << word;
  }
  EXPECT_THAT(run({"man"}).out, HasSubstr("Example: skerry exchange /media/stick"));
}

TEST(CommandLine, ValuesThatAreAChoiceAreCompleted) {
  const std::string bash = run({"completion", "bash"}).out;
  EXPECT_THAT(bash, HasSubstr("'init --role') words='site central'"));
  const char* const roles = "--role') words='admin operator mover viewer auditor application'";
  EXPECT_THAT(bash, HasSubstr(std::string("'user create ") + roles));
  EXPECT_THAT(bash, HasSubstr(std::string("'user set ") + roles));
  EXPECT_THAT(bash, HasSubstr("'changes --kind') words='customer contact "));
  EXPECT_THAT(bash, HasSubstr("'audit list --kind') words='customer contact "));
  EXPECT_THAT(bash, HasSubstr("'import') words='customers contacts "));
  EXPECT_THAT(bash, HasSubstr("'explain') words='bad_request "));
  const std::string fish = run({"completion", "fish"}).out;
  EXPECT_THAT(fish, HasSubstr("-l role -r -f -a 'site central'"));
  EXPECT_THAT(fish, HasSubstr("__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'"));
  EXPECT_THAT(fish, HasSubstr("-l dry-run -d"));
  EXPECT_THAT(fish, HasSubstr("__fish_seen_subcommand_from import' -a 'customers contacts "))
      << "with files: the next word is one";
}

TEST(CommandLine, Explain) {
  const Outcome ran = run({"explain", "wrong_recipient"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("somebody else"));
  EXPECT_THAT(ran.out, HasSubstr("Carry it to the machine that it was made for."));
}

TEST(CommandLine, WhatIsWrongIsUsage) {
  const std::vector<std::vector<const char*>> cases = {
      {},
      {"nonsense"},
      {"token"},
      {"token", "create"},
      {"token", "create", "x", "--access", "everything"},
      {"init", "--name", "x"},
      {"init", "--role", "king", "--name", "x"},
      {"explain", "nonsense"},
      {"exchange"},
      {"exchange", "/tmp", "--online"},
      {"site", "set", "x"},
      {"site", "set", "x", "--scope", "all", "--scope-add", "y"},
      {"site", "show"},
      {"site", "admit", "f", "--yes", "--fingerprint", "x"},
      {"conflict", "resolve", "x"},
      {"conflict", "resolve", "x", "--choose", "both"},
      {"conflict", "resolve", "x", "--value", "{"},
      {"conflict", "list", "--limit", "0"},
      {"import", "customers", "f", "--map", "name"},
      {"import", "customers", "f", "--set", "=x"},
      {"import", "customers", "f", "--mode", "some"},
      {"import", "gadgets", "f"},
      {"export", "gadgets"},
      {"export", "customers", "name"},
      {"export", "customers", "--format", "xls"},
      {"mapping"},
      {"bundle", "export", "--from", "many"},
      {"bundle", "import", ""},
      {"token", "revoke", ""},
      {"backup"},
      {"backup", "key"},
      {"backup", "verify"},
      {"backup", "verify", "f", "--key", "k"},
      {"backup", "restore"},
      {"backup", "reapply"},
  };
  for (const auto& arguments : cases) {
    const Outcome ran = run(arguments);
    EXPECT_EQ(ran.code, 64) << ::testing::PrintToString(arguments) << ran.err;
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr("Next: "));
  }
}

TEST(CommandLine, ErrorsAreObjectsWithJson) {
  EXPECT_THAT(run({"nonsense", "--json"}).out, HasSubstr(R"("exit":64)"));
}

}  // namespace
}  // namespace skerry::daemon
