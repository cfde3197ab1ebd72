// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BGP policy as scripts: the lists of a route, AS path and communities.
 *
 * The library reads them in place and stages a whole new list; a setter makes
 * FRR's object of it. Ownership is FRR's: an object with references is
 * interned and belongs to the intern table, one without belongs to the attr
 * (bgp_attr.c:bgp_attr_flush, bgp_routemap.c:route_set_community).
 */

#include <zebra.h>

#include "lib/memory.h"

#include "bgpd/bgpd.h"
#include "bgpd/bgp_aspath.h"
#include "bgpd/bgp_attr.h"
#include "bgpd/bgp_community.h"
#include "bgpd/bgp_ecommunity.h"
#include "bgpd/bgp_lcommunity.h"
#include "bgpd/bgp_packet.h"

#include "frrscript/daemons/bgpd/bgp_script_types.h"

DEFINE_MTYPE_STATIC(BGPD, BGP_SCRIPT_ASPATH, "BGP script AS path");

/* What fits in a message of 4096 octets (RFC 4271 section 4.1) at 4 octets
 * per AS. FRR keeps the length of the path's text in 16 bits, so a longer one
 * must not be made at all.
 */
#define BGP_SCRIPT_ASPATH_MAX 1000

/* Type and length of a path segment (RFC 4271 section 4.3). */
#define ASPATH_SEGMENT_HEADER 2

static long growth;

static size_t aspath_octets(const struct aspath *aspath)
{
	size_t octets = 0;

	if (aspath)
		for (const struct assegment *seg = aspath->segments; seg; seg = seg->next)
			octets += ASPATH_SEGMENT_HEADER + (size_t)seg->length * sizeof(as_t);
	return octets;
}

static void grow(int old_items, int new_items, int octets)
{
	growth += ((long)new_items - (long)old_items) * octets;
}

long bgp_script_attr_growth(void)
{
	long octets = growth;

	growth = 0;
	return octets;
}

static bool aspath_segment(const void *aspath, const void **cursor, struct frrscript_as_segment *out)
{
	const struct aspath *path = aspath;
	const struct assegment *seg = *cursor;

	seg = seg ? seg->next : path->segments;
	if (!seg)
		return false;
	*cursor = seg;
	out->type = seg->type;
	out->len = seg->length;
	out->asns = seg->as;
	return true;
}

static const char *aspath_text(const void *aspath)
{
	const struct aspath *path = aspath;

	return path->str ? path->str : "";
}

const struct frrscript_as_path_ops bgp_script_as_path_ops = {
	.segment = aspath_segment,
	.text = aspath_text,
};

bool bgp_script_get_aspath(const void *obj, struct frrscript_value *out)
{
	out->kind = FRRSCRIPT_AS_PATH;
	out->u.ptr = bgp_script_attr(obj)->aspath;
	return out->u.ptr != NULL;
}

const char *bgp_script_check_aspath(const void *obj, const struct frrscript_value *v)
{
	const struct frrscript_as_segment *seg = v->u.ptr;
	size_t count = 0;

	if (v->kind != FRRSCRIPT_AS_PATH)
		return NULL;
	for (uint32_t i = 0; i < v->len; i++) {
		if (seg[i].len == 0)
			return "must not have an empty segment (RFC 4271 section 4.3)";
		for (uint16_t j = 0; j < seg[i].len; j++)
			if (seg[i].asns[j] == BGP_AS_ZERO)
				return "must not contain AS 0 (RFC 7607)";
		count += seg[i].len;
	}
	if (count > BGP_SCRIPT_ASPATH_MAX)
		return "must not have more than 1000 AS numbers";
	return NULL;
}

/* bgp_aspath.c makes segments of its own only: from a message, or from text. */
static struct aspath *aspath_make(const struct frrscript_value *v, enum asnotation_mode notation)
{
	static const char open[] = { [AS_SET] = '{', [AS_CONFED_SEQUENCE] = '(',
				     [AS_CONFED_SET] = '[' };
	static const char shut[] = { [AS_SET] = '}', [AS_CONFED_SEQUENCE] = ')',
				     [AS_CONFED_SET] = ']' };
	const struct frrscript_as_segment *seg = v->u.ptr;
	size_t size = 1, used = 0;
	struct aspath *new, *counted;
	char *text;

