-- SPDX-License-Identifier: GPL-2.0-or-later
-- What test_frrlua_codecs.c calls.

function increment(a, b)
	return { a = a + 1, b = b + 1 }
end

function give_back(a, b, c)
	return { a = a, b = b, c = c }
end

function wrong_types()
	return { i = "many", j = {}, l = true, p = 5, a4 = "192.0.2.1", a6 = {}, su = { string = "none" } }
end

function out_of_range()
	return { i = 4294967296, j = 1.7, k = 0 / 0, l = 1e300 }
end

function prefix(p)
	return {
		seen = `{p.network} {p.length} {p.family}`,
		p = { network = "2001:db8::/32" },
	}
end

function interface(i)
	i.name = "eth9"
	i.mtu = 9000
	return { i = i }
end

function interface_without_name()
	return { i = { mtu = 1400 } }
end

function interface_wrong()
	return { i = { name = "eth9", mtu = -1 } }
end

function interface_long_name()
	return { i = { name = "a-name-that-no-interface-has" } }
end

function addresses(a4, a6, su)
	return {
		seen = `{a4.string} {a6.string} {#a6.value} {su.string} {#su.value}`,
		a4 = { string = "198.51.100.1" },
		a6 = { string = "2001:db8::2" },
		su = { string = "2001:db8::3" },
	}
end

function is_nil(a, b, c, d, e)
	return { seen = `{a} {b} {c} {d} {e}` }
end

function ethernet(mac)
	return { seen = `{mac.string} {#mac.value} {mac.octet}` }
end

function nexthop(nh)
	return {
		gate = nh.gate and nh.gate.string or "none",
		backups = table.concat(nh.backups, " "),
	}
end

function group(ng)
	local seen = {}
	for i, nh in ipairs(ng) do
		seen[i] = nh.ifindex
	end
	return { seen = table.concat(seen, " ") }
end

function text()
	return { s = "a text" }
end
