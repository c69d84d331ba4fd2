#!/usr/bin/env bash
# What `./dev package` made, tried out: on this machine below a folder, and with --bare in a Debian
# 12 of its own that has nothing but the base system and no network.
#
# Usage: test.sh FOLDER_OF_PACKAGES [--bare]
set -euo pipefail

packages=$(realpath "$1")
bare=${2:-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
manual=$here/../docs/manual.md
run=$(find "$packages" -maxdepth 1 -name '*.run')
[ -n "$run" ] || { echo "installer test: there is no .run in $packages" >&2 && exit 1; }
work=$(mktemp -d)
trap 'rm -rf --one-file-system -- "$work"' EXIT

fail() {
  printf 'installer test: %s\n' "$*" >&2
  exit 1
}
expect() { # expect WHAT COMMAND…
  local what=$1
  shift
  "$@" >"$work/said" 2>&1 || { cat "$work/said" >&2 && fail "$what"; }
}
refuse() { # refuse WHAT WORDS COMMAND…
  local what=$1 words=$2
  shift 2
  if "$@" >"$work/said" 2>&1; then fail "$what: it was not refused"; fi
  grep -q -- "$words" "$work/said" || { cat "$work/said" >&2 && fail "$what: without '$words'"; }
}

try_below_a_folder() {
  local root=$work/root size line
  export SKERRY_ROOT=$root
  expect "a whole file is whole" sh "$run" check
  for line in SHA-256 words; do
    expect "its $line is that of the delivery note" \
      grep -qxF "$(sh "$run" check | grep "^  $line ")" "$packages/delivery-note.txt"
  done
  refuse "a key beside the command: the signature is checked before" "nothing more" \
    sh "$run" install skerry.pub.pem

  size=$(stat -c %s "$run")
  head -c $((size - 100)) "$run" >"$work/cut.run"
  refuse "a file that is cut" damaged sh "$work/cut.run" install
  cp "$run" "$work/flipped.run"
  printf 'X' | dd of="$work/flipped.run" bs=1 seek=$((size - 5000)) conv=notrunc status=none
  refuse "a file with a wrong byte" damaged sh "$work/flipped.run" install
  [ ! -e "$root/opt" ] || fail "a damaged file left something behind"

  expect "installs" sh "$run" install
  expect "the program runs with its own libraries" \
    env -i "$root/opt/skerry/current/usr/bin/skerry" version
  expect "every library but libc's is carried" bash -c \
    "! ldd '$root/opt/skerry/current/usr/bin/skerry' | grep '=>' | grep -v '$root/opt/skerry' |
      grep -v -E '/(libc|libm|libresolv|libpthread|libdl|librt|ld-linux[^/]*)\.so'"
  expect "the manual is installed, and lists its pages" \
    grep -q 'href="manual.html"' "$root/opt/skerry/current/usr/share/doc/skerry/html/index.html"
  expect "a machine is made" "$root/opt/skerry/current/usr/bin/skerry" init --role site \
    --name here --data "$root/var/lib/skerry/machine"
  echo "# mine" >>"$root/etc/skerry/skerry.toml"

  # Another version: the same file that calls itself so.
  sed 's/^version=.*/version=9.9.9/' "$run" >"$work/newer.run"
  touch "$root/var/lib/skerry/skerry.db"
  expect "upgrades" sh "$work/newer.run" install
  [ "$(readlink "$root/opt/skerry/current")" = 9.9.9 ] || fail "the newer version is not current"
  [ -e "$root/var/lib/skerry/before-upgrade/$(readlink "$root/opt/skerry/previous")/skerry.db" ] ||
    fail "the database was not saved before the upgrade"
  grep -q "# mine" "$root/etc/skerry/skerry.toml" || fail "the configuration was overwritten"
  expect "rolls back" sh "$work/newer.run" rollback
  [ "$(readlink "$root/opt/skerry/current")" != 9.9.9 ] || fail "the newer version is still current"
  refuse "a second rollback" "no version before" sh "$work/newer.run" rollback
  expect "uninstalls" sh "$run" uninstall
  [ -e "$root/var/lib/skerry/skerry.db" ] || fail "the data went with the program"
  [ ! -e "$root/opt/skerry" ] || fail "the program is still there"
  unset SKERRY_ROOT
  echo "  below a folder: good"
}

# The command of the manual with these words, for this version.
documented() {
  local command
  command=$(grep -m 1 -F -e "$1" "$manual") || fail "the manual has no command with '$1'"
  printf '%s\n' "${command//skerry-0.1.0-amd64.run/$(basename "$run")}"
}

# change FILE OFFSET: another byte there.
change() {
  local byte
  byte=$(od -A n -t u1 -j "$2" -N 1 "$1")
  # shellcheck disable=SC2059  # the format is the byte
  printf "\\x$(printf %x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# What the manual has people do before they run anything, with keys made for this: what was packed
# passes, and nothing else does.
try_signatures() {
  local good=$work/good bad=$work/bad check sums key what file name
  name=$(basename "$run")
  openssl genpkey -algorithm ed25519 -out "$work/key.pem" 2>/dev/null
  cp -R "$packages" "$good"
  "$here/sign.sh" "$good" "$work/key.pem"
  check=$(documented "-sigfile skerry-")
  sums=$(documented "-sigfile SHA256SUMS.sig")
  key=$(documented "-outform DER")
  in_folder() { (cd "$1" && bash -c "$2"); }
  expect "the file as it was signed" in_folder "$good" "$check"
  expect "all of it as it was signed" in_folder "$good" "$sums"
  expect "the key's fingerprint is that of the note" grep -q \
    "SHA-256  $(in_folder "$good" "$key" | cut -c 1-64)" "$good/delivery-note.txt"

  for what in head:20 payload:$(($(stat -c %s "$run") - 5000)); do
    rm -rf "$bad" && cp -R "$good" "$bad"
    change "$bad/$name" "${what#*:}"
    refuse "one byte of the ${what%:*} changed" "Verification Failure" in_folder "$bad" "$check"
    refuse "one byte of the ${what%:*} changed" "FAILED" in_folder "$bad" "$sums"
  done
  for file in "$(basename "$packages"/*.deb)" "$(basename "$packages"/*.spdx.json)"; do
    rm -rf "$bad" && cp -R "$good" "$bad"
    change "$bad/$file" 100
    refuse "one byte of $file changed" "FAILED" in_folder "$bad" "$sums"
    (cd "$bad" && sha256sum -- *.deb *.run *.spdx.json >SHA256SUMS)
    refuse "and its digest with it" "Verification Failure" in_folder "$bad" "$sums"
  done
  rm -rf "$bad" && cp -R "$good" "$bad"
  openssl genpkey -algorithm ed25519 2>/dev/null | openssl pkey -pubout -out "$bad/skerry.pub.pem"
  refuse "another key" "Verification Failure" in_folder "$bad" "$check"
  refuse "another key" "Verification Failure" in_folder "$bad" "$sums"

  rm -rf "$bad" && cp -R "$packages" "$bad"
  "$here/sign.sh" "$bad" "$work/key.pem"
  expect "the same signatures twice" diff -r "$good" "$bad"
  openssl genpkey -algorithm ed448 -out "$work/other.pem" 2>/dev/null
  refuse "a key of another kind" "no Ed25519 key" "$here/sign.sh" "$bad" "$work/other.pem"
  echo "  signatures: good"
}

# Everything that a bare machine does, in a root of its own: needs the rights of root.
try_on_a_bare_machine() {
  local root=$work/bare
  debootstrap --variant=minbase bookworm "$root" >"$work/debootstrap.log" 2>&1 ||
    { tail -n 5 "$work/debootstrap.log" >&2 && fail "debootstrap: needs a source of packages"; }
  cp "$run" "$root/skerry.run"
  cat >"$root/try.sh" <<'TRY'
set -eu
sh /skerry.run check
sh /skerry.run install
id skerry
install -d -o skerry -g skerry /run/skerry # what systemd-tmpfiles does at boot
setpriv --reuid=skerry --regid=skerry --clear-groups \
  skerry init --role site --name bare
setpriv --reuid=skerry --regid=skerry --clear-groups skerry serve >/tmp/ready 2>/tmp/log &
daemon=$!
i=0
until grep -q ^ready /tmp/ready || [ $i -ge 100 ]; do i=$((i + 1)); sleep 0.1; done
skerry status || test $? = 10 # it answers: no central yet
skerry token create test --access write
kill "$daemon"
wait "$daemon"
test -d /var/lib/skerry.anchor
sh /skerry.run uninstall
test -e /var/lib/skerry/skerry.db
TRY
  # The loader finds the carried libraries by /proc/self/exe. The mount goes with the namespace.
  # shellcheck disable=SC2016  # the inner shell replaces it
  if ! unshare --net --mount sh -c \
    'mount -t proc proc "$0/proc" && exec chroot "$0" sh /try.sh' "$root" >"$work/said" 2>&1; then
    cat "$work/said" >&2
    fail "on a bare Debian 12 without a network"
  fi
  echo "  on a bare Debian 12 without a network: good"
}

try_below_a_folder
try_signatures
[ "$bare" != --bare ] || try_on_a_bare_machine
