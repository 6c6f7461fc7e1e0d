-- Sends REQUESTS requests, neither more nor less, each named after its body, and writes every SAMPLE-th reply to
-- the file REPLIES. wrk itself ends by time alone: once all are answered the file gets a last line, "end", and
-- whoever waits for that interrupts wrk.
dofile(os.getenv("SCRIPTS") .. "/load.lua")

local wanted, every = tonumber(os.getenv("REQUESTS")), tonumber(os.getenv("SAMPLE"))
local requests, sent, allowed, answered, replies = {}, 0, 0, 0, nil
local NEVER = 1000000000

function init()
  replies = io.open(os.getenv("REPLIES"), "w")
  for body in io.lines(os.getenv("BODIES")) do
    local headers = { ["Content-Type"] = "application/json", ["X-Request-ID"] = "body-" .. #requests }
    requests[#requests + 1] = wrk.format("POST", nil, headers, body)
  end
end

-- Asked before each request how many milliseconds it is to wait.
function delay()
  allowed = allowed + 1
  return allowed > wanted and NEVER or 0
end

function request()
  sent = sent + 1
  return requests[(sent - 1) % #requests + 1]
end

function response(status, headers, body)
  answered = answered + 1
  if status ~= 200 or answered % every == 0 then
    replies:write(status, "\t", headers["X-Request-ID"] or "", "\t", body, "\n")
  end
  if answered == wanted then
    replies:write("end\n")
    replies:close()
  end
end
