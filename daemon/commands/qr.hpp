// offline qr, join: a file of two machines as codes that a camera reads, and back.
#pragma once

#include <string>
#include <vector>

#include "core/errc.hpp"
#include "daemon/terminal.hpp"

namespace skerry::daemon {

struct QrWish {
  std::string file;           // a request or an answer
  std::string form = "text";  // text, svg, png
  std::string out;            // a new file, of several codes one each; empty: stdout
};
// Errc::bad_input for a file that is too large for codes.
Result<Exit> run_offline_qr(Terminal& terminal, const QrWish& wish);

// A file, or what a camera read of its codes, in one file or several. Errc::bad_input that names
// the part which is missing, or which is there twice and differs.
Result<std::string> read_scanned(const std::vector<std::string>& files);

struct JoinWish {
  std::vector<std::string> files;  // what was read
  std::string out;                 // a new file
  bool dry_run = false;
};
Result<Exit> run_offline_join(Terminal& terminal, const JoinWish& wish);

}  // namespace skerry::daemon
