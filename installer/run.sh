#!/bin/sh
# Skerry @VERSION@ for @ARCH@: installs itself on a bare Debian 12, without a network. Behind this
# script stands a tar file; `sh THIS_FILE help` says what can be done with it.
set -eu

version=@VERSION@
arch=@ARCH@
sha256=@SHA256@
signature='@SIGNATURE@'
first_line=@LINES@
self=$0

root=${SKERRY_ROOT:-} # for tests: install below this folder, and touch no service
home=$root/opt/skerry
data=$root/var/lib/skerry
units="skerry.service skerry.socket skerry-exchange.service skerry-exchange.timer"

say() { printf '%s\n' "$*"; }
die() {
  printf 'skerry installer: %s\n' "$*" >&2
  exit 1
}

payload() { tail -n "+$first_line" "$self"; }

# The first 128 bits of the digest as eight words one can read out (arXiv:0901.4016).
words() {
  printf '%s' "$sha256" | cut -c 1-32 | awk '{
    consonants = "bdfghjklmnprstvz"; vowels = "aiou"; hex = "0123456789abcdef"
    for (word = 0; word < 8; ++word) {
      number = 0
      for (i = 1; i <= 4; ++i)
        number = number * 16 + index(hex, substr($0, word * 4 + i, 1)) - 1
      text = substr(consonants, int(number / 4096) % 16 + 1, 1) \
        substr(vowels, int(number / 1024) % 4 + 1, 1) \
        substr(consonants, int(number / 64) % 16 + 1, 1) \
        substr(vowels, int(number / 16) % 4 + 1, 1) substr(consonants, number % 16 + 1, 1)
      printf "%s%s", (word ? "-" : ""), text
    }
    print ""
  }'
}

check() {
  found=$(payload | sha256sum | cut -d ' ' -f 1)
  [ "$found" = "$sha256" ] ||
    die "this file is damaged: its contents have the digest $found instead of $sha256;" \
      "fetch it again, and compare its size with the delivery note"
  [ -n "${1:-}" ] || return 0
  [ -f "$1" ] || die "there is no public key $1"
  [ -n "$signature" ] || die "this file is not signed"
  command -v openssl >/dev/null || die "a signature is checked with openssl, which is not here;" \
    "check this file on a machine that has it, and compare the words here"
  folder=$(mktemp -d)
  printf '%s' "$sha256" >"$folder/digest"
  printf '%s' "$signature" | base64 -d >"$folder/signature"
  good=no
  openssl pkeyutl -verify -rawin -pubin -inkey "$1" -in "$folder/digest" \
    -sigfile "$folder/signature" >/dev/null 2>&1 && good=yes
  rm -r "$folder"
  [ "$good" = yes ] || die "the signature is not by the key $1: do not install this file"
  say "signed by the key $1"
}

has_systemd() { [ -z "$root" ] && [ -d /run/systemd/system ]; }
is_initialised() { [ -e "$data/skerry.db" ]; }
installed() { readlink "$home/current" 2>/dev/null || true; }

must_be_able() {
  [ -n "$root" ] || [ "$(id -u)" = 0 ] || die "run this as root: only root may install"
  # shellcheck disable=SC2016  # dpkg-query replaces it
  case $root$(dpkg-query -W -f='${db:Status-Status}' skerry 2>/dev/null) in
    installed) die "skerry is here as a Debian package: upgrade it by the .deb, or apt remove it" ;;
  esac
  command -v dpkg >/dev/null || return 0
  [ "$(dpkg --print-architecture)" = "$arch" ] ||
    die "this file is for $arch, and this machine is $(dpkg --print-architecture)"
}

make_user() {
  [ -z "$root" ] || return 0
  getent passwd skerry >/dev/null && return 0
  if command -v systemd-sysusers >/dev/null; then
    systemd-sysusers "$home/$version/usr/lib/sysusers.d/skerry.conf"
  else
    useradd --system --user-group --home-dir /var/lib/skerry --shell /usr/sbin/nologin skerry
  fi
}

make_folders() {
  mkdir -p "$data" "$root/var/lib/skerry.anchor" "$root/etc/skerry" "$root/usr/bin"
  chmod 0700 "$data" "$root/var/lib/skerry.anchor"
  [ -n "$root" ] || chown skerry:skerry "$data" "$root/var/lib/skerry.anchor"
  [ -e "$root/etc/skerry/skerry.toml" ] ||
    cp "$home/$version/etc/skerry/skerry.toml" "$root/etc/skerry/skerry.toml"
}

# To the version: program, units, folders at boot. The units of the version before are replaced.
point_to() {
  ln -sfn "$1" "$home/next" && mv -T "$home/next" "$home/current"
  ln -sfn /opt/skerry/current/usr/bin/skerry "$root/usr/bin/skerry"
  mkdir -p "$root/usr/local/lib/systemd/system" "$root/etc/tmpfiles.d"
  for unit in $units; do
    cp "$home/$1/lib/systemd/system/$unit" "$root/usr/local/lib/systemd/system/$unit"
  done
  cp "$home/$1/usr/lib/tmpfiles.d/skerry.conf" "$root/etc/tmpfiles.d/skerry.conf"
  has_systemd || return 0
  systemd-tmpfiles --create /etc/tmpfiles.d/skerry.conf
  systemctl daemon-reload
}

