-- wrk script: POST /guest/v1/provision, each request with a key of its own.
-- wrk -t1 -c64 -d10s --latency -s bench/provision.lua http://127.0.0.1:8081 -- PAT
local counter = 0
local prefix = ""

function init(args)
  wrk.method = "POST"
  wrk.body = "{}"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. args[1]
  math.randomseed(os.time())
  prefix = string.format("bench-%d-%d-", os.time(), math.random(1, 2 ^ 31 - 1))
end

function request()
  counter = counter + 1
  wrk.headers["Idempotency-Key"] = prefix .. counter
  return wrk.format(nil, "/guest/v1/provision")
end

local refused = 0
function response(status)
  if status ~= 201 then refused = refused + 1 end
end

function done(summary, latency)
  io.write(string.format("guests/s %.0f  p50 %.2f ms  p99 %.2f ms  errors %d\n",
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
