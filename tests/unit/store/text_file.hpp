// A file in memory that holds a text.
#pragma once

#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

#include "core/check.hpp"

namespace skerry::store {

class TextFile {
 public:
  explicit TextFile(std::string_view text) : file_(::memfd_create("text", MFD_CLOEXEC)) {
    SKERRY_CHECK(file_ >= 0);
    while (!text.empty()) {
      const ::ssize_t written = ::write(file_, text.data(), text.size());
      SKERRY_CHECK(written > 0);
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  ~TextFile() { ::close(file_); }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;

  int get() const { return file_; }

 private:
  int file_;
};

}  // namespace skerry::store
