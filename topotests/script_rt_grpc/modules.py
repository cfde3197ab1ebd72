# SPDX-License-Identifier: GPL-2.0-or-later
"""The scripts of the test: each line of `told` is what one function gave."""

START = r"""
if frr.daemon ~= "bgpd" then
	return
end
local grpc = require "frr.grpc"
local told = {}

local function tell(name, value, err)
	told[name] = if err then `{err.kind}` elseif value == nil then "nothing" else value
end

local function wait(ready)
	while not ready() do
		frr.sleep(0.01)
	end
end

local function same(a, b)
	if type(a) ~= "table" or type(b) ~= "table" then
		return a == b
	end
	for key, value in a do
		if not same(value, b[key]) then
			return false
		end
	end
	for key in b do
		if a[key] == nil then
			return false
		end
	end
	return true
end
"""

UNARY = START + r"""
local conn = grpc.connect("http://127.0.0.1:SERVER", { timeout = 5 })
local plain = grpc.connect("http://127.0.0.1:PLAIN", { timeout = 5 })
local described = grpc.connect("http://127.0.0.1:PLAIN", { descriptors = "FILE" })
local nobody = grpc.connect("http://127.0.0.1:1", { timeout = 2 })
local small = grpc.connect("http://127.0.0.1:SERVER", { max_message = 100 })
local ECHO, FAIL = "/test.Test/Echo", "/test.Test/Fail"

frr.spawn(function()
	local sent = {
		flag = true,
		small = -7,
		big = "-9223372036854775808",
		huge = "18446744073709551615",
		real = 0.1,
		text = "grüße",
		raw = "\0\255\128",
		color = "GREEN",
		names = { "a", "b" },
		counts = { one = 1, two = 2 ^ 53 },
		inner = { name = "outer", more = { name = "inner" } },
		right = 5,
		by_number = { [7] = "seven", [9] = "nine" },
	}
	local got, err, metadata = conn:unary(ECHO, sent)
	tell("echo", same(sent, got), err)
	tell("served by", metadata["served-by"])
	tell("exact", same(conn:unary(ECHO, { big = 2 ^ 53, huge = "12" }), { big = 2 ^ 53, huge = 12 }))
	tell("list", same(conn:unary(ECHO, { by_number = { "one", "two" } }), { by_number = { "one", "two" } }))
	tell("empty", same(conn:unary(ECHO), {}) and same(conn:unary(ECHO, {}), {}))
	local _, status = conn:unary(FAIL, { small = 5, text = "no such prefix" })
	tell("status", `{status.kind} {status.code} {status.message}, {status.metadata.why}`)
	tell("denied", conn:unary(FAIL, { small = 7 }))
	local headers = { ["x-router"] = "r2", ["key-bin"] = "\0\255" }
	local names = conn:unary("test.Test/Headers", nil, { metadata = headers }).names
	tell("header", table.find(names, "x-router=r2") ~= nil)
	tell("octets", table.find(names, 'key-bin=b"\\0\\xff"') ~= nil)
	tell("no header", conn:unary(ECHO, nil, { metadata = { x = "a\nb" } }))
	_, status = conn:unary("/test.Test/Slow", nil, { timeout = 0.3 })
	tell("late", `{status.kind} {status.code}`)
	_, status = conn:unary(ECHO, { inner = { nam = "x" } })
	tell("misfit", `{status.kind}: {status.message}`)
	tell("too much", conn:unary(ECHO, { huge = "18446744073709551616" }))
	tell("no method", conn:unary("/test.Test/Ech"))
	tell("no service", conn:unary("/test.Other/Echo"))
	tell("no path", conn:unary("Echo"))
	tell("a stream", conn:unary("/test.Test/Chat"))
	tell("large", small:unary(ECHO, { text = string.rep("x", 200) }))
	tell("nobody", nobody:unary(ECHO))

	tell("unknown", plain:unary(ECHO))
	tell("broken", plain:describe("nothing"))
	tell("described", plain:describe("DESCRIPTORS"))
	tell("known", plain:unary(ECHO, { text = "x" }).text)
	tell("by file", described:unary(ECHO, { text = "x" }).text)

	_, status = grpc.connect("127.0.0.1:SERVER")
	tell("no uri", status and status.kind)
	-- What waits is told.
	frr.spawn(function()
		tell("in flight", plain:unary("/test.Test/Slow"))
	end)
	frr.sleep(0)
	plain:close()
	tell("closed", plain:unary(ECHO))
	wait(function()
		return told["in flight"]
	end)
	frr.publish("unary", told)
end)
"""

