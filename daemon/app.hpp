// The composition root: makes every part of a running daemon, in order, and stops them in reverse.
#pragma once

#include "core/errc.hpp"
#include "core/result.hpp"
#include "daemon/config.hpp"

namespace skerry::daemon {

// `skerry serve`: runs until SIGTERM or SIGINT (the second one does not wait for requests in
// flight). When it is ready it prints one line on stdout,
//   ready tcp=127.0.0.1:7070 socket=/var/lib/skerry/skerry.sock role=site tls=0.0.0.0:7443
// (`tls` where there is one; an address that stays shut until the machine is claimed is left out),
// with relay=127.0.0.1:6349 at its end where Relay's protocol is spoken,
// and writes the TCP address into <data folder>/address. Nothing on the way there reads a table
// through. On the main thread, before any other is started: it takes over the signals.
Result<Exit> serve(const Config& config);

}  // namespace skerry::daemon
