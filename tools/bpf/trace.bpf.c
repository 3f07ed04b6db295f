// SPDX-License-Identifier: GPL-2.0
/*
 * akida trace, in the kernel: adds jobs and transfers up as they end.
 *
 * Each tracepoint has two programs, of which one is loaded: by BTF, where the
 * kernel has that of akida.ko (fields are found by their names), and the classic
 * one, whose fields the loader has found in tracefs.
 */
#include "trace_maps.h"

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define MAX_KEYS 1024
#define MAX_HISTS (MAX_KEYS * NUM_STAGES)
#define MAX_FILES 4096

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct trace_settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_KEYS);
	__type(key, struct trace_key);
	__type(value, struct trace_jobs);
} jobs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_HISTS);
	__type(key, struct trace_stage_key);
	__type(value, struct trace_hist);
} stages SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_FILES);
	__type(key, __u64);
	__type(value, struct trace_owner);
} owners SEC(".maps");

/* Bytes of transfers, 0 from the board and 1 to it */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct trace_hist);
} sizes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NUM_LOST);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} slow SEC(".maps");

static const struct trace_hist no_hist;

static __always_inline void count_lost(__u32 what)
{
	__u64 *n = bpf_map_lookup_elem(&lost, &what);

	if (n)
		__sync_fetch_and_add(n, 1);
}

static __always_inline const struct trace_settings *get_settings(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&settings, &zero);
}

/* The position of the highest bit. */
static __always_inline __u64 slot_of(__u64 v)
{
	__u64 slot = 0;

	if (v >> 32) {
		v >>= 32;
		slot += 32;
	}
	if (v >> 16) {
		v >>= 16;
		slot += 16;
	}
	if (v >> 8) {
		v >>= 8;
		slot += 8;
	}
	if (v >> 4) {
		v >>= 4;
		slot += 4;
	}
	if (v >> 2) {
		v >>= 2;
		slot += 2;
	}
	return slot + (v >> 1);
}

static __noinline void add(struct trace_hist *h, __u64 value)
{
	__u64 slot = slot_of(value);

	/* The verifier wants to see what the compiler knows. */
	asm volatile("%0 &= 63" : "+r"(slot));
	__sync_fetch_and_add(&h->slot[slot], 1);
	__sync_fetch_and_add(&h->sum, value);
	/* Two at a time may lose one; the histogram does not. */
	if (value > h->max)
		h->max = value;
}

static __always_inline void add_stage(const struct trace_key *key, __u64 stage,
				      __u64 value)
{
	struct trace_stage_key k = { .key = *key, .stage = stage };
	struct trace_hist *h = bpf_map_lookup_elem(&stages, &k);

	if (!h) {
		bpf_map_update_elem(&stages, &k, &no_hist, BPF_NOEXIST);
		h = bpf_map_lookup_elem(&stages, &k);
	}
	if (h)
		add(h, value);
}

static __always_inline void log_job(const struct trace_job *j)
{
	struct trace_job *r = bpf_ringbuf_reserve(&slow, sizeof(*r), 0);

	if (!r) {
		count_lost(LOST_LOG);
		return;
	}
	__builtin_memcpy(r, j, sizeof(*r));
	bpf_ringbuf_submit(r, 0);
}

/* All but the owner and the sum is there. */
static __always_inline int job_done(const struct trace_settings *set,
				    struct trace_job *j)
{
	struct trace_owner *owner;
	struct trace_jobs *n, none = {};

	if (set->board >= 0 && set->board != j->key.board)
		return 0;
	owner = bpf_map_lookup_elem(&owners, &j->file);
	if (owner) {
		j->key.pid = owner->pid;
		__builtin_memcpy(j->comm, owner->comm, TRACE_COMM);
	}
	j->ns[STAGE_TOTAL] = j->ns[STAGE_QUEUED] + j->ns[STAGE_UPLOAD] +
			     j->ns[STAGE_WAIT] + j->ns[STAGE_COMPUTE] +
			     j->ns[STAGE_DOWNLOAD];
	n = bpf_map_lookup_elem(&jobs, &j->key);
	if (!n) {
		__builtin_memcpy(none.comm, j->comm, TRACE_COMM);
		bpf_map_update_elem(&jobs, &j->key, &none, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&jobs, &j->key);
	}
	if (!n) {
		count_lost(LOST_KEYS);
		return 0;
	}
	if (j->status) {
		__sync_fetch_and_add(&n->failed, 1);
	} else {
		__sync_fetch_and_add(&n->done, 1);
		__sync_fetch_and_add(&n->clocks, j->clocks);
		__sync_fetch_and_add(&n->input_bytes, j->input_size);
		__sync_fetch_and_add(&n->output_bytes, j->output_size);
		add_stage(&j->key, STAGE_QUEUED, j->ns[STAGE_QUEUED]);
		add_stage(&j->key, STAGE_UPLOAD, j->ns[STAGE_UPLOAD]);
		add_stage(&j->key, STAGE_WAIT, j->ns[STAGE_WAIT]);
		add_stage(&j->key, STAGE_COMPUTE, j->ns[STAGE_COMPUTE]);
		add_stage(&j->key, STAGE_DOWNLOAD, j->ns[STAGE_DOWNLOAD]);
		add_stage(&j->key, STAGE_TOTAL, j->ns[STAGE_TOTAL]);
	}
	if (set->slower_than && j->ns[STAGE_TOTAL] > set->slower_than)
		log_job(j);
	return 0;
}

/* In the process that submits */
static __always_inline int job_submit(__u64 file)
{
	struct trace_owner owner = { .pid = bpf_get_current_pid_tgid() >> 32 };

	bpf_get_current_comm(owner.comm, sizeof(owner.comm));
	bpf_map_update_elem(&owners, &file, &owner, BPF_ANY);
	return 0;
}

