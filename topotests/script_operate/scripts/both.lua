-- SPDX-License-Identifier: GPL-2.0-or-later
function route_match()
  return RM_MATCH
end
