-- SPDX-License-Identifier: GPL-2.0-or-later
function vrrp_priority()
  return 90
end
