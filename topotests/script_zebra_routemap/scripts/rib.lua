-- SPDX-License-Identifier: GPL-2.0-or-later
-- What zebra does with static routes, by prefix.

function route_match(prefix, attributes, nexthop, RM_FAILURE, RM_NOMATCH, RM_MATCH, RM_MATCH_AND_CHANGE)
  local network = prefix.network
  log.info(`seen {network} {attributes.type} {attributes.instance} {attributes.metric} {attributes.distance} `
    .. `{attributes.tag} {attributes.table} {attributes.vrf} {attributes.interface} {attributes.policy} `
    .. `{nexthop.address} {attributes.nexthop.interface} {nexthop.type}`)
  if network == "203.0.113.0/28" then
    attributes.metric = 77
    attributes.distance = 33
    attributes.tag = 4000000000
    attributes.source = frr.address("198.51.100.1")
    return RM_MATCH_AND_CHANGE
  elseif network == "203.0.113.16/28" then
    return RM_NOMATCH
  elseif network == "203.0.113.32/28" then
    attributes.metric = attributes.metric + 10
    return RM_MATCH_AND_CHANGE
  elseif network == "203.0.113.48/28" and attributes.distance == 1 then
    attributes.distance = 50
    return RM_MATCH_AND_CHANGE
  end
  return RM_MATCH
end

function last(prefix, attributes)
  if prefix.network == "203.0.113.0/28" and attributes.metric == 77 then
    attributes.metric = 78
  end
end

function set6(prefix, attributes)
  attributes.metric = 600
  attributes.source = frr.address("2001:db8:f::1")
end
