-- SPDX-License-Identifier: GPL-2.0-or-later
-- Uses what makes the daemon allocate: lists and paths that are assigned,
-- events that are held, tasks, messages, failures.

local held = {}

function route_match(prefix, attributes, peer)
  if frr.daemon == "bgpd" then
    attributes.communities:add("65000:1", "65000:2")
    attributes.large_communities:add("65000:1:2")
    attributes.as_path:prepend(65000, 3)
  else
    attributes.metric = 7
  end
  return RM_MATCH_AND_CHANGE
end

function route_set(prefix, attributes)
  attributes.localpref = 300
  attributes.ext_communities:set("rt 65000:7")
end

function fails(prefix, attributes)
  attributes.as_path:prepend(65000, 3)
  attributes.communities:add("65000:3")
  error("as it is meant to")
end

function vrrp_priority()
  return 120
end

local function hold(...)
  held[#held % 50 + 1] = { ... }
  frr.sleep(0.01)
  frr.publish("seen." .. frr.daemon, { count = #held, what = "event" })
end

for _, event in { "route_changed", "peer_changed", "interface_changed", "vrrp_changed" } do
  pcall(frr.on, event, hold)
end
for _, daemon in { "bgpd", "vrrpd", "zebra" } do
  frr.subscribe("seen." .. daemon, function(value)
    frr.shared_dict("memory", 1):set(daemon, value)
  end)
end
frr.every(0.05, function()
  for _, name in { "peers", "interfaces", "vrrp_routers" } do
    if frr[name] then
      for _, object in frr[name]() do
        held[1] = object
        frr.sleep(0)
      end
    end
  end
end)
