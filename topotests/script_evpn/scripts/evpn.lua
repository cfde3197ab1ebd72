-- SPDX-License-Identifier: GPL-2.0-or-later
-- What scripts read of EVPN routes, as lines of the log, and what they add.
if frr.daemon ~= "bgpd" then
	return
end

local function parts(what, prefix, attributes)
	local evpn = prefix.evpn
	log.info(
		what,
		prefix.network,
		prefix.route_type,
		evpn.rd,
		evpn.mac,
		evpn.ip,
		evpn.ip_length,
		evpn.vni,
		evpn.l3vni,
		evpn.ethernet_tag,
		attributes.evpn.encapsulation,
		table.concat(attributes.ext_communities:route_targets(), ","),
		attributes.ext_communities:color()
	)
end

-- Outbound.
function mark(prefix, attributes)
	parts("out", prefix, attributes)
	if prefix.route_type == 2 then
		attributes.ext_communities:add(frr.ext_community.color(7))
	end
end

-- Inbound.
function read(prefix, attributes)
	parts("in", prefix, attributes)
	if attributes.ext_communities:color() == 7 then
		attributes.ext_communities:add("rt 65000:999")
		attributes.ext_communities:remove(frr.ext_community.color(7))
	end
end

frr.on("route_changed", function(prefix, old, new, family)
	if new then
		parts("now", prefix, new.attributes)
	else
		parts("gone", prefix, old.attributes)
	end
end, { family = "l2vpn evpn" })
