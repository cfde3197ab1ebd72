-- SPDX-License-Identifier: GPL-2.0-or-later
-- Far more than anybody can take; the last value counts.
if frr.daemon == "bgpd" then
  frr.spawn(function()
    for n = 1, 40000 do
      frr.publish("t/flood", n)
      if n % 100 == 0 then
        frr.sleep(0)
      end
    end
  end)
else
  local received = 0
  frr.subscribe("t/flood", function(n)
    received += 1
    if n == 40000 then
      frr.publish(`flood/{frr.daemon}`, received)
    end
  end)
end
