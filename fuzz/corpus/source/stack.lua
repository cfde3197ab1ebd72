-- SPDX-License-Identifier: GPL-2.0-or-later
-- Functions of FRR's frrscript interface: plain values in, one table out.

function same(value)
	return { value = value }
end

function sum(a, b)
	return { sum = a + b }
end

function describe(t)
	return {
		name = t.name,
		count = #t.list,
		second = t.list[2],
		inner = t.inner.deep.value,
		flag = t.flag,
		octets = #t.octets,
		missing = t.missing == nil,
	}
end

function many(n)
	local t = {}
	for i = 1, n do
		t[i] = i
	end
	return { list = t }
end

function cycle()
	local t = {}
	t.t = t
	return { t = t }
end

function returns_nothing() end
function returns_number() return 123 end
function returns_empty() return {} end
function raises() error("Something bad!") end

function values()
	return {
		whole = 42,
		negative = -1,
		fraction = 1.5,
		large = 4294967296,
		nan = 0 / 0,
		text = "abc",
		digits = "12",
		yes = true,
		f = print,
	}
end
