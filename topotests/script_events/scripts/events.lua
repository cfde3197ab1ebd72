-- SPDX-License-Identifier: GPL-2.0-or-later
-- What bgpd tells, as lines of its log. zebra loads this file too.
if frr.daemon ~= "bgpd" then
	return
end

frr.on("route_changed", function(prefix, old, new, family)
	local route = new or old
	log.info(
		"route",
		if new then "now" else "gone",
		prefix.network,
		family,
		route.attributes.metric,
		route.attributes.community,
		route.peer.remote_address,
		route.path.best
	)
end, { family = "ipv4" })

local few = frr.prefix_set({ "203.0.113.0/24 le 32" })
frr.on("route_changed", function(prefix)
	log.info("few", prefix.network)
end, { prefixes = few })

frr.on("peer_changed", function(peer, old, new)
	log.info("peer", peer.name, old, new, peer.remote_as)
end)

frr.on("peer_changed", function(peer)
	log.info("up", peer.name)
	frr.sleep(0.05)
	-- The neighbor of the event may be gone: this is a new look.
	for _, other in frr.peers() do
		log.info("still", other.name, other.state)
	end
end, { new = "Established" })

frr.on("script_loaded", function(generation)
	log.info("loaded", generation)
end)

frr.on("shutdown", function()
	log.info("goodbye")
end)
