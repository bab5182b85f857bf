-- Each connection waits between its requests, so that all together send a steady number a second.
function delay()
  return tonumber(os.getenv("DELAY"))
end

function done(summary, latency, _requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
  io.write(string.format("RESULT %f %d %f\n", latency:percentile(95) / 1000, failed,
    summary.requests / (summary.duration / 1e6)))
end
