-- SPDX-License-Identifier: GPL-2.0-or-later
local m = require("part")

function route_match(prefix, attributes)
	attributes.localpref = m.localpref
	attributes.communities:add("65002:1")
	return prefix.length < 25 or prefix.length == 28
end
