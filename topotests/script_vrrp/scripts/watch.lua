-- SPDX-License-Identifier: GPL-2.0-or-later
-- Every field, in the log of each call.
function vrrp_priority(router)
  local fields = {}
  for _, name in {
    "vrid", "version", "interface", "vrf", "vrrp_interface", "family", "state", "configured_priority",
    "priority", "origin", "is_owner", "preempt", "accept", "advertisement_interval",
    "master_advertisement_interval", "skew_time", "master_down_interval", "primary_address",
    "virtual_address", "address_count", "transitions", "gratuitous_arps_sent",
    "neighbor_advertisements_sent",
  } do
    table.insert(fields, `{name}={tostring(router[name])}`)
  end
  assert(router.advertisements_received >= 0 and router.advertisements_sent >= 0)
  log.info("fields " .. table.concat(fields, " "))
end
