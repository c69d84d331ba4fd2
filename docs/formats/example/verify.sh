#!/bin/sh
# Checks a bundle with stock tools only: tar, openssl, jq, sha256sum, and with a key age and zstd.
#   verify.sh BUNDLE SIGNER.pub.pem [CENTRAL.agekey]
# With the key it prints the payload's lines. Exit 0: every check passed. Exit 1: refused.
set -eu

[ $# -ge 2 ] || { echo "usage: $0 BUNDLE SIGNER.pub.pem [IDENTITY.agekey]" >&2; exit 64; }
bundle=$1 signer=$2 identity=${3-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
refuse() { echo "refused: $*" >&2; exit 1; }
manifest() { jq -er "$1" "$work/manifest.json" || refuse "the manifest has no $1"; }
# An `if` for each comparison: under `set -e`, a failing `test … && …` does not end the script.
same() { if [ "$2" != "$3" ]; then refuse "$1: $2 and not $3"; fi; }

# The archive: one manifest, its signatures, at most one payload, in this order.
tar -tf "$bundle" > "$work/names" || refuse "not an archive"
names=$(sed 's/^sig\.[0-9a-f]\{16\}$/sig/' "$work/names" | uniq | tr '\n' ' ')
case $names in
  "manifest.json sig " | "manifest.json sig payload ") ;;
  *) refuse "members: $names" ;;
esac
tar -xf "$bundle" -C "$work" || refuse "not an archive"

# The signature, over the manifest's exact bytes, from a file: -rawin reads no pipe in OpenSSL 3.0.
keyid=$(openssl pkey -pubin -in "$signer" -outform DER | sha256sum | cut -c1-16)
[ -f "$work/sig.$keyid" ] || refuse "not signed by key $keyid"
openssl pkeyutl -verify -pubin -inkey "$signer" -rawin \
  -in "$work/manifest.json" -sigfile "$work/sig.$keyid" > /dev/null || refuse "bad signature"
same "format" "$(manifest ._type)" "skerry/bundle/v1"
same "sender's key" "$(manifest .from.key)" "$keyid"

# The payload as it travels.
if [ ! -f "$work/payload" ]; then
  same "payload" "$(jq -r 'has("payload")' "$work/manifest.json")" "false"
  exit 0
fi
same "payload size" "$(wc -c < "$work/payload")" "$(manifest .payload.size)"
same "payload hash" "$(sha256sum < "$work/payload" | cut -c1-64)" "$(manifest .payload.sha256)"

# Its content. sh has no pipefail: a failing age or zstd shows in the hash below.
case $(manifest .payload.enc) in
  none) zstd -dcq --memory=64MB < "$work/payload" > "$work/plain" || refuse "not zstd" ;;
  age-v1)
    [ -n "$identity" ] || exit 0
    age -d -i "$identity" "$work/payload" > "$work/compressed" || refuse "the key does not open it"
    zstd -dcq --memory=64MB < "$work/compressed" > "$work/plain" || refuse "not zstd" ;;
  *) refuse "unknown encryption" ;;
esac
same "content size" "$(wc -c < "$work/plain")" "$(manifest .payload.plain_size)"
same "content hash" "$(sha256sum < "$work/plain" | cut -c1-64)" "$(manifest .payload.plain_sha256)"
same "lines" "$(wc -l < "$work/plain")" "$(manifest .payload.lines)"
head -n 1 "$work/plain" > "$work/head"
for member in from.role from.id to.role to.id; do
  same "head $member" "$(jq -r ".$member" "$work/head")" "$(manifest ".$member")"
done
same "head epoch" "$(jq -r .epoch "$work/head")" "$(manifest .from.epoch)"
same "head bundle" "$(jq -r .bundle "$work/head")" "$(manifest .id)"
cat "$work/plain"
