#include "tests/unit/crypto/program.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sys/wait.h>

namespace skerry::crypto {

bool is_installed(const std::string& program) {
  return run("command -v " + program + " >/dev/null") == 0;
}

int run(const std::string& command) {
  const int status = std::system(("{ " + command + "; } 2>/dev/null").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string quoted(const std::filesystem::path& file) { return "'" + file.string() + "'"; }

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_bytes(const std::filesystem::path& file, std::span<const unsigned char> bytes) {
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(out.good()) << file;
}

}  // namespace skerry::crypto
