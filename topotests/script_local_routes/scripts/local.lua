-- SPDX-License-Identifier: GPL-2.0-or-later
-- A route of this router has a peer without addresses (D1 of FRR 10.3).
local function tell(prefix, peer, path)
	local from, to = tostring(peer.local_address), tostring(peer.remote_address)
	log.info(`local {prefix.network} {from} {to} {peer.is_self} {path.origin}`)
end

function route_match(prefix, attributes, peer, failure, nomatch, match, change, path)
	tell(prefix, peer, path)
	attributes.metric = 42
	attributes.communities:add("65002:42")
	return RM_MATCH_AND_CHANGE
end

function route_set(prefix, attributes, peer, failure, nomatch, match, change, path)
	tell(prefix, peer, path)
	attributes.metric = 43
end

function to_table(prefix, attributes, peer)
	attributes.tag = 44
	return true
end
