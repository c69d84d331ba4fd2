-- wrk: GET of one record after another, each with a random id of a file, whose lines are of one
-- length.
--   wrk -s get.lua URL -- IDS_FILE [TOKEN]
local threads = 0
local before, ids, behind  -- of the request, around an id
local width, count         -- of a line, and how many
local lines_min = 100000   -- so that choosing one costs the same whatever the file

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  local file = assert(io.open(args[1]))
  ids = file:read("*a")
  file:close()
  width = ids:find("\n")
  ids = ids:rep(math.ceil(lines_min * width / #ids))
  count = #ids / width
  if args[2] then wrk.headers["Authorization"] = "Bearer " .. args[2] end
  local request = wrk.format("GET", "/v1/customers/?")
  local mark = request:find("?", 1, true)
  before, behind = request:sub(1, mark - 1), request:sub(mark + 1)
  math.randomseed(os.time() + 1000 * number)
end

function request()
  local at = width * math.random(0, count - 1)
  return before .. ids:sub(at + 1, at + width - 1) .. behind
end

-- "RESULT requests/s median-us 99%-us errors": what run.sh reads.
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %.1f %.0f %.0f %d\n", summary.requests * 1e6 / summary.duration,
    latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
