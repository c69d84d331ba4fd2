#!/bin/sh
# Opens a backup with stock tools only: tar, openssl, jq, sha256sum, age, zstd, sqlite3.
#   open.sh BACKUP SIGNER.pub.pem RECOVERY.agekey OUT.db
# Exit 0: every check passed, and OUT.db is the database. Exit 1: refused.
set -eu

[ $# -eq 4 ] || { echo "usage: $0 BACKUP SIGNER.pub.pem RECOVERY.agekey OUT.db" >&2; exit 64; }
backup=$1 signer=$2 identity=$3 out=$4
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
refuse() { echo "refused: $*" >&2; exit 1; }
manifest() { jq -er "$1" "$work/manifest.json" || refuse "the manifest has no $1"; }
# An `if` for each comparison: under `set -e`, a failing `test … && …` does not end the script.
same() { if [ "$2" != "$3" ]; then refuse "$1: $2 and not $3"; fi; }

tar -tf "$backup" > "$work/names" || refuse "not an archive"
names=$(sed 's/^sig\.[0-9a-f]\{16\}$/sig/' "$work/names" | uniq | tr '\n' ' ')
same "members" "$names" "manifest.json sig payload "
tar -xf "$backup" -C "$work" || refuse "not an archive"

# The signature, over the manifest's exact bytes, from a file: -rawin reads no pipe in OpenSSL 3.0.
keyid=$(openssl pkey -pubin -in "$signer" -outform DER | sha256sum | cut -c1-16)
[ -f "$work/sig.$keyid" ] || refuse "not signed by key $keyid"
openssl pkeyutl -verify -pubin -inkey "$signer" -rawin \
  -in "$work/manifest.json" -sigfile "$work/sig.$keyid" > /dev/null || refuse "bad signature"
same "format" "$(manifest ._type)" "skerry/backup/v1"
same "machine's key" "$(manifest .machine.key)" "$keyid"

# The payload, then the database. sh has no pipefail: a failing age or zstd shows in the hash.
same "payload size" "$(wc -c < "$work/payload")" "$(manifest .payload.size)"
same "payload hash" "$(sha256sum < "$work/payload" | cut -c1-64)" "$(manifest .payload.sha256)"
age -d -i "$identity" "$work/payload" | zstd -dcq --memory=64MB > "$work/database" \
  || refuse "not zstd"
same "database size" "$(wc -c < "$work/database")" "$(manifest .payload.plain_size)"
same "database hash" "$(sha256sum < "$work/database" | cut -c1-64)" \
  "$(manifest .payload.plain_sha256)"

# What is in it. Read as a file that nobody writes, so that nothing is made beside it.
query() { sqlite3 "file:$work/database?immutable=1" "$1"; }
same "integrity" "$(query 'PRAGMA integrity_check')" "ok"
same "rows" "$(query 'SELECT coalesce(max(n),0) FROM change_log')" "$(manifest .log.rows)"
for kind in $(manifest '.records | keys[]'); do
  same "$kind" "$(query "SELECT count(*) FROM $kind")" "$(manifest ".records.$kind")"
done

# The keys that it came with are the machine's.
jq -r .keys "$work/manifest.json" | age -d -i "$identity" > "$work/keys" || refuse "no keys"
openssl pkey -in "$work/keys" -pubout > "$work/public.pem" || refuse "no signing key"
cmp -s "$work/public.pem" "$signer" || refuse "another signing key inside"
grep -q '^AGE-SECRET-KEY-1' "$work/keys" || refuse "no age key inside"
mv "$work/database" "$out"
