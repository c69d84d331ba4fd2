#!/usr/bin/env bash
# What `./dev package` made, tried out: on this machine below a folder, and with --bare in a Debian
# 12 of its own that has nothing but the base system and no network.
#
# Usage: test.sh FOLDER_OF_PACKAGES [--bare]
set -euo pipefail

packages=$(realpath "$1")
bare=${2:-}
run=$(find "$packages" -maxdepth 1 -name '*.run')
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
  local root=$work/root size
  export SKERRY_ROOT=$root
  expect "a whole file is whole" sh "$run" check
  expect "the words are those of the delivery note" \
    cmp <(sh "$run" words) "$(find "$packages" -name '*.words')"
  refuse "an unsigned file and a key" "not signed\|no public key" sh "$run" check /etc/hostname

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
      grep -v -E 'lib(c|m|resolv)\.so|ld-linux'"
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

try_signature() {
  openssl genpkey -algorithm ed25519 -out "$work/key.pem" 2>/dev/null
  openssl pkey -in "$work/key.pem" -pubout -out "$work/key.pub.pem"
  openssl genpkey -algorithm ed25519 2>/dev/null | openssl pkey -pubout -out "$work/other.pub.pem"
  local digest signature
  digest=$(sed -n 's/^sha256=//p' "$run" | head -n 1)
  printf '%s' "$digest" >"$work/digest"
  signature=$(openssl pkeyutl -sign -rawin -inkey "$work/key.pem" -in "$work/digest" | base64 -w 0)
  sed "s|^signature=.*|signature='$signature'|" "$run" >"$work/signed.run"
  expect "the vendor's signature" sh "$work/signed.run" check "$work/key.pub.pem"
  refuse "a signature by somebody else" "not by the key" sh "$work/signed.run" check \
    "$work/other.pub.pem"
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
try_signature
[ "$bare" != --bare ] || try_on_a_bare_machine
