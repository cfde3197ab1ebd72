-- SPDX-License-Identifier: GPL-2.0-or-later
-- Every kind of value, as a script sees it.  Returns RM_MATCH or raises what is wrong.

local function same(what, is, want)
	if is ~= want then
		error(`{what} is {is}, not {want}`)
	end
end

function numbers(prefix, attributes, peer)
	same("octet", attributes.octet, 255)
	same("tag", attributes.tag, 1000)
	same("localpref", attributes.localpref, 100)
	same("counter", attributes.counter, 5)
	same("flag", attributes.flag, false)
	same("metric", attributes.metric, 4294967295)
	same("balance", attributes.balance, -5)
	same("length", prefix.length, 24)
	same("remote_as", peer.remote_as, 65001)
	return true
end

function texts(prefix, attributes, peer)
	same("origin", attributes.origin, "igp")
	same("note", attributes.note, "a\0b")
	same("name", peer.name, "r2")
	return true
end

function addresses(prefix, attributes, peer)
	same("address", tostring(attributes.address), "2001:db8::1")
	same("network", tostring(attributes.network), "198.51.100.0/22")
	same("nexthop.ipv4", tostring(attributes.nexthop.ipv4), "203.0.113.1")
	same("nexthop.ifindex", attributes.nexthop.ifindex, 3)
	same("from.remote_as", attributes.from.remote_as, 65001)
	return true
end

function as_paths(prefix, attributes, peer)
	local path = attributes.as_path
	same("text", attributes.aspath, "65001 65002")
	same("length", path:length(), 2)
	same("origin", path:origin(), 65002)
	same("contains", path:contains(65001), true)
	same("contains not", path:contains(65003), false)
	same("match", path:match("_65002$"), true)
	return true
end

function lists(prefix, attributes, peer)
	same("text", attributes.community, "65000:1 65000:2")
	same("has", attributes.communities:has("65000:2"), true)
	same("has not", attributes.communities:has("65000:3"), false)
	same("large", attributes.large_communities:has("65000:1:2"), true)
	same("ext raw", attributes.ext_communities:raw()[1], "\0\2\253\232\0\0\0\7")
	same("ext has", attributes.ext_communities:has("rt 65000:7"), true)
	return true
end

function absent(prefix, attributes, peer)
	same("metric", attributes.metric, nil)
	same("origin", attributes.origin, nil)
	same("address", attributes.address, nil)
	same("network", attributes.network, nil)
	same("from", attributes.from, nil)
	same("aspath", attributes.aspath, nil)
	same("community", attributes.community, nil)
	same("nexthop.ipv4", attributes.nexthop.ipv4, nil)
	same("name", peer.name, nil)
	return true
end

function no_peer(prefix, attributes, peer)
	same("peer", peer, nil)
	return true
end

function unknown(prefix, attributes)
	return attributes.localpreff == 1
end

function in_prefix_set(prefix, attributes)
	return frr.prefix_set({ "192.0.2.0/24" }):contains(prefix)
end
