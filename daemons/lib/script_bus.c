// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frr.publish() and frr.subscribe() between the daemons of a router: messages
 * of the script library as ZAPI opaque messages, over a session with zebra of
 * its own. What is in them, and when, is the library's business; here they are
 * sent and received, and the session is kept.
 *
 * The session is not a struct zclient:
 * - lib/zclient.c connects with a blocking connect(), and zebra, which is one of
 *   the daemons here, would wait for itself when its backlog is full;
 * - it asks for all interfaces, and feeds the answers to the daemon's tables;
 * - it does not tell of a loss.
 *
 * Nor may it be a session of the daemon's own protocol: at a session's end
 * zebra/zserv.c:zserv_client_free removes the routes and nexthop groups of its
 * protocol and instance, and the hooks of zserv_client_close free by protocol
 * too: label chunks, table chunks, SRv6 SIDs, LSPs, EVPN configuration, BFD's
 * registration. So it says that it is synchronous, which spares the routes, and
 * that it is an instance of sharpd, FRR's test daemon, that nobody runs; the
 * session's number tells the daemons apart. With a protocol that has no LSP type
 * the end would have zebra install every route again
 * (zebra/zebra_mpls.c:mpls_ftn_uninstall_all).
 */

#include <zebra.h>

#ifdef HAVE_SCRIPTING

#include "lib/buffer.h"
#include "lib/frrevent.h"
#include "lib/hook.h"
#include "lib/libfrr.h"
#include "lib/log.h"
#include "lib/network.h"
#include "lib/sockopt.h"
#include "lib/stream.h"
#include "lib/zclient.h"

#include "frrscript/daemons/lib/script_daemon.h"

#define BUS_PROTO    ZEBRA_ROUTE_SHARP
#define BUS_INSTANCE 0x5343

/* Milliseconds. */
#define RECONNECT 500 /* between two attempts */
#define PROBE	  50  /* until zebra passes messages to us */
#define SOON	  20  /* until the library looks after what could not be sent */

/* Messages that are read before other events have their turn. */
#define READ_AT_ONCE 64

static struct event_loop *loop;
static int sock = -1;
static bool ready; /* messages pass */
static bool full;  /* some wait for zebra to take them */
static uint32_t session;

static struct event *t_connect, *t_read, *t_write, *t_lost, *t_tick, *t_probe;
static struct buffer *out;
static struct stream *in, *work;

/* What zebra was started with, which lib/libfrr.c does not know of. */
static const char *own_path;

static void connect_now(struct event *event);
static void tick(struct event *event);

static void forget(void)
{
	event_cancel(&t_connect);
	event_cancel(&t_read);
	event_cancel(&t_write);
	event_cancel(&t_lost);
	event_cancel(&t_probe);
	if (sock >= 0)
		close(sock);
	sock = -1;
	full = false;
	if (out)
		buffer_reset(out);
	if (in)
		stream_reset(in);
	if (ready) {
		ready = false;
		frrscript_bus_connected(false);
	}
}

static void lost(struct event *event)
{
	forget();
	event_add_timer_msec(loop, connect_now, NULL, RECONNECT, &t_connect);
}

/* A script may be running: what the loss leads to comes later. */
static bool lose(void)
{
	event_add_event(loop, lost, NULL, 0, &t_lost);
	return false;
}

static void flush(struct event *event)
{
	switch (buffer_flush_available(out, sock)) {
	case BUFFER_ERROR:
		lost(NULL);
		return;
	case BUFFER_PENDING:
		event_add_write(loop, flush, NULL, sock, &t_write);
		return;
	case BUFFER_EMPTY:
		full = false;
		tick(NULL);
		return;
	}
}

/* Sends what is in `work`; false: the session is lost. */
static bool put(void)
{
	stream_putw_at(work, 0, stream_get_endp(work));
	switch (buffer_write(out, sock, STREAM_DATA(work), stream_get_endp(work))) {
	case BUFFER_ERROR:
		return lose();
	case BUFFER_PENDING:
		full = true;
		event_add_write(loop, flush, NULL, sock, &t_write);
		break;
	case BUFFER_EMPTY:
		break;
	}
	return true;
}

static void begin(uint16_t command)
{
	stream_reset(work);
	zclient_create_header(work, command, VRF_DEFAULT);
}

static void put_self(void)
{
	stream_putc(work, BUS_PROTO);
	stream_putw(work, BUS_INSTANCE);
	stream_putl(work, session);
}

static bool put_message(const void *data, size_t len)
{
	begin(ZEBRA_OPAQUE_MESSAGE);
	stream_putl(work, SCRIPT_BUS);
	stream_putw(work, 0);
	put_self();
	stream_put(work, data, len);
	return put();
}

static void put_registration(uint16_t command)
{
	begin(command);
	stream_putl(work, SCRIPT_BUS);
	put_self();
	put();
}

/*
 * zebra's pthread for opaque messages knows of a session before its main
 * pthread has read the hello that makes it ours: until then, what is sent to us
 * is dropped. Messages pass when an empty one has come back.
 */
static void probe(struct event *event)
{
	put_message("", 0);
	event_add_timer_msec(loop, probe, NULL, PROBE, &t_probe);
}

static void received_opaque(void)
{
	struct zapi_opaque_msg info;

	if (zclient_opaque_decode(in, &info) || info.type != SCRIPT_BUS)
		return;
	if (!ready) {
		event_cancel(&t_probe);
		ready = true;
		frrscript_bus_connected(true);
	}
	/* zebra sends to all that are registered, the sender too. */
	if (info.src_proto == BUS_PROTO && info.src_instance == BUS_INSTANCE &&
	    info.src_session_id == session)
		return;
	if (info.len)
		frrscript_bus_received(stream_pnt(in), info.len);
}

