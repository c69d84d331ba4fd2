// offline qr: a file of two machines as a code that a camera reads.
#pragma once

#include <string>

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

}  // namespace skerry::daemon
