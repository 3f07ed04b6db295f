// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as a safetensors file whose names and shapes tell a network. The
 * length of the header is put right first; the file is one in memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/le.h"
#include "convert/graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int file_of(const uint8_t *data, size_t size)
{
	size_t length = ak_get_le16(data);
	int fd = memfd_create("model", MFD_CLOEXEC);
	uint8_t head[8];

	/* The first two bytes say how many there are behind the header. */
	if (length > size - 2)
		length = size - 2;
	ak_put_le64(head, size - 2 - length);
	if (fd < 0 || write(fd, head, 8) != 8 ||
	    write(fd, data + 2, size - 2) != (ssize_t)(size - 2))
		abort();
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	struct ak_graph *g = NULL;
	struct ak_net *net = NULL;
	char path[64];
	int fd;

	if (size < 10)
		return 0;
	fd = file_of(data, size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (ak_graph_import(path, NULL, NULL, &g, &err)) {
		if (!err.text[0])
			abort();
	} else if (ak_fold(g, 1, 0, &net, &err)) {
		if (!err.text[0])
			abort();
	} else {
		ak_net_free(net);
	}
	ak_graph_free(g);
	close(fd);
	return 0;
}
