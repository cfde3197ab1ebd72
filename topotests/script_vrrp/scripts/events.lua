-- SPDX-License-Identifier: GPL-2.0-or-later
-- Changes of the state, as lines of vrrpd's log. Other daemons load this file too.
if frr.daemon ~= "vrrpd" then
	return
end

frr.on("vrrp_changed", function(router, old, new)
	log.info("changed", router.vrid, router.family, old, new, router.state, router.virtual_address)
end)

frr.on("vrrp_changed", function(router)
	log.info("taken over", router.vrid, router.family)
end, { new = "Master" })

frr.on("shutdown", function()
	log.info("ended", #frr.vrrp_routers())
end)
