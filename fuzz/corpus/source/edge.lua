-- SPDX-License-Identifier: GPL-2.0-or-later
local customer = frr.prefix_set { "198.51.100.0/24 le 28" }

function route_match(prefix, attributes)
  if not customer:contains(prefix) or attributes.communities:has("65001:666") then
    return RM_NOMATCH
  end
  attributes.localpref = 200
  attributes.communities:add("65000:100")
  return RM_MATCH_AND_CHANGE
end
