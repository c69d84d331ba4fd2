"""HTTPS of the real binary, seen by openssl, curl and Python; nothing beyond this machine before
somebody has claimed it."""

import shutil
import socket
import ssl
import subprocess
import unittest

from machine import Machine, MachineTest, wait_until

PASSWORD = "kelp-forest-lantern"
TLS = 'tls_address = "127.0.0.1:0"\n'


def run(*command, stdin=""):
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60,
                          check=False)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def this_machines_address():
    """An address of this machine that is not loopback; None without any."""
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        probe.connect(("192.0.2.1", 9))  # nothing is sent
        address = probe.getsockname()[0]
    except OSError:
        return None
    finally:
        probe.close()
    return None if address.startswith("127.") or address == "0.0.0.0" else address


class TlsTest(MachineTest):
    def new_tls_machine(self, config="", role="central", name="vendor"):
        machine = self.new_machine(role, name, TLS + config, start=False)
        return self.start(machine)

    def start(self, machine):
        machine.start()
        self.authority = self.folder / "ca.pem"
        shown = machine.ok("cert", "show", "--json").document()
        if shown["authority"]:
            self.write_authority(machine)
        return machine

    def write_authority(self, machine):
        self.authority.unlink(missing_ok=True)
        machine.ok("cert", "install-ca", "--out", self.authority)

    def curl(self, machine, path, *more):
        return run("curl", "-sS", "--max-time", "20", "--cacert", str(self.authority), *more,
                   f"https://{machine.tls}{path}")

    def test_curl_and_openssl_trust_the_authority(self):
        machine = self.new_tls_machine()
        answer = self.curl(machine, "/livez")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        stranger = run("curl", "-sS", "--max-time", "20", f"https://{machine.tls}/livez")
        self.assertEqual(stranger.returncode, 60, stranger)  # the peer's certificate is not trusted
        seen = run("openssl", "s_client", "-connect", machine.tls, "-CAfile", str(self.authority),
                   "-verify_return_error", "-brief")
        self.assertIn("Verification: OK", seen.stdout + seen.stderr)
        token = machine.ok("token", "create", "t", "--access", "read,write", "--json").document()
        bearer = f"Authorization: Bearer {token['token']}"
        made = self.curl(machine, "/v1/customers", "-H", bearer, "--json", '{"name": "Acme"}')
        self.assertIn('"name":"Acme"', made.stdout)
        large = self.curl(machine, "/v1/openapi.json")
        self.assertEqual(large.stdout, machine.http("GET", "/v1/openapi.json").body.decode())

    def test_many_requests_on_one_connection(self):
        machine = self.new_tls_machine()
        context = ssl.create_default_context(cafile=self.authority)
        host, port = machine.tls.split(":")
        request = b"GET /livez HTTP/1.1\r\nHost: box\r\n\r\n"
        with socket.create_connection((host, int(port)), 20) as raw:
            with context.wrap_socket(raw, server_hostname="localhost") as wire:
                wire.sendall(request * 50)
                got = b""
                while got.count(b"HTTP/1.1 200") < 50:
                    piece = wire.recv(65536)
                    self.assertTrue(piece, got[-200:])
                    got += piece
                wire.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                while wire.recv(65536):
                    pass  # to the close_notify: no ragged end

    def test_only_new_versions_and_good_ciphers(self):
        machine = self.new_tls_machine()

        def shake(*how):
            return run("openssl", "s_client", "-connect", machine.tls, "-CAfile",
                       str(self.authority), "-cipher", "ALL:@SECLEVEL=0", *how).returncode

        self.assertEqual(shake("-tls1_3"), 0)
        self.assertEqual(shake("-tls1_2"), 0)
        self.assertNotEqual(shake("-tls1_1"), 0)
        self.assertNotEqual(shake("-tls1"), 0)
        for weak in ("AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA"):
            refused = run("openssl", "s_client", "-connect", machine.tls, "-tls1_2", "-cipher",
                          f"{weak}:@SECLEVEL=0")
            self.assertNotEqual(refused.returncode, 0, weak)

    @unittest.skipUnless(shutil.which("sslscan"), "sslscan is not installed")
    def test_sslscan_finds_nothing(self):
        machine = self.new_tls_machine()
        seen = run("sslscan", "--no-colour", machine.tls).stdout
        for old in ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"):
            self.assertRegex(seen, rf"{old}\s+disabled")
        for new in ("TLSv1.2", "TLSv1.3"):
            self.assertRegex(seen, rf"{new}\s+enabled")
        self.assertNotRegex(seen, r"(?m)^Accepted .*(CBC|RC4|3DES|NULL|EXP)")
        # Debian's is made without zlib, and cannot ask for it.
        self.assertRegex(seen, "Compression disabled|does not support compression")

    def test_renewal_without_a_restart(self):
        machine = self.new_tls_machine()
        before = machine.ok("cert", "show", "--json").document()
        after = machine.ok("cert", "renew", "--json").document()
        self.assertNotEqual(before["sha256"], after["sha256"])
        for more in ((), ("--new-ca",)):
            tried = machine.ok("cert", "renew", "--dry-run", *more)
            self.assertIn("nothing is written", tried.err)
            self.assertIn("would be shown", tried.out)
            self.assertEqual(machine.ok("cert", "show", "--json").document(), after)
        tried = machine.ok("cert", "install-ca", "--out", self.folder / "tried.pem", "--dry-run")
        self.assertIn("would hold", tried.out)
        self.assertFalse((self.folder / "tried.pem").exists())
        missing = self.folder / "no" / "ca.pem"
        for more in ((), ("--dry-run",)):
            self.assertEqual(machine.run("cert", "install-ca", "--out", missing, *more).code, 74)
            kept = machine.run("cert", "install-ca", "--out", machine.data / "skerry.toml", *more)
            self.assertEqual(kept.code, 1, kept)
        self.assertIn("listen", (machine.data / "skerry.toml").read_text(encoding="utf-8"))
        self.assertEqual(machine.ok("audit", "list", "--json").out.count("certificate_renewed"), 1)
        self.assertEqual(before["authority"]["sha256"], after["authority"]["sha256"])
        self.assertEqual(self.seen_by_a_client(machine), after["sha256"])
        self.assertEqual(self.curl(machine, "/livez").returncode, 0)
        anew = machine.ok("cert", "renew", "--new-ca", "--json").document()
        self.assertNotEqual(anew["authority"]["sha256"], after["authority"]["sha256"])
        self.assertEqual(self.curl(machine, "/livez").returncode, 60)
        self.write_authority(machine)
        self.assertEqual(self.curl(machine, "/livez").returncode, 0)
        self.start(machine_stopped(machine))
        self.assertEqual(self.seen_by_a_client(machine), anew["sha256"])  # kept over a restart
        self.assertIn("certificate_renewed", machine.ok("audit", "list", "--json").out)

    def seen_by_a_client(self, machine):
        host, port = machine.tls.split(":")
        pem = ssl.get_server_certificate((host, int(port)))
        (self.folder / "seen.pem").write_text(pem, encoding="ascii")
        out = run("openssl", "x509", "-in", str(self.folder / "seen.pem"), "-noout",
                  "-fingerprint", "-sha256").stdout
        return out.split("=")[1].strip().replace(":", "").lower()

    def test_names_and_constraints(self):
        machine = self.new_tls_machine('[tls]\nnames = "box.plant.example 10.9.8.7"\n')
        shown = machine.ok("cert", "show", "--json").document()
        self.assertEqual(shown["names"], ["box.plant.example", "10.9.8.7", "127.0.0.1",
                                          "localhost", "::1"])
        plain, with_code = machine.ok("cert", "show").out, machine.ok("cert", "show", "--qr").out
        self.assertTrue(with_code.startswith(plain))
        self.assertIn("\u2588", with_code[len(plain):])  # the square itself: qr_test reads such
        text = run("openssl", "x509", "-in", str(self.authority), "-noout", "-text").stdout
        self.assertIn("Name Constraints: critical", text)
        self.assertIn("DNS:box.plant.example", text)
        key = machine.data / "tls" / "ca.key"
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        # Other names need another authority: until somebody makes it, the certificate stays.
        machine.stop()
        machine.configure(TLS + '[tls]\nnames = "bank.example"\n')
        machine.start()
        self.assertEqual(self.seen_by_a_client(machine), shown["sha256"])
        found = machine.run("doctor")
        self.assertEqual(found.code, 10, found)
        self.assertIn("cannot vouch", found.out)
        self.assertIn("skerry cert renew --new-ca", " ".join(machine.status()["attention"]))
        machine.ok("cert", "renew", "--new-ca")
        self.assertIn("bank.example", machine.ok("cert", "show").out)
        machine.ok("doctor")

    def test_a_certificate_of_the_sites_own(self):
        made = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                   "ec_paramgen_curve:P-256", "-nodes", "-days", "20", "-subj", "/CN=plant",
                   "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                   str(self.folder / "own.key"), "-out", str(self.folder / "own.pem"))
        self.assertEqual(made.returncode, 0, made.stderr)
        config = (f'[tls]\ncertificate_file = "{self.folder}/own.pem"\n'
                  f'key_file = "{self.folder}/own.key"\n')
        (self.folder / "own.key").chmod(0o600)
        machine = self.new_tls_machine(config)
        self.authority = self.folder / "own.pem"
        self.assertEqual(self.curl(machine, "/livez").returncode, 0)
        shown = machine.ok("cert", "show", "--json").document()
        self.assertEqual((shown["own"], shown["authority"]), (False, None))
        self.assertEqual(machine.run("cert", "install-ca").code, 1)
        found = machine.run("doctor")  # nobody but a person renews it
        self.assertEqual(found.code, 10, found)
        self.assertIn("the certificate ends at 20", found.out)
        (self.folder / "own.key").chmod(0o644)
        machine.stop()
        refused = machine.run("serve")
        self.assertEqual(refused.code, 78, refused)
        self.assertIn("own.key", refused.err)

    def test_client_certificates(self):
        for name in ("one", "two"):
            self.assertEqual(run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                 "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
                                 "/CN=clients", "-keyout", str(self.folder / f"{name}.key"),
                                 "-out", str(self.folder / f"{name}.pem")).returncode, 0)
        trusted = self.folder / "trusted.pem"
        shutil.copyfile(self.folder / "one.pem", trusted)
        machine = self.new_tls_machine(f'[tls]\nclient_ca_file = "{trusted}"\n'
                                       '[backup]\ninterval_seconds = 4\n')  # looks each second

        def with_one_of(name):
            return self.curl(machine, "/livez", "--cert", str(self.folder / f"{name}.pem"),
                             "--key", str(self.folder / f"{name}.key")).returncode == 0

        self.assertNotEqual(self.curl(machine, "/livez").returncode, 0)
        self.assertTrue(with_one_of("one"))
        self.assertFalse(with_one_of("two"))
        shutil.copyfile(self.folder / "two.pem", trusted)  # read anew, without a restart
        wait_until(lambda: with_one_of("two"))
        self.assertFalse(with_one_of("one"))

    def test_a_site_exchanges_over_tls(self):
        central = self.new_tls_machine()
        site = self.new_machine("site", "mine", start=False)
        site.configure(f'[central]\nurl = "https://{central.tls}"\n'
                       f'ca_file = "{self.authority}"\n')
        site.start()
        medium = self.new_medium()
        self.enrol(central, site, medium, "mine")
        central.create("customers", {"name": "Acme"})
        site.ok("exchange", "--online")
        self.assertIn("Acme", site.http("GET", "/v1/customers").body.decode())

    def test_who_speaks_no_tls_harms_nobody(self):
        machine = self.new_tls_machine()
        host, port = machine.tls.split(":")
        for rubbish in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 999,
                        b"", b"\0" * 4096):
            with socket.create_connection((host, int(port)), 20) as raw:
                raw.sendall(rubbish)
                raw.shutdown(socket.SHUT_WR)
                while raw.recv(4096):
                    pass
        self.assertEqual(self.curl(machine, "/livez").returncode, 0)

    @unittest.skipIf(this_machines_address() is None, "this machine has no address but loopback")
    def test_nothing_beyond_this_machine_before_it_is_claimed(self):
        address, plain, tls, relay = this_machines_address(), free_port(), free_port(), free_port()
        machine = Machine(self.folder / "shut", "site", "mine", proxied=False)
        self.machines.append(machine)
        (machine.data / "skerry.toml").write_text(
            f'[listen]\naddress = "{address}:{plain}"\ntls_address = "{address}:{tls}"\n'
            f'[relay]\naddress = "{address}:{relay}"\n', encoding="utf-8")
        machine.start()
        for port in (plain, tls, relay):
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection((address, port), 5)
        (self.folder / "password").write_text(PASSWORD + "\n", encoding="utf-8")
        (self.folder / "password").chmod(0o600)
        shut = "answers no other machine before skerry setup"
        self.assertIn(shut, machine.run("doctor").out)
        machine.ok("setup", "--password-file", self.folder / "password")
        told = machine.run("doctor").out
        self.assertNotIn(shut, told)
        self.assertIn(f"{address}:{plain} takes plain HTTP from other machines", told)
        for port in (plain, tls, relay):
            wait_until(lambda port=port: answers(address, port))
        machine.restart()
        for port in (plain, tls, relay):
            self.assertTrue(answers(address, port))
        machine.ok("user", "reset", "admin")  # nobody has a password now; it stays somebody's
        machine.restart()
        for port in (plain, tls, relay):
            self.assertTrue(answers(address, port))


def machine_stopped(machine):
    machine.stop()
    return machine


def answers(address, port):
    try:
        with socket.create_connection((address, port), 5):
            return True
    except ConnectionRefusedError:
        return False


if __name__ == "__main__":
    unittest.main()
