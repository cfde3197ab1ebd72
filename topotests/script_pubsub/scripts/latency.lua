-- SPDX-License-Identifier: GPL-2.0-or-later
-- From frr.publish in bgpd to the handler in the other daemons, in microseconds.
if frr.daemon == "bgpd" then
  frr.every(0.005, function()
    frr.publish("t/time", frr.monotonic())
  end)
else
  local took = {}
  frr.subscribe("t/time", function(at)
    table.insert(took, (frr.monotonic() - at) * 1e6)
    if #took == 400 then
      table.sort(took)
      frr.publish(`latency/{frr.daemon}`, { median = took[200], p99 = took[396] })
    end
  end)
end
