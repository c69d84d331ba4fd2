// The disk's limit: how often it makes 4 KiB durable. Appends to a file as SQLite's write-ahead log
// grows, and waits for fdatasync each time.
//   fdatasync_probe FOLDER [COUNT]
// Prints the median in microseconds, and the rate a second.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <vector>

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: fdatasync_probe FOLDER [COUNT]\n", stderr);
    return 64;
  }
  const int count = argc > 2 ? std::max(1, std::atoi(argv[2])) : 200;
  std::string name = std::string(argv[1]) + "/probe-XXXXXX";
  const int file = ::mkstemp(name.data());
  if (file < 0) {
    std::perror(name.c_str());
    return 1;
  }
  ::unlink(name.c_str());
  const std::array<char, 4096> block{};
  std::vector<double> times_us;
  double total_us = 0;
  for (int i = 0; i < count; ++i) {
    const auto start = std::chrono::steady_clock::now();
    if (::write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size()) ||
        ::fdatasync(file) != 0) {
      std::perror("fdatasync");
      return 1;
    }
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    times_us.push_back(took.count());
    total_us += took.count();
  }
  std::nth_element(times_us.begin(), times_us.begin() + count / 2, times_us.end());
  std::printf("%.0f %.0f\n", times_us[static_cast<std::size_t>(count / 2)], 1e6 * count / total_us);
}
