-- SPDX-License-Identifier: GPL-2.0-or-later
-- What brought FRR 10.3's scripting down.

function local_route(prefix, attributes, peer)
	return peer.name == nil and attributes.from == nil
end

function attributes_is_a_number(prefix, attributes, peer, RM_FAILURE, RM_NOMATCH, RM_MATCH)
	return { attributes = RM_MATCH }
end

function no_action(prefix, attributes)
	return { attributes = attributes }
end

function other_keys(prefix, attributes, peer, RM_FAILURE, RM_NOMATCH, RM_MATCH)
	return { action = RM_MATCH, peer = peer, prefix = prefix, RM_MATCH = 700, d = {} }
end

function by_value(a, b, c)
	b = 600
	return { a = 500, c = 700, d = 800 }
end

function wrong_types()
	return { text = "many", table = {}, yes = true, fraction = 1.7, large = 4294967296 }
end

function logs()
	local fine = pcall(log.info) and pcall(log.info, "a", "b") and pcall(log.info, {}, nil, 1, true)
	log.debug("d")
	log.info("i")
	log.notice("n")
	log.warn("w")
	log.error("e")
	log.info("100 %s %n percent")
	return true
end

function raises()
	error("always")
end

function long_path(prefix, attributes)
	attributes.as_path:prepend(65000, 200)
	return true
end

function exact(n)
	return { n = n }
end

function closed()
	local ways = {
		"io", "package", "ffi", "dofile", "loadfile", "load", "loadstring",
		"getfenv", "setfenv", "newproxy",
	}
	local open = {}
	for _, name in ways do
		if _G[name] ~= nil then
			table.insert(open, name)
		end
	end
	for _, name in { "execute", "remove", "rename", "getenv", "exit", "tmpname", "setlocale" } do
		if os and os[name] then
			table.insert(open, "os." .. name)
		end
	end
	for _, name in { "sethook", "getregistry", "setmetatable", "getupvalue", "setupvalue", "setlocal" } do
		if debug and debug[name] then
			table.insert(open, "debug." .. name)
		end
	end
	if #open > 0 then
		error("open: " .. table.concat(open, " "))
	end
	return true
end

function tampers()
	local fine = pcall(function() string.format = nil end)
	fine = fine or pcall(function() getmetatable("").__index = {} end)
	fine = fine or pcall(function() frr.prefix_set = nil end)
	return not fine
end
