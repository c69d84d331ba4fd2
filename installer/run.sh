#!/bin/sh
# Skerry @VERSION@ for @ARCH@: installs itself on a bare Debian 12, without a network. Behind this
# script stands a tar file; `sh THIS_FILE help` says what can be done with it. Who made the file,
# only its signature says, checked before any of it runs; the file itself finds out whether it is
# whole.
set -eu

version=@VERSION@
arch=@ARCH@
sha256=@SHA256@
first_line=@LINES@
self=$0

root=${SKERRY_ROOT:-} # for tests: install below this folder
home=$root/opt/skerry
data=$root/var/lib/skerry
units="skerry.service skerry.socket skerry-exchange.service skerry-exchange.timer"

say() { printf '%s\n' "$*"; }
die() {
  printf 'skerry installer: %s\n' "$*" >&2
  exit 1
}

payload() { tail -n "+$first_line" "$self"; }

# @WORDS@

check() {
  found=$(payload | sha256sum | cut -d ' ' -f 1)
  [ "$found" = "$sha256" ] ||
    die "this file is damaged: its contents have the digest $found instead of $sha256;" \
      "fetch it again"
}

show_digest() {
  digest=$(sha256sum <"$self" | cut -d ' ' -f 1)
  say "whole; as on the delivery note of version $version for $arch:"
  say "  SHA-256  $digest"
  say "  words    $(words_of "$digest")"
  say "who made it, this file cannot say: check its signature, without running it"
}

has_systemd() { [ -d "$root/run/systemd/system" ]; }
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
  systemd-tmpfiles --create "$root/etc/tmpfiles.d/skerry.conf"
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
    "$home/current/usr/bin/skerry" status >/dev/null 2>&1 || code=$?
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
  check
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
  start || put_its_database_back
  rm -f "$home/previous"
  say "skerry $previous is installed again"
}

put_its_database_back() {
  its_own=$data/before-upgrade/$previous
  stop
  [ -e "$its_own/skerry.db" ] || stay "version $previous does not answer: journalctl -u skerry"
  save_database "$left" || stay "the database could not be copied to $data/before-upgrade" \
    "(is the disk full?): nothing of it was changed; make space, then: sh $self rollback"
  rm -f "$data"/skerry.db*
  cp -p "$its_own"/skerry.db* "$data/" || die "the database of $previous could not be copied" \
    "back from $its_own; that of $left is in $data/before-upgrade/$left: make space, then copy" \
    "one of them to $data"
  say "version $previous cannot use the database of $left: it has its own again, of before" \
    "the upgrade; that of $left is in $data/before-upgrade/$left"
  start || die "version $previous does not answer either: journalctl -u skerry"
}

# With the version that was to be left: a second rollback finds what the first one found.
stay() {
  point_to "$left"
  start || say "and version $left does not answer: journalctl -u skerry"
  die "$@"
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

  install          install or upgrade; goes back when the daemon is silent
  check            whether this file is whole; its digest as hex and words, as on the delivery note
  rollback         to the version that was installed before
  uninstall        remove the program; data and configuration stay
  extract FOLDER   unpack the contents

Before any of these, check who made this file (the manual: "On a machine of its own"):
  openssl pkeyutl -verify -rawin -pubin -inkey skerry.pub.pem -sigfile $self.sig -in $self
TEXT
}

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
  extract) extract "$@" ;;
  install | check | rollback | uninstall)
    [ $# -eq 0 ] || die "$command takes nothing more; sh $self help"
    case $command in
      install) install_it ;;
      rollback) rollback ;;
      uninstall) uninstall ;;
      check) check && show_digest ;;
    esac
    ;;
  help | -h | --help) usage ;;
  *) die "there is no command '$command'; sh $self help" ;;
esac
exit 0
