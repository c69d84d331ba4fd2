// The state file of a seat: docs/clients/README.md.
#pragma once

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <skerry/failure.hpp>
#include <stdexcept>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace skerry::client {

// What an application must not forget: `seat` as the machine gave it, and a `pending` call whose
// answer is not known yet; null without one. Whoever opened the file holds it.
class State {
 public:
  explicit State(std::string path) : path_(std::move(path)) {
    lock_ = ::open((path_ + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock_ < 0) fail("cannot be locked");
    try {
      if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) fail("is held by another process");
      load();
    } catch (...) {
      ::close(lock_);
      throw;
    }
  }
  ~State() { ::close(lock_); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  json::value seat;
  json::value pending;

  // On the disk when this returns; after a crash the file is the old one or the new one.
  void save() const {
    const std::string text =
        json::serialize(json::object{{"version", 1}, {"seat", seat}, {"pending", pending}});
    const std::string beside = path_ + ".new";
    const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) fail("cannot be written");
    std::size_t done = 0;
    bool good = ::fchmod(file, 0600) == 0;
    while (good && done < text.size()) {
      const ssize_t count = ::write(file, text.data() + done, text.size() - done);
      good = count > 0 || (count < 0 && errno == EINTR);
      if (count > 0) done += static_cast<std::size_t>(count);
    }
    good = good && ::fsync(file) == 0;
    good = ::close(file) == 0 && good;
    if (!good || ::rename(beside.c_str(), path_.c_str()) != 0) fail("cannot be written");
    const std::size_t slash = path_.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
    const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool kept = opened >= 0 && ::fsync(opened) == 0;
    if (opened >= 0) ::close(opened);
    if (!kept) fail("cannot be kept");
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw Failure(Trouble::no_seat, path_ + " " + why + " (" + std::strerror(errno) + ")");
  }
  void load() {
    std::ifstream file(path_, std::ios::binary);
    if (!file) return;
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    try {
      const json::object kept = json::parse(text).as_object();
      if (kept.at("version") != json::value(1))
        throw std::invalid_argument("the version is unknown");
      seat = kept.at("seat");
      pending = kept.at("pending");
    } catch (const std::exception& error) {
      throw Failure(Trouble::no_seat, path_ + " is no state of a seat (" + error.what() +
                                          "): move it away and activate again");
    }
  }
  std::string path_;
  int lock_ = -1;
};

}  // namespace skerry::client