static __always_inline int dma_done(const struct trace_settings *set,
				    __u32 board, __u32 to_device, __u64 bytes)
{
	struct trace_hist *h;

	if (set->board >= 0 && set->board != board)
		return 0;
	h = bpf_map_lookup_elem(&sizes, &to_device);
	if (h)
		add(h, bytes);
	return 0;
}

/* ------------------------------------------------------------------- by BTF */

/* What is read of the driver's structures */
#pragma clang attribute push(__attribute__((preserve_access_index)), \
			     apply_to = record)
struct akida_device {
	int index;
};

enum akida_dma_dir {
	AKIDA_DMA_TO_DEVICE,
	AKIDA_DMA_FROM_DEVICE,
};

struct akida_dma_req {
	enum akida_dma_dir dir;
	__u64 done;
};

struct akida_times {
	__u64 queued;
	__u64 upload;
	__u64 wait;
	__u64 compute;
	__u64 download;
};

struct akida_job_trace {
	__u64 file;
	__u64 seq;
	__u64 program;
	__u64 clocks;
	__s32 status;
	__u32 input_size;
	__u32 output_size;
	struct akida_times times;
};
#pragma clang attribute pop

SEC("tp_btf/akida_job_done")
int BPF_PROG(btf_job_done, struct akida_device *adev,
	     const struct akida_job_trace *t)
{
	const struct trace_settings *set = get_settings();
	struct trace_job j = {};

	/* Newer kernels want it looked at. */
	if (!set || !adev || !t)
		return 0;
	j.key.board = BPF_CORE_READ(adev, index);
	j.key.program = BPF_CORE_READ(t, program);
	j.file = BPF_CORE_READ(t, file);
	j.seq = BPF_CORE_READ(t, seq);
	j.status = BPF_CORE_READ(t, status);
	j.clocks = BPF_CORE_READ(t, clocks);
	j.input_size = BPF_CORE_READ(t, input_size);
	j.output_size = BPF_CORE_READ(t, output_size);
	j.ns[STAGE_QUEUED] = BPF_CORE_READ(t, times.queued);
	j.ns[STAGE_UPLOAD] = BPF_CORE_READ(t, times.upload);
	j.ns[STAGE_WAIT] = BPF_CORE_READ(t, times.wait);
	j.ns[STAGE_COMPUTE] = BPF_CORE_READ(t, times.compute);
	j.ns[STAGE_DOWNLOAD] = BPF_CORE_READ(t, times.download);
	return job_done(set, &j);
}

SEC("tp_btf/akida_job_submit")
int BPF_PROG(btf_job_submit, struct akida_device *adev, __u64 file)
{
	return job_submit(file);
}

SEC("tp_btf/akida_dma_complete")
int BPF_PROG(btf_dma_complete, struct akida_device *adev,
	     const struct akida_dma_req *req)
{
	const struct trace_settings *set = get_settings();

	if (!set || !adev || !req)
		return 0;
	return dma_done(set, BPF_CORE_READ(adev, index),
			BPF_CORE_READ(req, dir) ==
				bpf_core_enum_value(enum akida_dma_dir,
						    AKIDA_DMA_TO_DEVICE),
			BPF_CORE_READ(req, done));
}

/* ------------------------------------------------------------------ classic */

/* A field of the record behind @ctx. */
#define FIELD(set, ctx, to, field)               \
	bpf_probe_read_kernel(&(to), sizeof(to), \
			      (void *)(ctx) + ((set)->offset[field] & 0xfff))

SEC("tracepoint/akida/akida_job_done")
int classic_job_done(void *ctx)
{
	const struct trace_settings *set = get_settings();
	struct trace_job j = {};

	if (!set)
		return 0;
	FIELD(set, ctx, j.key.board, FIELD_BOARD);
	FIELD(set, ctx, j.key.program, FIELD_PROGRAM);
	FIELD(set, ctx, j.file, FIELD_FILE);
	FIELD(set, ctx, j.seq, FIELD_SEQ);
	FIELD(set, ctx, j.status, FIELD_STATUS);
	FIELD(set, ctx, j.clocks, FIELD_CLOCKS);
	FIELD(set, ctx, j.input_size, FIELD_INPUT_SIZE);
	FIELD(set, ctx, j.output_size, FIELD_OUTPUT_SIZE);
	FIELD(set, ctx, j.ns[STAGE_QUEUED], FIELD_QUEUED);
	FIELD(set, ctx, j.ns[STAGE_UPLOAD], FIELD_UPLOAD);
	FIELD(set, ctx, j.ns[STAGE_WAIT], FIELD_WAIT);
	FIELD(set, ctx, j.ns[STAGE_COMPUTE], FIELD_COMPUTE);
	FIELD(set, ctx, j.ns[STAGE_DOWNLOAD], FIELD_DOWNLOAD);
	return job_done(set, &j);
}

SEC("tracepoint/akida/akida_job_submit")
int classic_job_submit(void *ctx)
{
	const struct trace_settings *set = get_settings();
	__u64 file = 0;

	if (!set)
		return 0;
	FIELD(set, ctx, file, FIELD_SUBMIT_FILE);
	return job_submit(file);
}

SEC("tracepoint/akida/akida_dma_complete")
int classic_dma_complete(void *ctx)
{
	const struct trace_settings *set = get_settings();
	__u32 board = 0;
	__u8 to_device = 0;
	__u64 done = 0;

	if (!set)
		return 0;
	FIELD(set, ctx, board, FIELD_DMA_BOARD);
	FIELD(set, ctx, to_device, FIELD_DMA_TO_DEVICE);
	FIELD(set, ctx, done, FIELD_DMA_DONE);
	return dma_done(set, board, !!to_device, done);
}