	for (uint32_t i = 0; i < v->len; i++)
		size += seg[i].len * sizeof("4294967295") + 3;

	text = XCALLOC(MTYPE_BGP_SCRIPT_ASPATH, size);
	for (uint32_t i = 0; i < v->len; i++) {
		bool set = seg[i].type == AS_SET || seg[i].type == AS_CONFED_SET;

		if (used)
			text[used++] = ' ';
		if (seg[i].type != AS_SEQUENCE)
			text[used++] = open[seg[i].type];
		for (uint16_t j = 0; j < seg[i].len; j++)
			used += snprintf(text + used, size - used, "%s%u",
					 j ? (set ? "," : " ") : "", seg[i].asns[j]);
		if (seg[i].type != AS_SEQUENCE)
			text[used++] = shut[seg[i].type];
	}
	text[used] = '\0';

	new = aspath_str2aspath(text, notation);
	XFREE(MTYPE_BGP_SCRIPT_ASPATH, text);
	if (!new)
		return NULL;

	/* A path from text has no hops yet; those that change a path count
	 * them, and best path compares the count.
	 */
	counted = aspath_empty_get();
	counted->asnotation = notation;
	counted = aspath_prepend(new, counted);
	aspath_free(new);
	return counted;
}

void bgp_script_set_aspath(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);
	struct aspath *old = attr->aspath;
	struct aspath *new;

	if (v->kind == FRRSCRIPT_NIL || v->len == 0)
		new = aspath_empty_get();
	else
		new = aspath_make(v, old ? old->asnotation : ASNOTATION_PLAIN);
	if (!new)
		return;
	growth += (long)aspath_octets(new) - (long)aspath_octets(old);
	if (old)
		new->asnotation = old->asnotation;
	if (old && !old->refcnt)
		aspath_free(old);
	attr->aspath = new;
	SET_FLAG(attr->flag, ATTR_FLAG_BIT(BGP_ATTR_AS_PATH));
}

const char *bgp_script_check_community(const void *obj, const struct frrscript_value *v)
{
	static const uint8_t octets[] = {
		[FRRSCRIPT_COMMUNITY] = COMMUNITY_SIZE,
		[FRRSCRIPT_LARGE_COMMUNITY] = LCOMMUNITY_SIZE,
		[FRRSCRIPT_EXT_COMMUNITY] = ECOMMUNITY_SIZE,
		[FRRSCRIPT_IPV6_EXT_COMMUNITY] = IPV6_ECOMMUNITY_SIZE,
	};

	if (v->kind == FRRSCRIPT_NIL)
		return NULL;
	if ((size_t)v->len * octets[v->kind] > BGP_STANDARD_MESSAGE_MAX_PACKET_SIZE)
		return "must fit in a BGP message of 4096 octets";
	return NULL;
}

bool bgp_script_get_community(const void *obj, struct frrscript_value *out)
{
	const struct community *com = bgp_attr_get_community(bgp_script_attr(obj));

	if (!com || !com->size)
		return false;
	out->kind = FRRSCRIPT_COMMUNITY;
	out->u.ptr = com->val;
	out->len = com->size;
	return true;
}

void bgp_script_set_community(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);
	struct community *old = bgp_attr_get_community(attr);
	struct community *new = NULL;

	if (v->kind != FRRSCRIPT_NIL && v->len) {
		struct community list = { .size = v->len, .val = (uint32_t *)v->u.ptr };

		new = community_uniq_sort(&list);
	}
	grow(old ? old->size : 0, new ? new->size : 0, COMMUNITY_SIZE);
	if (old && old->refcnt == 0)
		community_free(&old);
	bgp_attr_set_community(attr, new);
}

bool bgp_script_get_lcommunity(const void *obj, struct frrscript_value *out)
{
	const struct lcommunity *com = bgp_attr_get_lcommunity(bgp_script_attr(obj));

	if (!com || !com->size)
		return false;
	out->kind = FRRSCRIPT_LARGE_COMMUNITY;
	out->u.ptr = com->val;
	out->len = com->size;
	return true;
}

