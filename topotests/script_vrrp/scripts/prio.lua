-- SPDX-License-Identifier: GPL-2.0-or-later
-- VRID 5: 150 over IPv4, 140 over IPv6.
function vrrp_priority(router)
  return router.family == "ipv4" and 150 or 140
end
