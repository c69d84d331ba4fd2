#!/usr/bin/env bash
# The main job, end to end: a change crosses the gap, by file and online. Called by ./dev demo.
#   demo.sh SKERRY [--once]     --once stops both machines at the end
set -euo pipefail

skerry=$(realpath "${1:?usage: demo.sh SKERRY [--once]}")
once=no
case "${2-}" in
  '') ;;
  --once) once=yes ;;
  *)
    echo "usage: demo.sh SKERRY [--once]" >&2
    exit 64
    ;;
esac
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
verify=$here/../../docs/formats/example/verify.sh

place=$(mktemp -d "${TMPDIR:-/tmp}/skerry-demo-XXXXXX")
central=$place/central site=$place/site stick=$place/stick
mkdir "$stick"
pids=()
keep=no

finish() {
  local status=$?
  if [ "$keep" = yes ]; then return; fi
  if [ "${#pids[@]}" -gt 0 ]; then
    kill "${pids[@]}" 2>/dev/null || true
    wait "${pids[@]}" 2>/dev/null || true
  fi
  if [ "$status" -eq 0 ]; then
    rm -rf "$place"
  else
    echo "The demo failed with status $status; what it left is in $place" >&2
  fi
}
trap finish EXIT

step() { printf '\n== %s\n' "$*"; }
die() {
  printf 'DIFFERENT: %s\n' "$*" >&2
  exit 1
}
# same WHAT GOT WANTED
same() {
  [ "$2" = "$3" ] || die "$1 is '$2' and should be '$3'"
  printf '   ok: %s is %s\n' "$1" "$2"
}

# Each machine's command line; what it says on stderr is shown when it fails only.
quietly() {
  local status=0
  "$@" 2>"$place/talk" || status=$?
  # 11: conflicts wait for a decision; that is said on stdout.
  if [ "$status" -ne 0 ] && [ "$status" -ne 11 ]; then cat "$place/talk" >&2; fi
  return "$status"
}
at_central() { quietly "$skerry" "$@" --data "$central"; }
at_site() { quietly "$skerry" "$@" --data "$site"; }
# may_be CODE COMMAND…: succeeds with exit code 0 or CODE.
may_be() {
  local allowed=$1 status=0
  shift
  "$@" || status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq "$allowed" ] || die "$* ended with $status"
}

# start FOLDER: runs its daemon and waits for the line that says it is ready.
start() {
  local folder=$1 line
  # The daemon's stdout stays open for it when this script ends.
  mkfifo "$folder/ready"
  "$skerry" serve --data "$folder" >"$folder/ready" 2>>"$folder/log" &
  pids+=("$!")
  if ! read -r -t 30 line <"$folder/ready"; then
    cat "$folder/log" >&2
    die "the daemon in $folder is not ready"
  fi
  rm "$folder/ready"
  printf '   %s\n' "$line"
}

# api ADDRESS TOKEN METHOD PATH [CURL OPTIONS…]: the body of a successful answer.
api() {
  local address=$1 token=$2 method=$3 path=$4
  shift 4
  curl --silent --show-error --fail-with-body --max-time 30 -X "$method" \
    -H "Authorization: Bearer $token" "$@" "http://$address$path" || die "$method $path failed"
}
# edit ADDRESS TOKEN ID PATCH: a merge patch on the revision that is there.
edit() {
  local address=$1 token=$2 id=$3 patch=$4 tag
  tag=$(curl --silent --fail --max-time 30 -D - -o "$place/record" \
    -H "Authorization: Bearer $token" "http://$address/v1/customers/$id" |
    tr -d '\r' | sed -n 's/^[Ee][Tt][Aa][Gg]: //p')
  api "$address" "$token" PATCH "/v1/customers/$id" -H "If-Match: $tag" \
    -H 'Content-Type: application/merge-patch+json' -d "$patch" >"$place/record"
}
# The value of a record's field, on one side.
field() { api "$1" "$2" GET "/v1/customers/$3" | jq -r ".$4"; }

by_file() {
  may_be 11 at_site exchange "$stick"
  may_be 11 at_central exchange "$stick"
  may_be 11 at_site exchange "$stick"
  may_be 11 at_central exchange "$stick" >"$place/receipt"
}
compare_digests() {
  same "the site's digest" "$(at_site digest --json | jq -r .digest)" \
    "$(at_central digest --site mine --json | jq -r .digest)"
}

