-- SPDX-License-Identifier: GPL-2.0-or-later
-- Asks runtimes in five languages again and again, and says in the log whether
-- each of them gave back what it was sent.

if frr.daemon ~= "bgpd" then
	return
end

local runtimes = {
	rust = frr.load_ffi("echo"),
	go = frr.load_ffi("go_echo"),
	python = frr.load_ffi("python", "demo.echo?,init"),
	java = frr.load_ffi("java", "demo.Echo?,init"),
	nodejs = frr.load_ffi("nodejs", "demo/echo?,init"),
}

local binary = string.char(0, 255, 10, 37, 0) .. string.rep("x\0", 500)
local requests = { "", "hello", binary, string.rep(binary, 1000) }
local round = 0

local function good(runtime)
	for _, request in requests do
		local ok, response = runtime:echo(request)
		if not ok or response ~= request then
			return false
		end
	end
	return true
end

frr.every(0.2, function()
	local answered = {}
	for language, runtime in runtimes do
		if good(runtime) then
			table.insert(answered, language)
		end
	end
	table.sort(answered)
	round += 1
	log.info(`round {round}: {table.concat(answered, " ")}`)
end)

-- Some calls are always on their way.
local slow = frr.load_ffi("python", "demo.sleepy,init")

frr.every(0.1, function()
	frr.spawn(function()
		local ok, response = slow:wait("400")
		if not ok or response ~= "400" then
			log.warn("slow: another answer")
		end
	end)
end)