# The stopped database as the version leaves it, in place of what that version left before. Whole or
# not at all: a copy that was cut off is never taken for one.
save_database() {
  mkdir -p "$data/before-upgrade"
  rm -rf "$data/before-upgrade/unfinished" && mkdir "$data/before-upgrade/unfinished"
  cp -p "$data"/skerry.db* "$data/before-upgrade/unfinished/" || return 1
  sync
  rm -rf "$data/before-upgrade/$1"
  mv "$data/before-upgrade/unfinished" "$data/before-upgrade/$1"
  say "the database is saved in $data/before-upgrade/$1"
}

answers() {
  tries=0
  while [ "$tries" -lt 60 ]; do
    code=0
    "$root/usr/bin/skerry" status >/dev/null 2>&1 || code=$?
    case $code in 0 | 10 | 11) return 0 ;; esac # well, needs attention, conflicts to decide
    systemctl is-failed --quiet skerry.service && return 1
    sleep 1
    tries=$((tries + 1))
  done
  return 1
}

start() {
  if ! has_systemd || ! is_initialised; then return 0; fi
  systemctl enable --quiet skerry.socket skerry.service
  systemctl start skerry.socket skerry.service || return 1
  [ "$timer" = no ] || systemctl start skerry-exchange.timer
  answers
}

timer=no # the exchange was arranged when this began
stop() {
  has_systemd || return 0
  ! systemctl is-active --quiet skerry-exchange.timer || timer=yes
  systemctl stop skerry-exchange.timer skerry.service skerry.socket 2>/dev/null || true
}

install_it() {
  must_be_able
  check "${1:-}"
  before=$(installed)
  [ "$before" != "$version" ] || say "version $version is installed already: it is put right"
  rm -rf "$home/unpacking" && mkdir -p "$home/unpacking"
  payload | tar -xzf - -C "$home/unpacking"
  "$home/unpacking/usr/bin/skerry" version >/dev/null ||
    die "the program does not run on this machine; nothing was changed"
  stop
  if [ -n "$before" ] && [ "$before" != "$version" ]; then
    if is_initialised && ! save_database "$before"; then
      start || say "and version $before does not answer: journalctl -u skerry"
      die "the database could not be copied to $data/before-upgrade (is the disk full?);" \
        "version $before stays"
    fi
    ln -sfn "$before" "$home/previous"
  fi
  rm -rf "${home:?}/$version" && mv "$home/unpacking" "$home/$version"
  make_user
  make_folders
  point_to "$version"
  if start; then
    say "skerry $version is installed${before:+; before it was $before}"
    is_initialised ||
      say "Next: runuser -u skerry -- skerry init --role site --name NAME, then: systemctl enable" \
        "--now skerry.socket skerry.service"
    return 0
  fi
  if [ -z "$before" ] || [ "$before" = "$version" ]; then
    die "the daemon does not answer: journalctl -u skerry"
  fi
  say "the daemon of version $version does not answer: going back to $before"
  rollback
  return 1
}

# To the version before; when that one cannot use the database any more, to the database as it left
# it. A machine that finds an older database than it remembers notices that by its anchor, and goes
# on in a new epoch.
rollback() {
  must_be_able
  previous=$(readlink "$home/previous" 2>/dev/null) || die "there is no version before this one"
  left=$(installed)
  stop
  point_to "$previous"
  if ! start; then
    its_own=$data/before-upgrade/$previous
    [ -e "$its_own/skerry.db" ] || die "version $previous does not answer: journalctl -u skerry"
    stop
    save_database "$left" || die "the database could not be copied to $data/before-upgrade" \
      "(is the disk full?): nothing of it was changed; make space, then: sh $self rollback"
    rm -f "$data"/skerry.db*
    cp -p "$its_own"/skerry.db* "$data/" || die "the database of $previous could not be copied" \
      "back from $its_own; that of $left is in $data/before-upgrade/$left: make space, then copy" \
      "one of them to $data"
    say "version $previous cannot use the database of $left: it has its own again, of before" \
      "the upgrade; that of $left is in $data/before-upgrade/$left"
    start || die "version $previous does not answer either: journalctl -u skerry"
  fi
  rm -f "$home/previous"
  say "skerry $previous is installed again"
}

uninstall() {
  must_be_able
  stop
  # shellcheck disable=SC2086  # a list of words
  ! has_systemd || systemctl disable --quiet $units 2>/dev/null || true
  for unit in $units; do rm -f "$root/usr/local/lib/systemd/system/$unit"; done
  rm -f "$root/usr/bin/skerry" "$root/etc/tmpfiles.d/skerry.conf"
  rm -rf "$home"
  ! has_systemd || systemctl daemon-reload
  say "the program is removed; data is kept in $data and $data.anchor, the configuration in" \
    "$root/etc/skerry"
}

extract() {
  [ -n "${1:-}" ] || die "extract needs a folder"
  check
  mkdir -p "$1" && payload | tar -xzf - -C "$1"
  say "unpacked into $1"
}

usage() {
  cat <<TEXT
Skerry $version for $arch. As root: sh $self COMMAND

  install [PUBLIC_KEY]   check this file, install or upgrade; goes back when the daemon is silent
  check [PUBLIC_KEY]     check this file only, with a key also its signature; show its words
  words                  the digest of the contents as words, for the delivery note
  rollback               to the version that was installed before
  uninstall              remove the program; data and configuration stay
  extract FOLDER         unpack the contents
TEXT
}

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
  install) install_it "$@" ;;
  rollback) rollback ;;
  uninstall) uninstall ;;
  extract) extract "$@" ;;
  words) words ;;
  check)
    check "$@"
    say "whole: $sha256"
    words
    ;;
  help | -h | --help) usage ;;
  *) die "there is no command '$command'; sh $self help" ;;
esac
exit 0
