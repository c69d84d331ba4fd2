-- wrk: GET of one path after another, each chosen at random from a file.
--   wrk -s records.lua URL -- PATHS_FILE TOKEN
local paths = {}
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
  wrk.headers["Authorization"] = "Bearer " .. args[2]
  math.randomseed(os.time() + 1000 * number)
end

function request()
  return wrk.format("GET", paths[math.random(#paths)])
end

-- "RESULT requests/s median-us 99%-us errors": what run.sh reads.
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %.1f %.0f %.0f %d\n", summary.requests * 1e6 / summary.duration,
    latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