void bgp_script_set_lcommunity(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);
	struct lcommunity *old = bgp_attr_get_lcommunity(attr);
	struct lcommunity *new = NULL;

	if (v->kind != FRRSCRIPT_NIL && v->len) {
		struct lcommunity list = { .size = v->len, .val = (uint8_t *)v->u.ptr };

		new = lcommunity_uniq_sort(&list);
	}
	grow(old ? old->size : 0, new ? new->size : 0, LCOMMUNITY_SIZE);
	if (old && old->refcnt == 0)
		lcommunity_free(&old);
	bgp_attr_set_lcommunity(attr, new);
}

static bool get_ecommunity(const struct ecommunity *com, uint8_t kind, struct frrscript_value *out)
{
	if (!com || !com->size)
		return false;
	out->kind = kind;
	out->u.ptr = com->val;
	out->len = com->size;
	return true;
}

bool bgp_script_get_ecommunity(const void *obj, struct frrscript_value *out)
{
	return get_ecommunity(bgp_attr_get_ecommunity(bgp_script_attr(obj)),
			      FRRSCRIPT_EXT_COMMUNITY, out);
}

void bgp_script_set_ecommunity(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);
	struct ecommunity *old = bgp_attr_get_ecommunity(attr);
	struct ecommunity *new = NULL;

	if (v->kind != FRRSCRIPT_NIL && v->len) {
		struct ecommunity list = {
			.size = v->len,
			.unit_size = ECOMMUNITY_SIZE,
			.val = (uint8_t *)v->u.ptr,
			.disable_ieee_floating = old ? old->disable_ieee_floating : false,
		};

		new = ecommunity_uniq_sort(&list);
	}
	grow(old ? old->size : 0, new ? new->size : 0, ECOMMUNITY_SIZE);
	if (old && old->refcnt == 0)
		ecommunity_free(&old);
	bgp_attr_set_ecommunity(attr, new);
}

bool bgp_script_get_ipv6_ecommunity(const void *obj, struct frrscript_value *out)
{
	return get_ecommunity(bgp_attr_get_ipv6_ecommunity(bgp_script_attr(obj)),
			      FRRSCRIPT_IPV6_EXT_COMMUNITY, out);
}

void bgp_script_set_ipv6_ecommunity(void *obj, const struct frrscript_value *v)
{
	struct attr *attr = bgp_script_attr(obj);
	struct ecommunity *old = bgp_attr_get_ipv6_ecommunity(attr);
	struct ecommunity *new = NULL;

	if (v->kind != FRRSCRIPT_NIL && v->len) {
		const uint8_t *val = v->u.ptr;

		new = ecommunity_new();
		new->unit_size = IPV6_ECOMMUNITY_SIZE;
		for (uint32_t i = 0; i < v->len; i++) {
			struct ecommunity_val_ipv6 eval;

			memcpy(eval.val, val + (size_t)i * IPV6_ECOMMUNITY_SIZE, sizeof(eval.val));
			ecommunity_add_val_ipv6(new, &eval, false, false);
		}
	}
	grow(old ? old->size : 0, new ? new->size : 0, IPV6_ECOMMUNITY_SIZE);
	if (old && old->refcnt == 0)
		ecommunity_free(&old);
	bgp_attr_set_ipv6_ecommunity(attr, new);
}

size_t bgp_script_attr_size(const struct attr *attr)
{
	const struct community *com = bgp_attr_get_community(attr);
	const struct lcommunity *lcom = bgp_attr_get_lcommunity(attr);
	const struct ecommunity *ecom = bgp_attr_get_ecommunity(attr);
	const struct ecommunity *ecom6 = bgp_attr_get_ipv6_ecommunity(attr);
	const struct transit *transit = bgp_attr_get_transit(attr);
	size_t size = aspath_octets(attr->aspath);

	if (com)
		size += (size_t)com->size * COMMUNITY_SIZE;
	if (lcom)
		size += (size_t)lcom->size * LCOMMUNITY_SIZE;
	if (ecom)
		size += (size_t)ecom->size * ECOMMUNITY_SIZE;
	if (ecom6)
		size += (size_t)ecom6->size * IPV6_ECOMMUNITY_SIZE;
	if (bgp_attr_get_cluster(attr))
		size += bgp_attr_get_cluster(attr)->length;
	if (transit)
		size += transit->length;
	return size;
}
