// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Digests by which the hub names files: SHA-256 of the content, or SHA-1 of a
 * git blob, which is "blob SIZE", a NUL, and the content.
 */
#include "convert/hub_fetch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if HAVE_NETTLE
#include <nettle/sha1.h>
#include <nettle/sha2.h>

struct ak_hub_digest {
	char want[65];
	uint64_t left;
	bool git, too_long;
	struct sha1_ctx sha1;
	struct sha256_ctx sha256;
};

struct ak_hub_digest *ak_hub_digest_new(const char *digest, uint64_t size)
{
	struct ak_hub_digest *d = calloc(1, sizeof(*d));
	char head[32];
	int n;

	if (!d)
		return NULL;
	snprintf(d->want, sizeof(d->want), "%s", digest);
	d->left = size;
	d->git = strlen(digest) == 40;
	if (d->git) {
		n = snprintf(head, sizeof(head), "blob %" PRIu64, size);
		sha1_init(&d->sha1);
		sha1_update(&d->sha1, (size_t)n + 1, (const uint8_t *)head);
	} else {
		sha256_init(&d->sha256);
	}
	return d;
}

void ak_hub_digest_add(struct ak_hub_digest *d, const void *data, size_t size)
{
	if (size > d->left) {
		d->too_long = true;
		return;
	}
	d->left -= size;
	if (d->git)
		sha1_update(&d->sha1, size, data);
	else
		sha256_update(&d->sha256, size, data);
}

bool ak_hub_digest_end(struct ak_hub_digest *d)
{
	uint8_t raw[SHA256_DIGEST_SIZE];
	char text[65];
	size_t n, i;
	bool ok;

	if (!d)
		return false;
	n = d->git ? SHA1_DIGEST_SIZE : SHA256_DIGEST_SIZE;
	if (d->git)
		sha1_digest(&d->sha1, n, raw);
	else
		sha256_digest(&d->sha256, n, raw);
	for (i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", raw[i]);
	ok = !d->left && !d->too_long && !strcmp(text, d->want);
	free(d);
	return ok;
}
#endif
