/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a script assigns is staged, checked, and applied only when asked.
 */
#include <arpa/inet.h>

#include "route.h"

static struct route route;

static enum frrscript_verdict call(struct frrscript_rule *rule)
{
	host_logged[0] = '\0';
	return rule_call(rule, &route);
}

static struct frrscript_rule *start(const char *function)
{
	host_start();
	return rule_new("changes", function);
}

CASE(changes_of_every_kind_are_staged_and_applied)
{
	struct frrscript_rule *rule = start("all");
	static struct route before;
	static const uint8_t communities[] = { 0xfd, 0xe8, 0, 2, 0xfd, 0xe8, 0, 9 };
	static const uint8_t large[] = { 0, 0, 0xfd, 0xe8, 0, 0, 0, 3, 0, 0, 0, 4 };
	uint32_t applied;

	if (call(rule) != FRRSCRIPT_MATCH)
		check_fail(__FILE__, __LINE__, "%s", host_logged);
	before = route;
	CHECK_INT(before.sets, 0);
	CHECK_INT(before.localpref, 100);
	applied = frrscript_rule_apply(rule, ARG_ATTRIBUTES, &route);
	CHECK_INT(applied, route.sets);
	CHECK_INT(route.octet, 7);
	CHECK_INT(route.tag, 2000);
	CHECK_INT(route.localpref, 4294967295u);
	CHECK_INT(route.counter, 1000000);
	CHECK_INT(route.flag, true);
	CHECK(route.has_med);
	CHECK_INT(route.med, 0);
	CHECK_INT(route.balance, INT32_MIN);
	CHECK(strcmp(route.origin, "incomplete") == 0);
	CHECK_INT(route.note_len, 3);
	CHECK(memcmp(route.note, "x\0y", 3) == 0);
	CHECK_INT(route.address.family, AF_INET);
	CHECK(memcmp(route.address.octets, "\xc0\x00\x02\x07", 4) == 0);
	CHECK(memcmp(route.nexthop.ipv4.octets, "\xcb\x00\x71\x09", 4) == 0);
	CHECK(strcmp(route.path.text, "65009 65009 65001 65002") == 0);
	CHECK_INT(route.communities_len, 2);
	CHECK(memcmp(route.communities, communities, sizeof(communities)) == 0);
	CHECK_INT(route.large_len, 1);
	CHECK(memcmp(route.large, large, sizeof(large)) == 0);
	CHECK_INT(route.ext_len, 2);
	frrscript_rule_free(rule);
}

CASE(changes_are_applied_once)
{
	struct frrscript_rule *rule = start("all");

	CHECK_INT(call(rule), FRRSCRIPT_MATCH);
	CHECK(frrscript_rule_apply(rule, ARG_ATTRIBUTES, &route) > 0);
	CHECK_INT(frrscript_rule_apply(rule, ARG_ATTRIBUTES, &route), 0);
	frrscript_rule_free(rule);
}

CASE(changes_of_one_argument_are_not_those_of_another)
{
	struct frrscript_rule *rule = start("all");
	struct peer peer = { .as = 1 };

	CHECK_INT(call(rule), FRRSCRIPT_MATCH);
	CHECK_INT(frrscript_rule_apply(rule, ARG_PEER, &peer), 0);
	CHECK_INT(frrscript_rule_apply(rule, 99, &peer), 0);
	CHECK(frrscript_rule_apply(rule, ARG_ATTRIBUTES, &route) > 0);
	frrscript_rule_free(rule);
}

CASE(changes_that_nobody_applies_are_dropped_by_the_next_call)
{
	struct frrscript_rule *all = start("all"), *nothing = rule_new("changes", "nothing");

	CHECK_INT(call(all), FRRSCRIPT_MATCH);
	CHECK_INT(call(nothing), FRRSCRIPT_MATCH);
	CHECK_INT(frrscript_rule_apply(nothing, ARG_ATTRIBUTES, &route), 0);
	CHECK_INT(call(all), FRRSCRIPT_MATCH);
	CHECK_INT(call(all), FRRSCRIPT_MATCH);
	CHECK(frrscript_rule_apply(all, ARG_ATTRIBUTES, &route) > 0);
	CHECK(strcmp(route.path.text, "65009 65009 65001 65002") == 0);
	frrscript_rule_free(all);
	frrscript_rule_free(nothing);
}

CASE(changes_stay_with_their_rule)
{
	struct frrscript_rule *all = start("all"), *nothing = rule_new("changes", "nothing");

	CHECK_INT(call(all), FRRSCRIPT_MATCH);
	CHECK_INT(call(nothing), FRRSCRIPT_MATCH);
	CHECK(frrscript_rule_apply(all, ARG_ATTRIBUTES, &route) > 0);
	CHECK_INT(route.localpref, 4294967295u);
	frrscript_rule_free(nothing);
	frrscript_rule_free(all);
}

CASE(a_script_reads_back_what_it_assigned)
{
	struct frrscript_rule *rule = start("read_back");

	if (call(rule) != FRRSCRIPT_MATCH)
		check_fail(__FILE__, __LINE__, "%s", host_logged);
	CHECK_INT(route.localpref, 100);
	frrscript_rule_free(rule);
}

