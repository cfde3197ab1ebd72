-- SPDX-License-Identifier: GPL-2.0-or-later
local customers = frr.prefix_set({
	"198.51.100.0/24 ge 28 le 28",
	"2001:db8:100::/44 ge 48 le 48",
})

-- In: customers only, marked.
function route_match(prefix, attributes)
	if not customers:contains(prefix) then
		return RM_NOMATCH
	end
	attributes.localpref = 200
	attributes.communities:add("65002:100")
	return RM_MATCH_AND_CHANGE
end

-- Out: our own preference and path.
function export(prefix, attributes)
	if not attributes.communities:has("65002:100") then
		return false
	end
	attributes.metric = 77
	attributes.as_path:prepend(65002, 2)
	attributes.communities:remove("65001:1")
	attributes.communities:add("65002:200")
	return true
end

-- Matches, and what it assigned does not hold.
function look(prefix, attributes)
	attributes.localpref = 999
	attributes.communities:set("65002:999")
	return RM_MATCH
end

-- Reads what an entry before it has changed.
function route_set(prefix, attributes)
	attributes.communities:add(`65002:{attributes.localpref}`)
end

function set_metric(prefix, attributes)
	attributes.metric = 11
end

-- A denial that came after a change.
function declares(prefix, attributes)
	attributes.localpref = 999
	return RM_FAILURE
end

-- FRR's own form of an answer.
function as_table(prefix, attributes)
	attributes.localpref = 300
	return { action = RM_MATCH_AND_CHANGE, attributes = attributes }
end
