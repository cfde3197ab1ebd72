-- One script for both daemons: bgpd knows whether the uplink is healthy, vrrpd who answers for the LAN's gateway.
local UPLINK = frr.prefix_set({ "203.0.113.0/24" })

if frr.daemon == "bgpd" then
	frr.publish("uplink.healthy", false)
	frr.on("route_changed", function(prefix, old, new)
		log.notice(`bgpd: {prefix.network} {if new then "is here" else "is gone"}`)
		frr.publish("uplink.healthy", new ~= nil)
	end, { prefixes = UPLINK })
elseif frr.daemon == "vrrpd" then
	local healthy = false

	local function turn(now)
		if now ~= healthy then
			log.notice(`vrrpd: the uplink is {if now then "healthy" else "not healthy"}`)
			healthy = now
			frr.reevaluate()
		end
	end

	frr.subscribe("uplink.healthy", turn, {
		on_lost = function()
			turn(false)
		end,
	})

	-- nil keeps the configured priority.
	function vrrp_priority(router)
		return if healthy then nil else 50
	end

	frr.on("vrrp_changed", function(router, old, new)
		log.notice(`vrrpd: {old} -> {new}, priority {router.priority}`)
	end)
end
