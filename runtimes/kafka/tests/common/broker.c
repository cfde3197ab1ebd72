// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A Kafka broker for tests: librdkafka's mock cluster, which listens on
 * loopback and keeps topics and groups in memory. Says "ready HOST:PORT", then
 * does what it reads, line by line, and answers "ok": "topic NAME PARTITIONS",
 * "down" (no connections), "up". Ends at the end of its input, so it never
 * outlives the test.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#define API_LIST_OFFSETS 2

static rd_kafka_mock_cluster_t *cluster;

/*
 * Two mistakes of the mock, in 2.0.2 as in 2.16.0. Asked for a version of
 * ApiVersions that it doesn't have, it should answer in version 0, but writes
 * the number of entries as one byte instead of four (KIP-511): mended here, on
 * the way out. And it misreads ListOffsets from version 4 on: not offered.
 */
ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	static ssize_t (*next)(int, const struct msghdr *, int);
	uint8_t in[21], out[20] = {0};
	size_t len = 0;

	if (!next)
		next = dlsym(RTLD_NEXT, "sendmsg");

	for (size_t i = 0; i < msg->msg_iovlen; i++) {
		const struct iovec *iov = &msg->msg_iov[i];

		if (len + iov->iov_len > sizeof(in))
			return next(fd, msg, flags);
		memcpy(in + len, iov->iov_base, iov->iov_len);
		len += iov->iov_len;
	}

	/* length 17, correlation id, error 35, one byte, the entry of key 18 */
	if (len != sizeof(in) || in[3] != 17 || in[9] != 35 || in[12] != 18)
		return next(fd, msg, flags);

	out[3] = sizeof(out) - 4;
	memcpy(out + 4, in + 4, 6);
	out[13] = 1;
	memcpy(out + 14, in + 11, 6);
	if (send(fd, out, sizeof(out), flags) != sizeof(out))
		return -1;
	return len;
}

static int obey(const char *line)
{
	char name[250];
	int partitions;

	if (sscanf(line, "topic %249s %d", name, &partitions) == 2)
		return rd_kafka_mock_topic_create(cluster, name, partitions, 1);
	if (strcmp(line, "down\n") == 0)
		return rd_kafka_mock_broker_set_down(cluster, -1);
	if (strcmp(line, "up\n") == 0)
		return rd_kafka_mock_broker_set_up(cluster, -1);
	return -1;
}

int main(void)
{
	rd_kafka_t *client;
	char text[512];

	client = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), text, sizeof(text));
	if (!client)
		return 1;
	cluster = rd_kafka_mock_cluster_new(client, 1);
	if (!cluster)
		return 1;
	rd_kafka_mock_set_apiversion(cluster, API_LIST_OFFSETS, 0, 3);

	printf("ready %s\n", rd_kafka_mock_cluster_bootstraps(cluster));
	fflush(stdout);
	while (fgets(text, sizeof(text), stdin)) {
		puts(obey(text) == 0 ? "ok" : "failed");
		fflush(stdout);
	}

	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(client);
	return 0;
}
