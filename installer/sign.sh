#!/usr/bin/env bash
# Says of what was packed which bytes it is, and with a key who says so:
#   SHA256SUMS, delivery-note.txt         the digests for programs; as hex and words for people
#   SHA256SUMS.sig, skerry-….run.sig      Ed25519 over the whole files, and skerry.pub.pem to it
# The same folder and key give the same bytes. The key may stay on a machine that is on no line: it
# needs only this folder, bash and openssl.
#
# Usage: sign.sh FOLDER_OF_PACKAGES [KEY.pem]
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=words.sh
. "$(dirname "${BASH_SOURCE[0]}")/words.sh"
key=${2:+$(realpath "$2")}
cd "$1"

digest_of() { sha256sum | cut -d ' ' -f 1; }
show() { printf '%s\n  SHA-256  %s\n  words    %s\n' "$1" "$2" "$(words_of "$2")"; }
sign() { openssl pkeyutl -sign -rawin -inkey "$key" -in "$1" -out "$1.sig"; }

if [ -n "$key" ]; then
  if ! openssl pkey -in "$key" -noout -text 2>/dev/null | grep -q '^ED25519 Private-Key'; then
    echo "sign: $key is no Ed25519 key: openssl genpkey -algorithm ed25519 -out KEY.pem" >&2
    exit 1
  fi
  openssl pkey -in "$key" -pubout -out skerry.pub.pem
else
  rm -f skerry.pub.pem # it would promise a signature
fi
rm -f -- *.sig
sha256sum -- *.deb *.run *.spdx.json >SHA256SUMS

{
  echo "What was delivered. This note comes to you by another way than the files."
  for file in *.deb *.run *.spdx.json; do show "$file" "$(digest_of <"$file")"; done
  if [ -n "$key" ]; then
    # The fingerprint of a key is of its 32 bytes, as everywhere in Skerry.
    show "signed by skerry.pub.pem" \
      "$(openssl pkey -pubin -in skerry.pub.pem -outform DER | tail -c 32 | digest_of)"
  else
    echo "not signed: for trying out"
  fi
} >delivery-note.txt

[ -n "$key" ] || exit 0
for file in *.run SHA256SUMS; do sign "$file"; done
