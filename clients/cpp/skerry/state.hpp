// The state file of a seat: docs/clients/README.md.
#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <skerry/failure.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace skerry::client {

namespace detail {

// Whether these members are there, with a value of this kind.
template <class Fits>
bool has(const json::value& value, std::initializer_list<std::string_view> members, Fits fits) {
  if (!value.is_object()) return false;
  return std::all_of(members.begin(), members.end(), [&](std::string_view member) {
    const json::value* const found = value.get_object().if_contains(member);
    return found && fits(*found);
  });
}
inline bool is_text(const json::value& value) { return value.is_string(); }
inline bool is_number(const json::value& value) { return value.is_number(); }
inline bool is_object(const json::value& value) { return value.is_object(); }

}  // namespace detail

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
    const std::size_t slash = path_.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
    const int opened = good ? ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    // Nothing but the disk can fail behind this: what failed before was never there.
    good = opened >= 0 && ::rename(beside.c_str(), path_.c_str()) == 0;
    const bool kept = good && ::fsync(opened) == 0;
    if (opened >= 0) ::close(opened);
    if (!good) fail("cannot be written");
    if (!kept) fail("cannot be kept");
  }

 private:
  static bool is_seat(const json::value& value) {
    return detail::has(value, {"id", "product", "seat_id", "secret", "nonce", "token"},
                       detail::is_text) &&
           detail::has(value, {"held"}, detail::is_object) &&
           detail::has(value, {"renew_after_seconds", "received_at"}, detail::is_number);
  }
  static bool is_call(const json::value& value) {
    if (!detail::has(value, {"method", "path"}, detail::is_text) ||
        !detail::has(value, {"headers"}, detail::is_object) ||
        !detail::has(value, {"body"},
                     [](const json::value& body) { return body.is_null() || body.is_string(); }))
      return false;
    const json::object& headers = value.at("headers").get_object();
    return std::all_of(headers.begin(), headers.end(),
                       [](const auto& header) { return header.value().is_string(); });
  }
  [[noreturn]] void fail(const std::string& why) const {
    throw Failure(Trouble::no_seat, path_ + " " + why + " (" + std::strerror(errno) + ")");
  }
  void load() {
    if (::access(path_.c_str(), F_OK) != 0 && errno == ENOENT) return;
    try {
      std::ifstream file(path_, std::ios::binary);
      if (!file) throw std::invalid_argument(std::strerror(errno));
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      const json::object kept = json::parse(text).as_object();
      if (kept.at("version") != json::value(1))
        throw std::invalid_argument("the version is unknown");
      seat = kept.at("seat");
      pending = kept.at("pending");
      if (!(seat.is_null() || is_seat(seat)) || !(pending.is_null() || is_call(pending)))
        throw std::invalid_argument("members are missing");
    } catch (const std::exception& error) {
      throw Failure(Trouble::no_seat, path_ + " is no state of a seat (" + error.what() +
                                          "): move it away and activate again");
    }
  }
  std::string path_;
  int lock_ = -1;
};

}  // namespace skerry::client
