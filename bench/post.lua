-- wrk: POST of one new customer after another; no two in one run have the same name or account.
--   wrk -s post.lua URL -- PREFIX TOKEN          PREFIX: another one for each call
local threads = 0
local count = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  prefix = string.format("%s-%d", args[1], number)
  wrk.headers["Authorization"] = "Bearer " .. args[2]
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  count = count + 1
  local body = string.format(
    '{"name":"Customer %s-%d","account_ref":"%s-%d","description":"Serviced by team %d"}',
    prefix, count, prefix, count, count % 17)
  return wrk.format("POST", "/v1/customers", nil, body)
end

-- "RESULT requests/s median-us 99%-us errors": what run.sh reads.
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %.1f %.0f %.0f %d\n", summary.requests * 1e6 / summary.duration,
    latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
