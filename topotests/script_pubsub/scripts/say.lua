-- SPDX-License-Identifier: GPL-2.0-or-later
if frr.daemon == "bgpd" then
  frr.publish("t/state", { n = 1 })
end
