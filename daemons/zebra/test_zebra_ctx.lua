-- SPDX-License-Identifier: GPL-2.0-or-later
-- Says what is in a context; see test_zebra_ctx.c.

function on_rib_process_dplane_results(ctx)
	local seen
	if ctx.neightable then
		local t = ctx.neightable
		seen = `app {t.app_probes} ucast {t.ucast_probes} mcast {t.mcast_probes} family {t.family}`
	elseif ctx.macinfo then
		local m = ctx.macinfo
		seen = `mac {m.mac.string} vid {m.vid} vtep {m.vtep_ip.string} sticky {m.is_sticky} nhg {m.nhg_id}`
	elseif ctx.neigh then
		local n = ctx.neigh
		local mac = n.link.mac and n.link.mac.string or "none"
		local link = n.link.ip_addr and n.link.ip_addr.string or "none"
		seen = `neigh {n.ip_addr.string} mac {mac} link {link}`
	else
		seen = `only {ctx.zd_ifname} {ctx.zd_ifindex} {ctx.zd_table_id}`
	end
	return { seen = seen }
end
