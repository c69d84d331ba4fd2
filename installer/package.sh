#!/usr/bin/env bash
# Makes what a machine is installed from, out of a release build:
#   skerry_<version>_<arch>.deb         for a machine with Debian's packages
#   skerry-<version>-<arch>.run         for a bare one: carries every library but libc
#   skerry-<version>-<arch>.spdx.json   which libraries that is
# and what sign.sh says of them. Two runs on one tree give the same bytes. `./dev package` calls it.
#
# With a copy of Debian's security tracker nothing is signed, and the exit code is 1, while a
# library lacks what Debian has mended.
#
# Usage: package.sh SKERRY TARGET_FOLDER [SIGNING_KEY.pem [TRACKER]]
set -euo pipefail

program=$(realpath "$1")
target=$2
key=${3:-}
tracker=${4:-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")

version=$("$program" version | cut -d ' ' -f 2)
arch=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH
export TZ=UTC LC_ALL=C.UTF-8
umask 022

mkdir -p "$target"
target=$(realpath "$target")
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

stage_sources() {
  local tree=$work/skerry-$version unit shell
  mkdir -p "$tree/program"
  cp -R "$here/debian" "$tree/debian"
  for unit in service socket; do cp "$root/systemd/skerry.$unit" "$tree/debian/"; done
  for unit in service timer; do
    cp "$root/systemd/skerry-exchange.$unit" "$tree/debian/skerry.skerry-exchange.$unit"
  done
  cp "$root/systemd/skerry.sysusers" "$root/systemd/skerry.tmpfiles" "$tree/debian/"
  cp "$root/systemd/skerry.toml" "$tree/program/"
  install -m 0755 "$program" "$tree/program/skerry"
  strip --strip-unneeded "$tree/program/skerry"
  "$program" man >"$tree/program/skerry.1"
  for shell in bash zsh fish; do "$program" completion "$shell" >"$tree/program/skerry.$shell"; done
  python3 -B "$here/sbom.py" "$program" "$version" >"$tree/program/skerry.spdx.json"
  python3 -B "$here/manual_html.py" "$root/docs" "$tree/docs/html" "$version"
  mkdir -p "$tree/docs/prometheus"
  cp "$here/prometheus/skerry.rules.yml" "$tree/docs/prometheus/"
  printf 'skerry (%s) unstable; urgency=medium\n\n  * See changes/unreleased of the sources.\n\n' \
    "$version" >"$tree/debian/changelog"
  printf ' -- Skerry maintainers <maintainers@skerry.invalid>  %s\n' \
    "$(date -R -d "@$SOURCE_DATE_EPOCH")" >>"$tree/debian/changelog"
}

make_deb() {
  if ! (cd "$work/skerry-$version" && dpkg-buildpackage --build=binary --no-sign) \
    >"$work/deb.log" 2>&1; then
    tail -n 40 "$work/deb.log" >&2
    exit 1
  fi
  cp "$work/skerry_${version}_${arch}.deb" "$target/"
}

# The tree of the .deb and the libraries that a bare Debian lacks. libc stays the machine's own.
make_run() {
  local tree=$work/run library
  mkdir -p "$tree"
  dpkg-deb -x "$target/skerry_${version}_${arch}.deb" "$tree"
  mkdir -p "$tree/usr/lib/skerry"
  ldd "$program" | awk '$2 == "=>" { print $3 }' |
    grep -v -E '/(libc|libm|libresolv|libpthread|libdl|librt|ld-linux[^/]*)\.so' |
    while read -r library; do
      install -m 0644 "$(realpath "$library")" "$tree/usr/lib/skerry/$(basename "$library")"
    done
  patchelf --force-rpath --set-rpath "\$ORIGIN/../lib/skerry" "$tree/usr/bin/skerry"
  tar -C "$tree" --sort=name --format=ustar --owner=0 --group=0 --numeric-owner \
    --mtime="@$SOURCE_DATE_EPOCH" -cf - . | gzip -9n >"$work/payload.tar.gz"
  "$here/assemble.sh" "$version" "$arch" "$work/payload.tar.gz" "$target/$name.run"
}

name=skerry-$version-$arch
stage_sources
make_deb
make_run
cp "$work/skerry-$version/program/skerry.spdx.json" "$target/$name.spdx.json"
[ -z "$tracker" ] || python3 -B "$here/vulnerable.py" "$target/$name.spdx.json" "$tracker"
"$here/sign.sh" "$target" "$key"
echo "In $target:"
(cd "$target" && stat --printf '  %s bytes  %n\n' -- *)
