-- SPDX-License-Identifier: GPL-2.0-or-later
-- Says every event of zebra in one line, fields with a tab between them.

local function say(...)
  local words = {}
  for i = 1, select("#", ...) do
    words[i] = tostring((select(i, ...)))
  end
  log.info(table.concat(words, "\t"))
end

if frr.daemon == "zebra" then
  frr.on("route_installed", function(route, reason, family)
    say("route", reason, family, route.prefix.network, route.type, route.instance, route.metric, route.distance,
      route.tag, route.table, route.vrf, route.nexthop, route.interface, route.nexthop_count)
  end)

  frr.on("route_installed", function(route, reason)
    say("filtered", reason, route.prefix.network)
  end, { family = "ipv4", prefixes = frr.prefix_set { "203.0.113.16/28 le 32" } })

  frr.on("interface_changed", function(interface, what, address)
    say("interface", what, interface.name, interface.vrf, interface.up, interface.type, interface.loopback, address)
    if what == "up" then
      local names = {}
      for _, other in frr.interfaces() do
        table.insert(names, `{other.name}:{other.up}:{other.mtu}`)
      end
      table.sort(names)
      say("all", table.concat(names, " "))
    end
  end)

  frr.on("nexthop_changed", function(nexthop)
    local route = nexthop.route
    say("nexthop", nexthop.address, nexthop.length, nexthop.vrf, nexthop.reachable,
      route and route.prefix.network, route and route.type, route and route.nexthop)
  end)
end
