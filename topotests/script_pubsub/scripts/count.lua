-- SPDX-License-Identifier: GPL-2.0-or-later
-- 10,000 values from bgpd, as fast as a script may without any being left out.
local MOST = 10000

if frr.daemon == "bgpd" then
  local n = 0
  local timer
  timer = frr.every(0.02, function()
    for _ = 1, 50 do
      n += 1
      frr.publish("t/count", n)
    end
    if n == MOST then
      timer:cancel()
    end
  end)
else
  local received, disorder, last = 0, 0, 0
  frr.subscribe("t/count", function(n)
    received += 1
    if n ~= last + 1 then
      disorder += 1
    end
    last = n
    if n == MOST then
      frr.publish(`count/{frr.daemon}`, { received = received, disorder = disorder })
    end
  end)
end