/* A daemon's session with zebra has ended: that of its name is its first. */
static void received_close(void)
{
	struct zapi_client_close_info info;
	char name[64];

	if (zapi_client_close_notify_decode(in, &info) || info.session_id)
		return;
	snprintf(name, sizeof(name), "%sd", zebra_route_string(info.proto));
	frrscript_bus_gone(name);
}

/* 1: `in` has a whole message; 0: not yet; -1: lost. */
static int fill(size_t size)
{
	size_t already = stream_get_endp(in);
	ssize_t got;

	if (already >= size)
		return 1;
	got = stream_read_try(in, sock, size - already);
	if (got == 0 || got == -1)
		return -1;
	return got == (ssize_t)(size - already);
}

static int read_one(void)
{
	struct zmsghdr hdr;
	int filled = fill(ZEBRA_HEADER_SIZE);

	if (filled < 1)
		return filled;
	stream_set_getp(in, 0);
	if (!zapi_parse_header(in, &hdr) || hdr.marker != ZEBRA_HEADER_MARKER ||
	    hdr.version != ZSERV_VERSION || hdr.length < ZEBRA_HEADER_SIZE ||
	    hdr.length > STREAM_SIZE(in))
		return -1;
	filled = fill(hdr.length);
	if (filled < 1)
		return filled;
	if (hdr.command == ZEBRA_OPAQUE_MESSAGE)
		received_opaque();
	else if (hdr.command == ZEBRA_CLIENT_CLOSE_NOTIFY)
		received_close();
	if (sock >= 0)
		stream_reset(in);
	return 1;
}

static void read_some(struct event *event)
{
	for (unsigned int i = 0; i < READ_AT_ONCE; i++) {
		int got = read_one();

		if (got < 0) {
			lost(NULL);
			return;
		}
		if (sock < 0)
			return;
		if (!got)
			break;
	}
	event_add_read(loop, read_some, NULL, sock, &t_read);
}

static void greet(void)
{
	event_add_read(loop, read_some, NULL, sock, &t_read);

	begin(ZEBRA_HELLO);
	put_self();
	stream_putc(work, 1); /* synchronous */
	put();
	put_registration(ZEBRA_OPAQUE_REGISTER);
	probe(NULL);
}

static void connected(struct event *event)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(sock, SOL_SOCKET, SO_ERROR, &error, &len) || error)
		lost(NULL);
	else
		greet();
}

static bool address(struct sockaddr_storage *addr, socklen_t *len)
{
	if (own_path)
		return frr_zclient_addr(addr, len, own_path);
	*addr = zclient_addr;
	*len = zclient_addr_len;
	return true;
}

/* Never waits: zebra may be us, or not be there yet. */
static void connect_now(struct event *event)
{
	struct sockaddr_storage addr = {};
	socklen_t len = 0;

	if (!address(&addr, &len))
		return;
	sock = socket(addr.ss_family, SOCK_STREAM, 0);
	if (sock >= 0) {
		set_cloexec(sock);
		set_nonblocking(sock);
		setsockopt_so_sendbuf(sock, 1048576);
		if (connect(sock, (struct sockaddr *)&addr, len) == 0) {
			greet();
			return;
		}
		if (errno == EINPROGRESS) {
			event_add_write(loop, connected, NULL, sock, &t_write);
			return;
		}
	}
	lost(NULL);
}

static void tick(struct event *event)
{
	uint32_t msec = frrscript_bus_tick();

	event_cancel(&t_tick);
	if (msec)
		event_add_timer_msec(loop, tick, NULL, msec, &t_tick);
	else
		forget();
}

bool script_bus_send(const void *data, size_t len)
{
	/* A test program has no event loop. */
	if (!loop)
		return false;
	if (!work) {
		work = stream_new(ZEBRA_MAX_PACKET_SIZ);
		in = stream_new(ZEBRA_MAX_PACKET_SIZ);
		out = buffer_new(0);
	}
	if (sock < 0 && !t_connect)
		event_add_event(loop, connect_now, NULL, 0, &t_connect);
	if (!len || !t_tick) {
		event_cancel(&t_tick);
		event_add_timer_msec(loop, tick, NULL, SOON, &t_tick);
	}
	if (!len || len > ZEBRA_MAX_PACKET_SIZ / 2 || !ready || full || t_lost)
		return false;
	return put_message(data, len);
}

void script_bus_path(const char *path)
{
	own_path = path;
}

static int start(struct event_loop *master)
{
	const char *name = frr_get_progname();

	loop = master;
	/* The daemon's number has to be the same after a restart: zebra keeps
	 * the registrations of sessions that are gone (zebra/zebra_opaque.c). FNV-1a.
	 */
	session = 2166136261;
	while (name && *name)
		session = (session ^ (uint8_t)*name++) * 16777619;
	session |= 1;
	return 0;
}

static int stop(void)
{
	if (!loop)
		return 0;
	if (ready) {
		frrscript_bus_bye();
		put_registration(ZEBRA_OPAQUE_UNREGISTER);
		buffer_flush_available(out, sock);
	}
	ready = false;
	event_cancel(&t_tick);
	forget();
	loop = NULL;
	if (work) {
		stream_free(work);
		stream_free(in);
		buffer_free(out);
		work = in = NULL;
		out = NULL;
	}
	return 0;
}

void script_bus_init(void)
{
	hook_register(frr_late_init, start);
	hook_register(frr_early_fini, stop);
	hook_register(frr_fini, stop);
}

#endif /* HAVE_SCRIPTING */
