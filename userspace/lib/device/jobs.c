// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Runs that go on meanwhile. A device that has nothing to go on with runs them
 * at once and keeps the outputs, so that programs need not know.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/export.h"
#include "device/backend.h"

void ak_program_drop_ran(struct akida_program *p)
{
	struct ak_ran *r;

	while ((r = p->ran)) {
		p->ran = r->next;
		free(r);
	}
}

static int run_now(struct akida_program *p, const uint8_t *in,
		   unsigned int batch, uint64_t *ticket)
{
	size_t size = batch * p->info.output_size;
	struct ak_ran *r, **last = &p->ran;
	unsigned int waiting = 0;

	for (; *last; last = &(*last)->next)
		waiting += (*last)->batch;
	if (batch > AK_SYNC_SLOTS - waiting)
		return -EAGAIN;
	r = malloc(sizeof(*r) + size);
	if (!r)
		return ak_errf(&p->err, -ENOMEM, "no memory for outputs");
	r->next = NULL;
	r->batch = batch;
	r->size = size;
	r->ticket = ++p->tickets;
	r->status = p->device->backend->run(p, in, r->out, batch);
	*last = r;
	*ticket = r->ticket;
	return 0;
}

static int wait_ran(struct akida_program *p, uint64_t ticket, void *out,
		    size_t out_size)
{
	struct ak_ran *r, **at = &p->ran;
	int rc;

	while (*at && (*at)->ticket != ticket)
		at = &(*at)->next;
	r = *at;
	if (!r)
		return ak_errf(&p->err, -EINVAL,
			       "no batch of this number is under way");
	rc = ak_program_check_out(p, out, out_size, r->batch);
	if (rc)
		return rc;
	rc = r->status;
	if (!rc)
		memcpy(out, r->out, r->size);
	*at = r->next;
	free(r);
	return rc;
}

AK_EXPORT unsigned int akida_program_slots(const struct akida_program *p)
{
	unsigned int slots = p->loaded ? p->device->backend->slots(p) : 0;

	return slots ? slots : AK_SYNC_SLOTS;
}

AK_EXPORT int akida_program_submit(struct akida_program *p, const void *in,
				   size_t in_size, unsigned int batch,
				   uint64_t *ticket)
{
	int rc = ak_program_check_in(p, in, in_size, batch);

	if (rc)
		return rc;
	if (!batch)
		return ak_errf(&p->err, -EINVAL, "a batch of no inputs");
	if (batch > akida_program_slots(p))
		return ak_errf(
			&p->err, -E2BIG,
			"a batch of %u inputs; at most %u can be under way at a time",
			batch, akida_program_slots(p));
	rc = p->device->backend->slots(p) ?
		     p->device->backend->submit(p, in, batch, ticket) :
		     run_now(p, in, batch, ticket);
	if (rc == -EAGAIN)
		ak_errf(&p->err, rc,
			"no room for %u inputs more: wait for those that were submitted first",
			batch);
	return rc;
}

AK_EXPORT int akida_program_wait(struct akida_program *p, uint64_t ticket,
				 uint64_t deadline, void *out, size_t out_size)
{
	if (!p->loaded)
		return ak_errf(&p->err, -EINVAL, "nothing is loaded");
	if (!p->device->backend->slots(p))
		return wait_ran(p, ticket, out, out_size);
	return p->device->backend->wait(p, ticket, deadline, out, out_size);
}
