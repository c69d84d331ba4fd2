#!/usr/bin/env bash
# Skerry beside the limits of this machine: `./dev bench [NAME…] [--quick] [--rounds N]`.
# NAME: inner, exchange, memory, import, http, records, licensing; all of them without one.
# docs/bench.md says what each means. SKERRY_BENCH_RECORDS: of the large database (1000000);
# SKERRY_BENCH_ASSETS: of the large one of `records` (1000000), with a tenth as many customers;
# SKERRY_BENCH_CHANGES: of an exchange (100000); SKERRY_SHARED_DATA: the folder of
# sp500-constituents.csv.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() {
  printf 'bench: %s\n' "$*" >&2
  exit 1
}

say() { printf '%s\n' "$*" >&2; }

[ $# -ge 1 ] || fail "usage: run.sh BUILD_FOLDER [NAME…] [--quick] [--rounds N]"
build=$1
shift

rounds=3
seconds=3
records=${SKERRY_BENCH_RECORDS:-1000000}
assets=${SKERRY_BENCH_ASSETS:-1000000}
assets_small=10000
changes=${SKERRY_BENCH_CHANGES:-100000}
small_time=0.2
names=()
while [ $# -gt 0 ]; do
  case $1 in
    --quick)
      seconds=1
      records=${SKERRY_BENCH_RECORDS:-20000}
      assets=${SKERRY_BENCH_ASSETS:-50000}
      changes=${SKERRY_BENCH_CHANGES:-20000}
      small_time=0.05
      ;;
    --rounds)
      rounds=${2:-}
      case $rounds in '' | 0 | *[!0-9]*) fail "--rounds needs a whole number" ;; esac
      shift
      ;;
    inner | exchange | memory | import | http | records | licensing) names+=("$1") ;;
    *)
      fail "there is no benchmark '$1'; there are: inner exchange memory import http records" \
        "licensing"
      ;;
  esac
  shift
