# shellcheck shell=bash disable=SC2034,SC2154  # shared with run.sh
# Daemons in temporary folders, for run.sh, which sets $skerry and $work and reads the rest.

declare -A pid_of url_of token_of

# make_machine NAME ROLE [WRITES_PER_COMMIT]
make_machine() {
  local name=$1 role=$2 writes=${3:-}
  "$skerry" init --role "$role" --name "$name" --data "$work/$name" >>"$work/log" 2>&1
  {
    printf '[listen]\naddress = "127.0.0.1:0"\n'
    [ -z "$writes" ] || printf '[store]\nwrites_per_commit = %s\n' "$writes"
  } >"$work/$name/skerry.toml"
}

# cli NAME COMMAND…: the command line, talking to that daemon.
cli() {
  local name=$1
  shift
  "$skerry" "$@" --data "$work/$name" 2>>"$work/log"
}

# start NAME: returns when the daemon says that it is ready; ready_us is the time it took.
start() {
  local name=$1 began=${EPOCHREALTIME/./} fd line=
  exec {fd}< <(exec "$skerry" serve --data "$work/$name" 2>>"$work/$name.log")
  pid_of[$name]=$!
  read -r -t 120 line <&"$fd" || fail "the daemon $name did not start: see $work/$name.log"
  ready_us=$((${EPOCHREALTIME/./} - began))
  exec {fd}<&-
  line=${line#*tcp=}
  url_of[$name]=http://${line%% *}
}

stop() {
  local name=$1
  kill "${pid_of[$name]}" 2>/dev/null || true
  while kill -0 "${pid_of[$name]}" 2>/dev/null; do sleep 0.05; done
  unset "pid_of[$name]"
}

stop_all() {
  local name
  for name in "${!pid_of[@]}"; do stop "$name"; done
}

make_token() {
  token_of[$1]=$(cli "$1" token create bench --access read,write --json | jq -er .token)
}

# memory NAME FIELD: VmRSS or VmHWM of the daemon, in MiB.
memory() {
  awk -v field="$2:" '$1 == field { printf "%.1f", $2 / 1024 }' "/proc/${pid_of[$1]}/status"
}

# thread_us NAME THREAD: the processor time that the daemon's thread has taken, in microseconds.
thread_us() {
  local task
  for task in "/proc/${pid_of[$1]}/task/"*; do
    [ "$(cat "$task/comm")" = "$2" ] || continue
    sed 's/.*) //' "$task/stat" | awk -v hertz="$(getconf CLK_TCK)" \
      '{ printf "%d", ($12 + $13) * 1e6 / hertz }'
  done
}

# customers_csv COUNT TEXT: a table of customers whose description is TEXT and a random number.
customers_csv() {
  awk -v count="$1" -v text="$2" 'BEGIN {
    srand()
    print "name,account_ref,description"
    for (i = 1; i <= count; ++i)
      printf "Customer %07d GmbH,C-%07d,%s %06d\n", i, i, text, rand() * 1000000
  }'
}

# import_csv NAME FILE [OPTIONS…]
import_csv() {
  local name=$1 file=$2
  shift 2
  cli "$name" import customers "$file" "$@" >>"$work/log"
}

# sample_ids NAME COUNT: ids of COUNT customers spread over the table. Only while it is stopped.
sample_ids() {
  sqlite3 -readonly "$work/$1/skerry.db" "
    WITH ids AS (SELECT lower(hex(id)) AS h FROM customer
                 WHERE row % max(1, (SELECT max(row) FROM customer) / $2) = 0)
    SELECT substr(h,1,8)||'-'||substr(h,9,4)||'-'||substr(h,13,4)||'-'||substr(h,17,4)||'-'||
           substr(h,21) FROM ids" >"$work/$1.ids"
}

# make_pair CENTRAL SITE: both run, the site is enrolled and holds central's state. The folder
# $work/SITE.medium stands for the stick.
make_pair() {
  local central=$1 site=$2 medium=$work/$2.medium
  mkdir "$medium"
  make_machine "$central" central
  make_machine "$site" site
  start "$central"
  start "$site"
  {
    cli "$central" site invite "$site" --out "$medium"
    cli "$site" enrol "$medium"
    cli "$central" site admit "$medium" --yes
    cli "$site" exchange "$medium"
  } >>"$work/log"
}

# exported_files SITE: the bundles from the site on its medium, in order.
exported_files() {
  find "$work/$1.medium/SKERRY/central" -name 'u-*.skb' | sort -V
}
