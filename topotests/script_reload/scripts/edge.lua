-- SPDX-License-Identifier: GPL-2.0-or-later
function route_match(prefix, attributes)
	attributes.localpref = 201
	return true
end