CASE(nil_removes_an_attribute)
{
	struct frrscript_rule *rule = start("clear");

	if (call(rule) != FRRSCRIPT_MATCH)
		check_fail(__FILE__, __LINE__, "%s", host_logged);
	CHECK_INT(frrscript_rule_apply(rule, ARG_ATTRIBUTES, &route), 3);
	CHECK(!route.has_med);
	CHECK_INT(route.address.family, 0);
	CHECK_INT(route.communities_len, 0);
	frrscript_rule_free(rule);
}

CASE(text_fields_are_set_from_text)
{
	struct frrscript_rule *rule = start("text_fields");
	static const uint8_t communities[] = { 0xfd, 0xe8, 0, 5, 0xff, 0xff, 0xff, 0x01 };

	if (call(rule) != FRRSCRIPT_MATCH)
		check_fail(__FILE__, __LINE__, "%s", host_logged);
	CHECK_INT(frrscript_rule_apply(rule, ARG_ATTRIBUTES, &route), 2);
	CHECK(strcmp(route.path.text, "65010 65011") == 0);
	CHECK_INT(route.communities_len, 2);
	CHECK(memcmp(route.communities, communities, sizeof(communities)) == 0);
	frrscript_rule_free(rule);
}

CASE(nothing_is_applied_after_an_error)
{
	struct frrscript_rule *rule = start("fail_after");

	CHECK_INT(call(rule), FRRSCRIPT_NOMATCH);
	CHECK_INT(frrscript_rule_apply(rule, ARG_ATTRIBUTES, &route), 0);
	CHECK_INT(route.localpref, 100);
	CHECK_HAS(host_logged, "after the change");
	frrscript_rule_free(rule);
}

CASE(nothing_is_applied_without_a_match)
{
	struct frrscript_rule *rule = start("no_match_after");

	CHECK_INT(call(rule), FRRSCRIPT_NOMATCH);
	CHECK_INT(frrscript_rule_apply(rule, ARG_ATTRIBUTES, &route), 0);
	frrscript_rule_free(rule);
}

CASE(a_field_without_setter_is_read_only)
{
	struct frrscript_rule *rule = start("change_peer");

	CHECK_INT(call(rule), FRRSCRIPT_NOMATCH);
	CHECK_HAS(host_logged, "remote_as");
	CHECK_HAS(host_logged, "read-only");
	frrscript_rule_free(rule);
}

CASE(assignments_out_of_range_or_of_a_wrong_type_are_refused)
{
	struct frrscript_rule *rule = start("refused");

	if (call(rule) != FRRSCRIPT_MATCH)
		check_fail(__FILE__, __LINE__, "%s", host_logged);
	CHECK_INT(frrscript_rule_apply(rule, ARG_ATTRIBUTES, &route), 1);
	CHECK_INT(route.med, 77);
	frrscript_rule_free(rule);
}

static void expect_range_error(const char *function)
{
	struct frrscript_rule *rule = start(function);

	CHECK_INT(call(rule), FRRSCRIPT_NOMATCH);
	CHECK_HAS(host_logged, "localpref");
	CHECK_INT(frrscript_rule_apply(rule, ARG_ATTRIBUTES, &route), 0);
	frrscript_rule_free(rule);
}

CASE(a_number_of_33_bits_names_its_field_and_applies_nothing)
{
	expect_range_error("too_big");
}

CASE(a_fraction_names_its_field_and_applies_nothing)
{
	expect_range_error("fractional");
}

CASE(a_negative_number_names_its_field_and_applies_nothing)
{
	expect_range_error("negative");
}

CASE(NaN_names_its_field_and_applies_nothing)
{
	expect_range_error("not_a_number");
}

/* The owner's place is not the object's: the setter must never get the owner. */
CASE(an_object_that_a_getter_gave_is_not_written_through_its_owner)
{
	struct frrscript_rule *rule = start("change_nested");
	enum frrscript_verdict verdict = call(rule);

	if (verdict == FRRSCRIPT_MATCH) {
		frrscript_rule_apply(rule, ARG_ATTRIBUTES, &route);
		CHECK(route_setter_got() == route.peer);
	} else {
		CHECK_HAS(host_logged, "weight");
		CHECK_INT(frrscript_rule_apply(rule, ARG_ATTRIBUTES, &route), 0);
	}
	frrscript_rule_free(rule);
}

CASE(an_argument_beside_the_first_is_written)
{
	struct frrscript_rule *rule = start("change_weight");
	struct peer peer = { .as = 1 };

	if (call(rule) != FRRSCRIPT_MATCH)
		check_fail(__FILE__, __LINE__, "%s", host_logged);
	CHECK_INT(frrscript_rule_apply(rule, ARG_ATTRIBUTES, &route), 1);
	CHECK_INT(route.localpref, 7);
	CHECK_INT(frrscript_rule_apply(rule, ARG_PEER, &peer), 1);
	CHECK(route_setter_got() == &peer);
	frrscript_rule_free(rule);
}
