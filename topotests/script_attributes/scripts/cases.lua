-- SPDX-License-Identifier: GPL-2.0-or-later
-- Functions by prefix that write attributes (test_script_attributes.py adds
-- them below), and one that tells what a route's attributes are.
local cases = {}
local pack = string.pack

local NAMES = {
	"metric",
	"localpref",
	"origin",
	"weight",
	"distance",
	"tag",
	"table",
	"label_index",
	"aigp_metric",
	"atomic_aggregate",
	"aspath",
	"community",
	"large_community",
	"extcommunity",
	"ipv6_extcommunity",
	"ifindex",
	"rmap_change_flags",
	"aggregator_as",
	"aggregator_address",
	"originator_id",
	"cluster_list",
	"otc",
	"link_bandwidth",
	"label",
	"srv6_sid",
}
local NEXTHOP = {
	"ipv4",
	"ipv6_global",
	"ipv6_local",
	"vpnv4",
	"mp_len",
	"prefer_global",
	"unchanged",
}

function route_match(prefix, attributes, peer, failure, nomatch, match, change, path)
	local case = cases[prefix.network]
	if case then
		case(attributes, path)
	end
	return RM_MATCH_AND_CHANGE
end

function report(prefix, attributes, peer, failure, nomatch, match, change, path)
	local told = {}
	for _, name in NAMES do
		table.insert(told, `{name}={tostring(attributes[name])}`)
	end
	for _, name in NEXTHOP do
		table.insert(told, `nexthop.{name}={tostring(attributes.nexthop[name])}`)
	end
	table.insert(told, `aggregator={attributes.aggregator and attributes.aggregator["as"]}`)
	table.insert(told, `srte_color={path.srte_color}`)
	table.insert(told, `hops={attributes.as_path:length()}`)
	table.insert(told, `sizes={#attributes.communities},{#attributes.large_communities},{#attributes.ext_communities}`)
	log.info(`report {prefix.network} | {table.concat(told, " | ")} |`)
end
