-- SPDX-License-Identifier: GPL-2.0-or-later
-- What a function may return, and what it may not.

function yes() return true end
function no() return false end

function match(prefix, attributes, peer, RM_FAILURE, RM_NOMATCH, RM_MATCH, RM_MATCH_AND_CHANGE)
	return RM_MATCH
end

function no_match(prefix, attributes, peer, RM_FAILURE, RM_NOMATCH)
	return RM_NOMATCH
end

function table_match(prefix, attributes, peer, RM_FAILURE, RM_NOMATCH, RM_MATCH)
	return { action = RM_MATCH }
end

-- FRR's own contract: the changed attributes come back in the table
function table_change(prefix, attributes, peer, RM_FAILURE, RM_NOMATCH, RM_MATCH, RM_MATCH_AND_CHANGE)
	attributes.localpref = attributes.localpref + 50
	return { action = RM_MATCH_AND_CHANGE, attributes = attributes }
end

-- a script of FRR 10.x that makes a table of its own
function own_table(prefix, attributes, peer, RM_FAILURE, RM_NOMATCH, RM_MATCH, RM_MATCH_AND_CHANGE)
	return { action = RM_MATCH_AND_CHANGE, attributes = { localpref = 150 } }
end

function failure(prefix, attributes, peer, RM_FAILURE)
	return RM_FAILURE
end

function raises() error("no reason") end
function raises_table() error({ code = 1 }) end
function raises_nil() error() end

function nothing() end
function number() return 99 end
function fraction() return 1.5 end
function text() return "match" end
function empty_table() return {} end
function unknown_action() return { action = 77 } end
function wrong_action() return { action = {} } end
function wrong_attributes(prefix, attributes, peer, RM_FAILURE, RM_NOMATCH, RM_MATCH, RM_MATCH_AND_CHANGE)
	return { action = RM_MATCH_AND_CHANGE, attributes = RM_MATCH }
end
function a_function() return yes end

function globals() return RM_MATCH end

not_a_function = 5
