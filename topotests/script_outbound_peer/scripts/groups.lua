-- SPDX-License-Identifier: GPL-2.0-or-later
-- Each neighbor its own metric.
function route_match(prefix, attributes, peer)
	attributes.metric = peer.remote_as - 65000
	attributes.communities:add(`65002:{peer.remote_as}`)
	return true
end

-- The same to all.
function to_all(prefix, attributes)
	attributes.metric = 77
	return true
end

-- Nothing to one of them.
function not_to_r4(prefix, attributes, peer)
	return peer.name ~= "192.0.2.4"
end
