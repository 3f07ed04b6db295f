// SPDX-License-Identifier: GPL-2.0
/*
 * Counters of latencies, and what is told of an open file.
 */
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/sysfs.h>

#include "akida_file.h"
#include "akida_stat.h"

/* Octaves are divided by their two bits after the first. */
#define SUB_BITS 2

/* Longest time of a bucket but the last, microseconds */
static u64 upper(unsigned int i)
{
	unsigned int octave, sub;

	if (!i)
		return BIT_ULL(AKIDA_LATENCY_FIRST);
	octave = (i - 1) / 4 + AKIDA_LATENCY_FIRST;
	sub = (i - 1) % 4;
	return (4ULL + sub + 1) << (octave - SUB_BITS);
}

static unsigned int bucket(u64 us)
{
	unsigned int octave;

	if (us <= BIT_ULL(AKIDA_LATENCY_FIRST))
		return 0;
	if (us > BIT_ULL(AKIDA_LATENCY_LAST))
		return AKIDA_LATENCY_BUCKETS - 1;
	/* Buckets end with their limit, where octaves begin with it. */
	us--;
	octave = ilog2(us);
	return (octave - AKIDA_LATENCY_FIRST) * 4 +
	       ((us >> (octave - SUB_BITS)) & 3) + 1;
}

void akida_latency_count(struct akida_latency *l, u64 ns)
{
	u64 us = div_u64(ns + NSEC_PER_USEC - 1, NSEC_PER_USEC);

	atomic64_inc(&l->jobs[bucket(us)]);
	atomic64_add(ns, &l->sum_ns);
}

ssize_t akida_latency_show(const struct akida_latency *l, char *buf)
{
	unsigned int i;
	int n = 0;

	/* 89 lines of 8 + 20 digits at most, and one more: less than a page */
	for (i = 0; i < AKIDA_LATENCY_BUCKETS - 1; i++)
		n += sysfs_emit_at(buf, n, "%llu %lld\n", upper(i),
				   (s64)atomic64_read(&l->jobs[i]));
	n += sysfs_emit_at(buf, n, "inf %lld\n",
			   (s64)atomic64_read(&l->jobs[i]));
	return n;
}

void akida_fdinfo(struct seq_file *m, struct file *filp)
{
	struct akida_file *f = filp->private_data;
	struct akida_device *adev = f->adev;
	struct akida_core *core = adev->core;
	struct akida_queue *q = &f->run;
	char name[AKIDA_NAME_SIZE];
	u64 program;

	spin_lock(&core->lock);
	program = q->program;
	spin_unlock(&core->lock);
	seq_printf(m, "akida-node:\t%s\n", dev_name(&adev->dev));
	seq_printf(m, "akida-pdev:\t%s\n", pci_name(adev->pdev));
	seq_printf(m, "akida-client-id:\t%llu\n", q->id);
	seq_printf(m, "akida-busy-time:\t%lld ns\n",
		   (s64)atomic64_read(&q->busy_ns));
	seq_printf(m, "akida-jobs:\t%lld\n", (s64)atomic64_read(&q->jobs));
	seq_printf(m, "akida-jobs-failed:\t%lld\n",
		   (s64)atomic64_read(&q->failed));
	seq_printf(m, "akida-memory:\t%llu KiB\n",
		   (akida_buffers_bytes(f) + akida_handles_bytes(f)) / SZ_1K);
	if (program && akida_program_label(core, program, name))
		seq_printf(m, "akida-program:\t%s\n", name);
}