UNARY_TOLD = {
    "echo": True,
    "served by": "tonic",
    "exact": True,
    "list": True,
    "empty": True,
    "status": "not_found 5 no such prefix, asked for",
    "denied": "permission_denied",
    "header": True,
    "octets": True,
    "no header": "request",
    "late": "deadline_exceeded 4",
    "misfit": "request: inner: a test.Inner has no nam; it has name, more",
    "too much": "request",
    "no method": "schema",
    "no service": "schema",
    "no path": "request",
    "a stream": "request",
    "large": "out_of_range",
    "nobody": "unavailable",
    "unknown": "schema",
    "broken": "schema",
    "described": True,
    "known": "x",
    "by file": "x",
    "no uri": "load",
    "in flight": "finished",
    "closed": "finished",
}

STREAMS = START + r"""
local conn = grpc.connect("http://127.0.0.1:SERVER", { timeout = 5 })
local COUNT, SUM, CHAT = "/test.Test/Count", "/test.Test/Sum", "/test.Test/Chat"

frr.spawn(function()
	local count = conn:stream(COUNT)
	tell("send", count:send { small = 1000 })
	tell("one only", count:send { small = 1 })
	local last, gaps = 0, 0
	for message in count:messages() do
		gaps += message.small - last - 1
		last = message.small
	end
	tell("counted", `{last}, {gaps} missing`)
	tell("end", count:recv())
	tell("no failure", count.failure)
	tell("close at the end", count:close())

	-- A failure comes after what was sent before it, and stays.
	local failing = conn:stream(COUNT)
	failing:send { small = 3, flag = true }
	for message in failing:messages() do
		last = message.small
	end
	tell("failing", `{last}, {failing.failure.kind} {failing.failure.code} {failing.failure.message}`)
	tell("still", failing:recv())

	local sum = conn:stream(SUM)
	for i = 1, 50 do
		sum:send_all { { text = `{i}a` }, { text = `{i}b` } }
	end
	tell("close_send", sum:close_send())
	tell("send after", sum:send {})
	local all = sum:recv()
	tell("sum", `{all.small} {all.names[100]}`)

	local chat = conn:stream(CHAT, { metadata = { x = "y" } })
	chat:send { text = "a" }
	tell("answer", chat:recv().text)
	-- Waits that were given up lose nothing, whether the runtime has seen it or not.
	local lost = 0
	for i = 1, 60 do
		local _, err = chat:recv(0.001 * (1 + i % 4))
		chat:send { text = tostring(i) }
		local message = chat:recv(5)
		if err.kind ~= "timeout" or not message or message.text ~= `you said {i}` then
			lost += 1
		end
	end
	tell("lost", lost)
	tell("quiet", chat:recv(0.1))
	tell("misfit", chat:send { txt = "x" })
	frr.spawn(function()
		local message, err = chat:recv()
		tell("closed", message, err)
	end)
	wait(function()
		return chat.waiting
	end)
	tell("busy", chat:recv())
	tell("close", chat:close())
	wait(function()
		return told.closed
	end)
	tell("again", chat:close())
	tell("after close", chat:send {})

	local short = conn:stream(CHAT, { timeout = 0.3 })
	tell("deadline", short:recv())
	tell("no method", conn:stream("/test.Test/Cha"))

	-- More than the runtime holds at once: those that ended are let go.
	local opened = 0
	for _ = 1, 300 do
		local stream = conn:stream(COUNT)
		if not stream then
			break
		end
		stream:send { small = 1 }
		for _ in stream:messages() do
			opened += 1
		end
	end
	tell("many", opened)
	frr.publish("streams", told)
end)
"""

STREAMS_TOLD = {
    "send": True,
    "one only": "closed",
    "counted": "1000, 0 missing",
    "end": "nothing",
    "no failure": "nothing",
    "close at the end": True,
    "failing": "3, resource_exhausted 8 no more",
    "still": "resource_exhausted",
    "close_send": True,
    "send after": "closed",
    "sum": "100 50b",
    "answer": "you said a",
    "lost": 0,
    "quiet": "timeout",
    "misfit": "request",
    "closed": "nothing",
    "busy": "busy",
    "close": True,
    "again": True,
    "after close": "closed",
    "deadline": "deadline_exceeded",
    "no method": "schema",
    "many": 300,
}

# Says what becomes of a stream, and asks until there is a server again.
LASTING = START + r"""
local conn = grpc.connect("http://127.0.0.1:SERVER", { timeout = 2 })

frr.spawn(function()
	local chat = conn:stream("/test.Test/Chat")
	chat:send { text = "a" }
	frr.publish("lasting", chat:recv().text)
	local _, err = chat:recv()
	frr.publish("lasting", if err.code then "lost" else err.message)
	local reply
	repeat
		frr.sleep(0.2)
		reply = conn:unary("/test.Test/Echo", { text = "back" })
	until reply
	frr.publish("lasting", reply.text)
end)
"""
