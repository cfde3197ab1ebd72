-- SPDX-License-Identifier: GPL-2.0-or-later
-- Another priority at each call.
local calls = 0

function vrrp_priority()
  calls += 1
  return 100 + calls % 100
end