done
[ ${#names[@]} -gt 0 ] || names=(inner exchange memory import http records licensing)

skerry=$build/daemon/skerry
probe=$build/bench/fdatasync_probe
for program in "$skerry" "$probe" "$build/bench/bare_beast" "$build/bench/inner_bench" \
  "$build/bench/records_load" "$build/bench/seats_load"; do
  [ -x "$program" ] || fail "$program is not built; ./dev bench builds it"
done
for program in wrk jq sqlite3 python3; do
  command -v "$program" >/dev/null || fail "$program is missing; ./dev setup installs it"
done

work=$(mktemp -d "${TMPDIR:-/tmp}/skerry-bench-XXXXXX")
results=$work/results.tsv
# shellcheck source=bench/daemons.sh
source "$here/daemons.sh"

bare_pids=()
clean_up() {
  local status=$?
  stop_all
  [ ${#bare_pids[@]} -eq 0 ] || kill "${bare_pids[@]}" 2>/dev/null || true
  if [ "$status" -eq 0 ]; then rm -rf "$work"; else say "bench: failed; its files are in $work"; fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# note NAME ROUND VALUE
note() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$results"; }

# note_probe NAME ROUND: the disk, beside a durable figure.
note_probe() {
  local median rate
  read -r median rate < <("$probe" "$work")
  note "$1.fdatasync_us" "$2" "$median"
  note "$1.fdatasync_per_s" "$2" "$rate"
}

# timed NAME ROUND COUNT COMMAND…: notes COUNT a second.
timed() {
  local name=$1 turn=$2 count=$3 began=${EPOCHREALTIME/./} took_us
  shift 3
  "$@"
  took_us=$((${EPOCHREALTIME/./} - began))
  note "$name" "$turn" "$(awk "BEGIN { printf \"%.1f\", $count * 1e6 / $took_us }")"
}

# load NAME ROUND CONNECTIONS SCRIPT URL ARGUMENTS…: one run of wrk.
load() {
  local name=$1 turn=$2 connections=$3 script=$4 url=$5 threads=2 rate p50 p99 errors
  shift 5
  [ "$connections" -gt 1 ] || threads=1
  wrk -t "$threads" -c "$connections" -d "${seconds}s" -s "$here/$script" "$url" -- "$@" \
    >"$work/wrk.out" 2>&1 || fail "wrk: $(cat "$work/wrk.out")"
  read -r _ rate p50 p99 errors < <(grep '^RESULT' "$work/wrk.out") ||
    fail "wrk said nothing: $(cat "$work/wrk.out")"
  note "$name.$connections" "$turn" "$rate"
  note "$name.$connections.median_us" "$turn" "$p50"
  note "$name.$connections.p99_us" "$turn" "$p99"
  note errors "$name.$connections.$turn" "$errors"
}

get() { load "get.$1" "$2" "$3" get.lua "${url_of[$1]}" "$work/$1.ids" "${token_of[$1]}"; }
post() {
  note_probe "$1.$2.$4" "$3"
  load "$1.$2" "$3" "$4" post.lua "${url_of[$5]}" "$EPOCHSECONDS$RANDOM" "${token_of[$5]}"
}
bare() { load "$1" "$2" "$3" get.lua "${url_of[$1]}" "$work/small.ids"; }

# start_bare NAME: one of the servers that only answer.
start_bare() {
  local fd port
  exec {fd}< <(exec "$build/bench/$1" 0 "$(($(nproc) > 2 ? $(nproc) : 2))" 2>>"$work/log")
  bare_pids+=("$!")
  read -r -t 10 port <&"$fd" || fail "$1 did not start: see $work/log"
  url_of[$1]=http://127.0.0.1:$port
}

# make_loaded NAME RECORDS FIGURE [WRITES_PER_COMMIT]: a central with that many customers, running.
make_loaded() {
  local figure=cli.import_csv.$3
  make_machine "$1" central "${4:-}"
  start "$1"
  make_token "$1"
  customers_csv "$2" "Serviced by team" >"$work/customers.csv"
  timed "$figure" "$1" "$2" import_csv "$1" "$work/customers.csv"
  note "$figure.writer_us" "$1" "$(($(thread_us "$1" skerry-writer) / $2))"
  note "memory.import_csv_$3_mib" "$1" "$(memory "$1" VmHWM)"
  stop "$1"
  sample_ids "$1" 100000
  start "$1"
}

# The large database is made once, by whoever needs it first.
make_large() {
  if [ -n "${token_of[large]:-}" ]; then
    start large
  else
    make_loaded large "$records" all
  fi
}

bench_import() {
  say "import: tables of $((records / 5)) and $records customers"
  make_loaded fewer "$((records / 5))" fewer
  stop fewer
  rm -rf "$work/fewer"
  make_large
  stop large
}

bench_http() {
  say "http: loading 1000 and $records customers"
  make_loaded small 1000 few
  make_loaded writes 1000 few
  make_loaded single 1000 few 1
  make_large
  start_bare bare_beast
  start_bare bare_skerry
  local turn again connections i subjects=(
    "bare bare_beast" "get small" "get large" "post_small" "post_single" "post_large"
    "bare bare_skerry")
  for ((again = 1; again <= 5; ++again)); do
    stop large
    start large
    note start.ready_ms "$again" "$((ready_us / 1000)).$((ready_us / 100 % 10))"
  done
  sleep 1
  note memory.idle_mib 1 "$(memory large VmRSS)"
  for ((turn = 1; turn <= rounds; ++turn)); do
    for connections in 1 16 64; do
      say "http: round $turn of $rounds, $connections connections"
      for ((i = 0; i < ${#subjects[@]}; ++i)); do
        case ${subjects[(i + turn) % ${#subjects[@]}]} in
          "bare bare_beast") bare bare_beast "$turn" "$connections" ;;
          "bare bare_skerry") bare bare_skerry "$turn" "$connections" ;;
          "get small") get small "$turn" "$connections" ;;
          "get large") get large "$turn" "$connections" ;;
          post_small) post post small "$turn" "$connections" writes ;;
          post_single) post post_single small "$turn" "$connections" single ;;
          post_large) post post large "$turn" "$connections" large ;;
        esac
      done
    done
  done
  sleep 1
  note memory.after_load_mib 1 "$(memory large VmRSS)"
  stop_all
}

# make_records NAME ASSETS: a central with that many assets and a tenth as many customers, running.
make_records() {
  local began=${EPOCHREALTIME/./}
  make_machine "$1" central
  "$build/bench/records_load" "$work/$1" "$2" 2>>"$work/log" || fail "loading failed: $work/log"
  note "records.load.$1" 1 \
    "$(awk "BEGIN { printf \"%.1f\", $2 * 1e6 / (${EPOCHREALTIME/./} - $began) }")"
  note "records.$1.mib" 1 "$(du -m "$work/$1/skerry.db" | cut -f 1)"
  start "$1"
  make_token "$1"
  mkdir "$work/$1.paths"
  python3 -B "$here/records_paths.py" "${url_of[$1]}" "${token_of[$1]}" "$work/$1.paths"
}

bench_records() {
  say "records: loading $assets_small and $assets assets"
  make_records few "$assets_small"
  make_records many "$assets"
  local turn subject machine machines
  for ((turn = 1; turn <= rounds; ++turn)); do
    say "records: round $turn of $rounds"
    machines=(few many)
    [ $((turn % 2)) -eq 1 ] || machines=(many few)
    for subject in first deep search page; do
      for machine in "${machines[@]}"; do
        load "records.$subject.$machine" "$turn" 16 records.lua "${url_of[$machine]}" \
          "$work/$machine.paths/records.$subject.paths" "${token_of[$machine]}"
      done
    done
  done
  note memory.records_mib 1 "$(memory many VmRSS)"
  stop_all
}

# seats ROUND SEATS CODE: the Licensing API, with 1, 16 and 64 clients.
seats() {
  local turn=$1 pool=$2 name rate p50 p99 refused failed url=${url_of[seats]#http://}
  note_probe "seats.claim.$pool.16" "$turn"
  "$build/bench/seats_load" "${url%:*}" "${url##*:}" "$3" "$pool" "$seconds" \
    >"$work/seats.out" 2>>"$work/log" || fail "seats_load: see $work/log"
  while read -r _ name rate p50 p99 refused failed; do
    name=seats.${name%.*}.$pool.${name#*.}
    note "$name" "$turn" "$rate"
    note "$name.median_us" "$turn" "$p50"
    note "$name.p99_us" "$turn" "$p99"
    note errors "$name.$turn" "$((refused + failed))"
  done <"$work/seats.out"
}

bench_licensing() {
  say "licensing: pools of 100 to 100000 seats"
  make_machine seats central
  start seats
  make_token seats
  start_bare bare_beast
  printf 'none\n' >"$work/small.ids"  # bare_beast answers any
  local turn connections pool code
  python3 -B "$here/seats_pools.py" "${url_of[seats]}" "${token_of[seats]}" 100 1000 10000 100000 \
    >"$work/pools"
  for ((turn = 1; turn <= rounds; ++turn)); do
    say "licensing: round $turn of $rounds"
    for connections in 1 16 64; do bare bare_beast "$turn" "$connections"; done
    # The order of the pools changes from round to round.
    if [ $((turn % 2)) -eq 1 ]; then sort -n "$work/pools"; else sort -nr "$work/pools"; fi \
      >"$work/pools.round"
    while read -r pool code; do seats "$turn" "$pool" "$code"; done <"$work/pools.round"
  done
  note memory.seats_mib 1 "$(memory seats VmRSS)"
  stop_all
}

export_all() { cli "$1" bundle export --out "$work/$1.medium" >>"$work/log"; }
import_exported() {
  local file
  exported_files "$2" | while read -r file; do
    cli "$1" bundle import "$file" >>"$work/log"
  done
}
bytes_exported() { exported_files "$1" | xargs stat -c %s | awk '{ sum += $1 } END { print sum }'; }
per_change() { awk -v bytes="$1" -v count="$2" 'BEGIN { printf "%.1f", bytes / count }'; }

# carry_back CENTRAL SITE: what central has decided reaches the site; the medium is empty then.
carry_back() {
  {
    cli "$1" exchange "$work/$2.medium"
    cli "$2" exchange "$work/$2.medium"
  } >>"$work/log"
  find "$work/$2.medium/SKERRY" -name '*.skb' -delete
}

# exchange_round CENTRAL SITE NAME ROUND ROWS: what the site has not sent yet, to central and back.
exchange_round() {
  local central=$1 site=$2 name=$3 turn=$4 rows=$5
  find "$work/$site.medium/SKERRY" -name '*.skb' -delete
  note_probe "cli.export_$name" "$turn"
  timed "cli.export_$name" "$turn" "$rows" export_all "$site"
  note "bytes.$name" "$turn" "$(per_change "$(bytes_exported "$site")" "$rows")"
  note_probe "cli.import_$name" "$turn"
  timed "cli.import_$name" "$turn" "$rows" import_exported "$central" "$site"
  timed "cli.return_$name" "$turn" "$rows" carry_back "$central" "$site"
}

bench_sp500() {
  local file=${SKERRY_SHARED_DATA:-$here/../../shared/data}/sp500-constituents.csv rows
  if [ ! -r "$file" ]; then
    say "exchange: no sp500-constituents.csv beside the repository; its figure is left out"
    return
  fi
  rows=$(($(wc -l <"$file") - 1))
  make_pair central500 site500
  import_csv site500 "$file" --map name=Security --map account_ref=Symbol
  exchange_round central500 site500 sp500 1 "$rows"
  stop_all
}

bench_exchange() {
  say "exchange: $changes changes by command line, site to central and back"
  make_pair central site
  local turn
  for ((turn = 0; turn <= rounds; ++turn)); do
    customers_csv "$changes" "Visit $turn by team" >"$work/customers.csv"
    timed "cli.import_csv.edits" "$turn" "$changes" import_csv site "$work/customers.csv"
    if [ "$turn" -eq 0 ]; then
      exchange_round central site creates 1 "$changes"
    else
      exchange_round central site edits "$turn" "$changes"
    fi
  done
  stop_all
  bench_sp500
}

# peak_memory COUNT NAME: fresh daemons import COUNT rows, then pack them.
peak_memory() {
  make_pair "central-$2" "site-$2"
  customers_csv "$1" "Visit by team" >"$work/customers.csv"
  import_csv "site-$2" "$work/customers.csv"
  note "memory.import_csv_$2_mib" 1 "$(memory "site-$2" VmHWM)"
  stop "site-$2"
  start "site-$2"
  export_all "site-$2"
  note "memory.export_$2_mib" 1 "$(memory "site-$2" VmHWM)"
  stop "central-$2"
  start "central-$2"
  import_exported "central-$2" "site-$2"
  note "memory.import_$2_mib" 1 "$(memory "central-$2" VmHWM)"
  stop_all
}

bench_memory() {
  say "memory: peaks with $((changes / 10)) and $changes rows"
  peak_memory $((changes / 10)) small
  peak_memory "$changes" large
}

bench_inner() {
  say "inner: pieces, and $changes changes beside bare SQLite"
  local inner=$build/bench/inner_bench whole
  whole='^(sqlite_|create_|export_|import_)'
  "$inner" --benchmark_filter="-$whole" --benchmark_min_time="$small_time" \
    --benchmark_out="$work/inner.json" --benchmark_out_format=json >>"$work/log" 2>&1
  note_probe inner 1
  SKERRY_BENCH_CHANGES=$changes "$inner" --benchmark_filter="$whole" \
    --benchmark_repetitions="$rounds" --benchmark_enable_random_interleaving=true \
    --benchmark_out="$work/exchange.json" --benchmark_out_format=json >>"$work/log" 2>&1
}

printf 'Skerry, %s, %s cores, load %s, %s rounds of %s s\n' "$(uname -sm)" "$(nproc)" \
  "$(cut -d ' ' -f 1-3 /proc/loadavg)" "$rounds" "$seconds"
for name in "${names[@]}"; do "bench_$name"; done
printf 'Load at the end: %s\n\n' "$(cut -d ' ' -f 1-3 /proc/loadavg)"
python3 -B "$here/table.py" "$work"
