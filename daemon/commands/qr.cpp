#include "daemon/commands/qr.hpp"

#include <cstdio>

#include "crypto/file.hpp"
#include "daemon/qr_code.hpp"

namespace skerry::daemon {
namespace {

constexpr std::size_t file_bytes_max = 1024 * 1024;
constexpr unsigned private_mode = 0600;  // a request holds the activation code

}  // namespace

Result<Exit> run_offline_qr(Terminal& terminal, const QrWish& wish) {
  if (wish.form == "png" && wish.out.empty())
    return fail(Errc::usage, "a PNG is no text for a terminal", "--out FILE");
  SKERRY_TRY(const Bytes bytes, crypto::read_small_file(wish.file, file_bytes_max));
  SKERRY_TRY(const QrCode code, make_qr_code(as_text(bytes)));
  const std::string drawn = wish.form == "svg"   ? qr_svg(code)
                            : wish.form == "png" ? qr_png(code)
                                                 : qr_text(code);
  if (!wish.out.empty()) {
    SKERRY_TRY_VOID(crypto::create_file_atomically(wish.out, as_bytes(drawn), private_mode));
    terminal.document({{"file", wish.out}, {"bytes", bytes.size()}});
    terminal.line("{} shows the {} bytes of {}", wish.out, bytes.size(), wish.file);
    return Exit::ok;
  }
  terminal.document({{"bytes", bytes.size()}, {"code", drawn}});
  terminal.line("{}", std::string_view(drawn).substr(0, drawn.size() - 1));
  return Exit::ok;
}

}  // namespace skerry::daemon
