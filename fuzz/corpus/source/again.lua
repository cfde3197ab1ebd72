-- SPDX-License-Identifier: GPL-2.0-or-later
-- Reading the field calls a script again.

function again(object)
	return object.again == 1
end
