-- SPDX-License-Identifier: GPL-2.0-or-later
-- What may not be published, and what is said of it.
if frr.daemon == "bgpd" then
  local cycle = { inner = {} }
  cycle.inner.outer = cycle
  local deep = {}
  for _ = 1, 16 do
    deep = { deep }
  end
  local words = {}
  local function try(name, ...)
    local _, why = pcall(frr.publish, ...)
    words[name] = why
  end
  try("space", "a b", 1)
  try("empty", "", 1)
  try("long", string.rep("x", 65), 1)
  try("number", 7, 1)
  try("function", "t", function() end)
  try("inside", "t", { peers = { 1, print } })
  try("cycle", "t", cycle)
  try("deep", "t", deep)
  try("large", "t", string.rep("x", 8200))
  try("many", "t", table.create(9000, 1))
  try("key", "t", { [true] = 1 })
  try("set", "t", frr.prefix_set({ "192.0.2.0/24" }))
  try("thread", "t", coroutine.create(print))
  frr.publish("wrong", words)
  frr.publish("right", {
    prefix = frr.prefix("192.0.2.0/24"),
    address = frr.address("2001:db8::1"),
    octets = "\0\255",
    list = { 1, 2.5, false },
    [5] = "five",
    empty = {},
  })
end
