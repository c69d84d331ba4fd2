// Other people's programs, run by tests of interoperability.
#pragma once

#include <filesystem>
#include <gtest/gtest.h>
#include <span>
#include <string>

namespace skerry::crypto {

bool is_installed(const std::string& program);

// Runs a shell command with its talk on stderr thrown away; the exit status.
int run(const std::string& command);

std::string quoted(const std::filesystem::path& file);
std::string read_text(const std::filesystem::path& file);
void write_bytes(const std::filesystem::path& file, std::span<const unsigned char> bytes);

}  // namespace skerry::crypto

#define SKERRY_NEED_PROGRAM(name)            \
  if (!::skerry::crypto::is_installed(name)) \
  GTEST_SKIP() << "the program " name        \
                  " is not "                 \
                  "installed"
