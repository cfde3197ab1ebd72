-- SPDX-License-Identifier: GPL-2.0-or-later
-- Functions that never end, or never have enough.

function forever() while true do end end

function forever_in_pcall()
	while true do
		pcall(function() while true do end end)
	end
end

function forever_in_coroutine()
	local co = coroutine.wrap(function() while true do end end)
	co()
end

function forever_in_pattern()
	local s = string.rep("a", 30000)
	return string.find(s, "a-a-a-a-a-a-b") ~= nil
end

function forever_in_plain_find()
	local s = string.rep("a", 1000000)
	for i = 1, 1000000 do
		string.find(s, string.rep("a", 1000) .. "b", 1, true)
	end
	return true
end

function forever_in_error_handler()
	return xpcall(function() while true do end end, function() while true do end end)
end

function forever_in_tostring()
	error(setmetatable({}, { __tostring = function() while true do end end }))
end

function much_memory()
	local t = {}
	while true do
		t[#t + 1] = string.rep("x", 100000) .. #t
	end
end

function much_memory_in_pcall()
	while true do
		pcall(function()
			local t = {}
			while true do
				t[#t + 1] = string.rep("x", 100000) .. #t
			end
		end)
	end
end

function one_large_string()
	return #string.rep("x", 500000000) > 0
end

function deep()
	local function f(n) return 1 + f(n + 1) end
	return f(1) > 0
end

local kept

function keep(prefix, attributes)
	kept = attributes
	return true
end

function use_kept()
	return kept.localpref == 100
end

function use_kept_method()
	return kept:no_such_method()
end

function keep_list(prefix, attributes)
	kept = attributes.communities
	return true
end

function use_kept_list()
	return kept:has("65000:1")
end

function keep_path(prefix, attributes)
	kept = attributes.as_path
	return true
end

function use_kept_path()
	return kept:contains(65001)
end

function assign_kept()
	kept.localpref = 1
	return true
end

function fine(prefix, attributes)
	return attributes.localpref == 100
end

function busy(prefix, attributes)
	for i = 1, 10 do
		local _ = { attributes.aspath, attributes.communities:items(), tostring(prefix) }
	end
	attributes.localpref = 200
	attributes.communities:add("65000:77")
	attributes.as_path:prepend(65000)
	return true
end

function yields()
	coroutine.yield()
	return true
end
