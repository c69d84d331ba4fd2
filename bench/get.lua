-- wrk: GET of one record after another, each with a random id of a file.
--   wrk -s get.lua URL -- IDS_FILE [TOKEN]
local ids = {}
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  for line in io.lines(args[1]) do ids[#ids + 1] = line end
  if args[2] then wrk.headers["Authorization"] = "Bearer " .. args[2] end
  math.randomseed(os.time() + 1000 * number)
end

function request()
  return wrk.format("GET", "/v1/customers/" .. ids[math.random(#ids)])
end

-- "RESULT requests/s median-us 99%-us errors": what run.sh reads.
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %.1f %.0f %.0f %d\n", summary.requests * 1e6 / summary.duration,
    latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
