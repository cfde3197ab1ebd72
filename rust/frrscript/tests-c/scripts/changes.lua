-- SPDX-License-Identifier: GPL-2.0-or-later
-- What a script assigns.

function all(prefix, attributes, peer)
	attributes.octet = 7
	attributes.tag = 2000
	attributes.localpref = 4294967295
	attributes.counter = 1000000
	attributes.flag = true
	attributes.metric = 0
	attributes.balance = -2147483648
	attributes.origin = "incomplete"
	attributes.note = "x\0y"
	attributes.address = "192.0.2.7"
	attributes.nexthop.ipv4 = "203.0.113.9"
	attributes.as_path:prepend(65009, 2)
	attributes.communities:add("65000:9")
	attributes.communities:remove("65000:1")
	attributes.large_communities = "65000:3:4"
	attributes.ext_communities:add("rt 65000:9")
	return RM_MATCH_AND_CHANGE
end

function read_back(prefix, attributes)
	attributes.localpref = 300
	attributes.communities:add("65000:9")
	return attributes.localpref == 300 and attributes.communities:has("65000:9")
end

function clear(prefix, attributes)
	attributes.metric = nil
	attributes.address = nil
	attributes.communities = nil
	return true
end

function text_fields(prefix, attributes)
	attributes.aspath = "65010 65011"
	attributes.community = "65000:5 no-export"
	return true
end

function fail_after(prefix, attributes)
	attributes.localpref = 300
	error("after the change")
end

function no_match_after(prefix, attributes)
	attributes.localpref = 300
	return false
end

function change_peer(prefix, attributes, peer)
	peer.remote_as = 1
	return true
end

function change_nested(prefix, attributes)
	attributes.from.weight = 7
	return true
end

function change_weight(prefix, attributes, peer)
	attributes.localpref = 7
	peer.weight = 7
	return true
end

function nothing(prefix, attributes)
	return true
end

-- assignments that must be refused
local bad = {
	function(a) a.localpref = -1 end,
	function(a) a.localpref = 1.5 end,
	function(a) a.localpref = 0 / 0 end,
	function(a) a.localpref = 1 / 0 end,
	function(a) a.localpref = 4294967296 end,
	function(a) a.localpref = "many" end,
	function(a) a.localpref = {} end,
	function(a) a.localpref = nil end,
	function(a) a.octet = 256 end,
	function(a) a.tag = 65536 end,
	function(a) a.tag = 3 end,
	function(a) a.counter = 1000001 end,
	function(a) a.balance = 0.5 end,
	function(a) a.flag = 1 end,
	function(a) a.origin = "elsewhere" end,
	function(a) a.note = string.rep("n", 65) end,
	function(a) a.address = "192.0.2.256" end,
	function(a) a.nexthop.ipv4 = "2001:db8::1" end,
	function(a) a.network = "192.0.2.0/24" end,
	function(a) a.communities:add("65536:1") end,
	function(a) a.community = "no such community" end,
	function(a) a.aspath = "65001 x" end,
	function(a) a.as_path:prepend(4294967296) end,
	function(a) a.as_path:prepend(65001, 1000000) end,
	function(a) a.large_communities:add("1:2") end,
	function(a) a.ext_communities:add("rt x") end,
}
function refused(prefix, attributes)
	attributes.metric = 77
	for i, assign in bad do
		local fine, why = pcall(assign, attributes)
		if fine then
			error(`assignment {i} was accepted`)
		end
	end
	return true
end

function too_big(prefix, attributes)
	attributes.metric = 77
	attributes.localpref = 4294967296
	return true
end

function fractional(prefix, attributes)
	attributes.localpref = 1.5
	return true
end

function negative(prefix, attributes)
	attributes.localpref = -1
	return true
end

function not_a_number(prefix, attributes)
	attributes.localpref = 0 / 0
	return true
end
