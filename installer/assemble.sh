#!/usr/bin/env bash
# Puts run.sh before a packed tree: one file that installs itself.
#
# Usage: assemble.sh VERSION ARCHITECTURE PAYLOAD.tar.gz FILE.run
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
digest=$(sha256sum <"$3" | cut -d ' ' -f 1)
script=$(sed -e "/^# @WORDS@\$/{r $here/words.sh" -e 'd}' -e "s|@VERSION@|$1|" -e "s|@ARCH@|$2|" \
  -e "s|@SHA256@|$digest|" "$here/run.sh")
lines=$(($(wc -l <<<"$script") + 1))
{ printf '%s\n' "${script/@LINES@/$lines}" && cat "$3"; } >"$4"
chmod 0755 "$4"
