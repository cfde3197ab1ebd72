-- SPDX-License-Identifier: GPL-2.0-or-later
-- In each daemon: says what it has heard of t/state, in a topic of its own.
local heard = {}

local function note(text)
  table.insert(heard, text)
  frr.publish(`heard/{frr.daemon}`, { at = frr.monotonic(), words = heard })
end

frr.subscribe("t/state", function(value, topic, daemon)
  note(`{daemon} {value.n}`)
end, {
  on_lost = function(topic, daemon)
    note(`{daemon} lost`)
  end,
})

-- And back: what the others heard, as this daemon sees it.
if frr.daemon == "vrrpd" then
  frr.subscribe("heard/bgpd", function(value)
    frr.publish("echo", #value.words)
  end)
end
