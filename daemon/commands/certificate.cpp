// cert show, install-ca, renew.
#include <cstdlib>
#include <sys/wait.h>

#include "crypto/file.hpp"
#include "daemon/commands/commands.hpp"
#include "daemon/qr_code.hpp"

namespace skerry::daemon {
namespace {

// Where Debian's update-ca-certificates looks for what an administrator trusts.
constexpr const char* trusted_file = "/usr/local/share/ca-certificates/skerry.crt";
constexpr const char* update = "update-ca-certificates";

void say(Terminal& terminal, const json::object& certificate) {
  terminal.line("  for      {}", listed(certificate, "names"));
  terminal.line("  until    {}", string_of(certificate, "not_after"));
  terminal.line("  SHA-256  {}", string_of(certificate, "sha256"));
  terminal.line("  words    {}", string_of(certificate, "words"));
}

Exit say_all(Terminal& terminal, const json::object& shown) {
  terminal.document(shown);
  terminal.line("certificate of {}", string_of(shown, "issuer"));
  say(terminal, shown);
  const json::object& authority = object_of(shown, "authority");
  if (authority.empty()) return Exit::ok;
  terminal.line("authority {}", string_of(authority, "subject"));
  say(terminal, authority);
  return Exit::ok;
}

}  // namespace

Result<Exit> run_cert_show(Session& session, bool qr) {
  SKERRY_TRY(const auto shown, session.daemon.get_object("/v1/certificate"));
  const Exit exit = say_all(session.terminal, shown);
  if (!qr) return exit;
  const json::object& authority = object_of(shown, "authority");
  const std::string compared = string_of(authority.empty() ? shown : authority, "sha256");
  SKERRY_TRY(const QrCode code, make_qr_code(compared));
  const std::string picture = qr_text(code);
  session.terminal.line("{}", std::string_view(picture).substr(0, picture.size() - 1));
  return exit;
}

Result<Exit> run_cert_install(Session& session, const std::string& out) {
  SKERRY_TRY(const auto shown, session.daemon.get_object("/v1/certificate"));
  const std::string pem = string_of(object_of(shown, "authority"), "pem");
  if (pem.empty())
    return fail(Errc::not_found, "this machine shows a certificate of the site's own",
                "trust the authority that issued it: tls.certificate_file in skerry.toml");
  const std::string file = out.empty() ? trusted_file : out;
  if (session.daemon.is_dry_run()) {
    SKERRY_TRY_VOID(out.empty() ? crypto::check_file_place(file) : crypto::check_new_file(file));
    session.terminal.document({{"file", file}});
    session.terminal.line("{} would hold the authority's certificate{}", file,
                          out.empty() ? fmt::format(", and {} would be run", update) : "");
    return Exit::ok;
  }
  SKERRY_TRY_VOID(out.empty() ? crypto::write_file_atomically(file, as_bytes(pem), 0644)
                              : crypto::create_file_atomically(file, as_bytes(pem), 0644));
  if (out.empty()) {
    const int status = std::system(update);  // a fixed text, found by the administrator's own PATH
    if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
      return fail(Errc::io_failed, fmt::format("{} failed; {} is in place", update, file),
                  fmt::format("run {} as root", update));
  }
  session.terminal.document({{"file", file}});
  session.terminal.line("{} holds the authority's certificate", file);
  return Exit::ok;
}

Result<Exit> run_cert_renew(Session& session, bool new_authority) {
  SKERRY_TRY(const auto shown,
             session.daemon.post_empty(fmt::format("/v1/certificate:renew?new_authority={}",
                                                   new_authority ? "true" : "false")));
  if (!session.daemon.is_dry_run()) return say_all(session.terminal, shown);
  session.terminal.document(shown);
  session.terminal.line("a certificate by {} for {} until {} would be shown from now on{}",
                        string_of(shown, "issuer"), listed(shown, "names"),
                        string_of(shown, "not_after"),
                        new_authority && !object_of(shown, "authority").empty()
                            ? "; every client would have to trust the authority anew"
                            : "");
  return Exit::ok;
}

}  // namespace skerry::daemon