step "Two machines: a central for the vendor and a site, each in a folder of its own"
quietly "$skerry" init --role central --name vendor --data "$central"
quietly "$skerry" init --role site --name mine --data "$site"
for folder in "$central" "$site"; do
  printf '[listen]\naddress = "127.0.0.1:0"\n' >"$folder/skerry.toml"
done
start "$central"
printf '[central]\nurl = "http://%s"\n' "$(cat "$central/address")" >>"$site/skerry.toml"
start "$site"

step "The vendor's customers are imported at central"
at_central import customers "$here/customers.csv" \
  --map name=Name --map account_ref=Account --map website=Website --map description=Description
customers=$(($(wc -l <"$here/customers.csv") - 1))
same "customers at central" "$(at_central status --json | jq .records.customer)" "$customers"

step "Enrolment by stick: invitation, answer, admission, first state"
at_central site invite mine --out "$stick"
at_site enrol "$stick" --json >"$place/answer"
words=$(jq -r .fingerprint "$place/answer")
echo "   the site shows these words, and somebody reads them to central by telephone:"
echo "   $words"
at_central site admit "$stick" --fingerprint "$words"
at_site exchange "$stick"
same "customers at the site" "$(at_site status --json | jq .records.customer)" "$customers"

step "An application at the site, over HTTP: create, edit, search"
site_address=$(cat "$site/address")
central_address=$(cat "$central/address")
site_token=$(at_site token create demo --access read,write)
central_token=$(at_central token create demo --access read,write)
created=$(api "$site_address" "$site_token" POST /v1/customers -H 'Content-Type: application/json' \
  -d '{"name":"Lighthouse Bakery","description":"bread for the crew"}' | jq -r .id)
edit "$site_address" "$site_token" "$created" '{"website":"https://bakery.example"}'
same "its website" "$(field "$site_address" "$site_token" "$created" website)" \
  "https://bakery.example"
found=$(api "$site_address" "$site_token" GET "/v1/search?q=lighthouse" |
  jq -r '.items[0].record.id')
same "what a search for 'lighthouse' finds" "$found" "$created"

step "By stick to central, and back"
by_file
same "the bakery at central" "$(field "$central_address" "$central_token" "$created" name)" \
  "Lighthouse Bakery"
compare_digests

step "Both sides edit one field of one customer before they meet again"
edit "$central_address" "$central_token" "$created" '{"description":"bread, says central"}'
edit "$site_address" "$site_token" "$created" '{"description":"bread, says the site"}'
by_file
conflict=$(at_central conflict list --json | jq -r .id)
[ -n "$conflict" ] || die "there is no conflict at central"
at_central conflict show "$conflict"
loser=$(at_central conflict show "$conflict" --json | jq -r .loser.value)
at_central conflict resolve "$conflict" --choose loser

step "Online: the same bundles over HTTP"
edit "$site_address" "$site_token" "$created" '{"legal_name":"Lighthouse Bakery Ltd"}'
may_be 11 at_site exchange --online
same "the legal name at central" \
  "$(field "$central_address" "$central_token" "$created" legal_name)" "Lighthouse Bakery Ltd"
same "the decided description at the site" \
  "$(field "$site_address" "$site_token" "$created" description)" "$loser"
same "open conflicts at the site" "$(at_site conflict list --json | wc -l)" 0
same "open conflicts at central" "$(at_central conflict list --json | wc -l)" 0

step "Both hold the same"
compare_digests
at_central audit verify
at_site audit verify

step "A bundle, checked with tar, openssl, jq, sha256sum, age and zstd"
bundle=
for file in "$stick"/SKERRY/central/*/u-*.skb; do
  # One that carries rows: more lines than its head.
  if [ "$(tar -xOf "$file" manifest.json | jq .payload.lines)" -gt 1 ]; then bundle=$file; fi
done
[ -n "$bundle" ] || die "no bundle of the site carries a row"
echo "   $bundle"
tar -tvf "$bundle"
sh "$verify" "$bundle" "$site/keys/sign.pub.pem" "$central/keys/age.key" >"$place/lines" ||
  die "stock tools refuse $bundle"
same "the first line's type" "$(head -n 1 "$place/lines" | jq -r ._type)" "skerry/payload/v1"
printf '   its last line: %s\n' "$(tail -n 1 "$place/lines" | cut -c 1-200)"

if [ "$once" = yes ]; then
  step "Everything agreed; stopping both"
  exit 0
fi
keep=yes
step "Everything agreed; both are left running"
cat <<TEXT
   central  http://$central_address   skerry status --data $central
   site     http://$site_address   skerry status --data $site
   program  $skerry
   stop     kill ${pids[*]} && rm -rf $place
TEXT
