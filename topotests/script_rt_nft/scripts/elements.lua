-- SPDX-License-Identifier: GPL-2.0-or-later
-- frr.nft as a script sees it: does what the file of requests says, one after the
-- other, and logs what came of each.
local nft = require("frr.nft")

local function shown(value)
	if type(value) ~= "table" then
		return tostring(value)
	end
	local parts = {}
	for key, item in value do
		table.insert(parts, `{key}={shown(item)}`)
	end
	table.sort(parts)
	return "{" .. table.concat(parts, " ") .. "}"
end

if frr.daemon ~= "bgpd" then
	return
end

local firewall = nft.new()
local nets = firewall:set("inet", "t", "nets")
local ports = firewall:set("inet", "t", "ports")
local jumps = firewall:set("inet", "t", "jumps")
local none = firewall:set("inet", "t", "none")

local function report(name, done, err)
	if err then
		log.info(`elements {name}: {err.kind}: {err.message} [{err.set}] [{err.element}]`)
	else
		log.info(`elements {name}: {shown(done)}`)
	end
end

frr.spawn(function()
	report("add", nets:add { "192.0.2.0/24", "198.51.100.1", { key = "203.0.113.0/25", timeout = 3600 } })
	report("again", nets:add { "192.0.2.0/25" })
	report("sync", nets:sync { "10.0.0.0/8", "10.1.0.0/16", "198.51.100.1-198.51.100.9" })
	report("discard", nets:discard { "10.0.0.0/8", "172.16.0.0/12" })
	report("list", nets:list())
	report("ports", ports:put { 22, "443" })
	report("both", firewall:transaction { ports:flushing(), ports:adding { 179 }, nets:deleting { "192.0.2.0/24" } })
	report("ports", ports:list())
	report("map", jumps:sync { ["192.0.2.1"] = "accept", ["192.0.2.2"] = "jump other" })
	report("empty", ports:sync {})
	report("flush", nets:flush())
	report("none", none:add { "192.0.2.1" })
	report("wrong", nets:add { "not an address" })
	local fine, why = pcall(nets.add, nets, "192.0.2.1")
	log.info(`elements misuse: {fine} {why}`)
	log.info("elements done")
end)
