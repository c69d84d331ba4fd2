#include "daemon/cli/certificate.hpp"

namespace skerry::daemon {

void CertificateCommands::add_to(CommandTree& tree) {
  CLI::App* cert = tree.add_noun("cert", "the certificate that this machine shows under TLS");
  tree.add(cert, "show", "what it is, for which names, until when",
           [this](Session& s) { return run_cert_show(s, qr_); })
      ->add_flag("--qr", qr_, "with the SHA-256 of what clients trust as a QR code");
  CLI::App* install =
      tree.add(cert, "install-ca", "have this system trust this machine's authority",
               [this](Session& s) { return run_cert_install(s, file_); });
  tree.add_dry_run(install);
  install->add_option("--out", file_,
                      "a new file: only write its certificate there, for other machines");
  CLI::App* renew = tree.add(cert, "renew", "a new one at once; one of the site's own is read anew",
                             [this](Session& s) { return run_cert_renew(s, new_authority_); });
  renew->add_flag("--new-ca", new_authority_,
                  "of a new authority, which every client has to trust anew");
  tree.add_dry_run(renew);
}

}  // namespace skerry::daemon
