// SPDX-License-Identifier: GPL-2.0
#include "trace_load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define NUM_PROGRAMS 3

/* The object that clang made, inside this program. */
__asm__(".pushsection .rodata\n"
	".balign 16\n"
	"trace_object:\n"
	".incbin \"" TRACE_OBJECT "\"\n"
	"trace_object_end:\n"
	".popsection\n");
extern const char trace_object[], trace_object_end[];

struct tracer {
	struct bpf_object *object;
	struct bpf_link *link[NUM_PROGRAMS];
	struct ring_buffer *ring;
	bool btf;
	void (*slow)(void *arg, const struct trace_job *job);
	void *arg;
};

static const char *const btf_programs[NUM_PROGRAMS] = { "btf_job_done",
							"btf_job_submit",
							"btf_dma_complete" };
static const char *const classic_programs[NUM_PROGRAMS] = {
	"classic_job_done", "classic_job_submit", "classic_dma_complete"
};

/* ---------------------------------------------------------------- tracefs */

static const struct {
	const char *event;
	const char *name;
	unsigned int size;
} fields[NUM_FIELDS] = {
	[FIELD_BOARD] = { "akida_job_done", "board", 4 },
	[FIELD_STATUS] = { "akida_job_done", "status", 4 },
	[FIELD_FILE] = { "akida_job_done", "file", 8 },
	[FIELD_SEQ] = { "akida_job_done", "seq", 8 },
	[FIELD_PROGRAM] = { "akida_job_done", "program", 8 },
	[FIELD_CLOCKS] = { "akida_job_done", "clocks", 8 },
	[FIELD_INPUT_SIZE] = { "akida_job_done", "input_size", 4 },
	[FIELD_OUTPUT_SIZE] = { "akida_job_done", "output_size", 4 },
	[FIELD_QUEUED] = { "akida_job_done", "queued", 8 },
	[FIELD_UPLOAD] = { "akida_job_done", "upload", 8 },
	[FIELD_WAIT] = { "akida_job_done", "wait", 8 },
	[FIELD_COMPUTE] = { "akida_job_done", "compute", 8 },
	[FIELD_DOWNLOAD] = { "akida_job_done", "download", 8 },
	[FIELD_SUBMIT_FILE] = { "akida_job_submit", "file", 8 },
	[FIELD_DMA_BOARD] = { "akida_dma_complete", "board", 4 },
	[FIELD_DMA_TO_DEVICE] = { "akida_dma_complete", "to_device", 1 },
	[FIELD_DMA_DONE] = { "akida_dma_complete", "done", 8 },
};

static FILE *open_format(const char *event)
{
	static const char *const roots[] = { "/sys/kernel/tracing",
					     "/sys/kernel/debug/tracing" };
	char path[128];
	FILE *f = NULL;
	size_t i;

	for (i = 0; i < 2 && !f; i++) {
		snprintf(path, sizeof(path), "%s/events/akida/%s/format",
			 roots[i], event);
		f = fopen(path, "re");
	}
	return f;
}

/* "field:u64 seq; offset:16; size:8; signed:0;" */
static bool line_is(const char *line, const char *name, unsigned int size,
		    uint32_t *offset)
{
	const char *p = strstr(line, "field:"), *end, *word;
	unsigned int got;

	end = p ? strchr(p, ';') : NULL;
	if (!end)
		return false;
	for (word = end; word > p && word[-1] != ' '; word--)
		;
	return (size_t)(end - word) == strlen(name) &&
	       !memcmp(word, name, end - word) &&
	       sscanf(end, "; offset:%u; size:%u;", offset, &got) == 2 &&
	       got == size && *offset < 4096 - size;
}

static int find_field(unsigned int i, uint32_t *offset)
{
	FILE *f = open_format(fields[i].event);
	char line[256];
	int err = -EPROTO;

	if (!f)
		return -errno;
	while (err && fgets(line, sizeof(line), f))
		if (line_is(line, fields[i].name, fields[i].size, offset))
			err = 0;
	fclose(f);
	return err;
}

static void explain(int err, char *why, size_t size)
{
	if (err == -EPERM || err == -EACCES)
		snprintf(
			why, size,
			"the kernel does not let you trace: be root, or have CAP_BPF and CAP_PERFMON, a tracefs that you may read, and kernel.perf_event_paranoid of at most 2; a locked down kernel lets nobody");
	else
		snprintf(
			why, size,
			"the kernel does not take the BPF programs: %s (AKIDA_TRACE_DEBUG=1 shows what it says)",
			strerror(-err));
}

static int find_fields(struct trace_settings *set, char *why, size_t size)
{
	unsigned int i;
	int err;

	for (i = 0; i < NUM_FIELDS; i++) {
		err = find_field(i, &set->offset[i]);
		if (err == -EPROTO)
			snprintf(
				why, size,
				"the driver's tracepoint akida:%s has no field '%s' as this akida knows it: driver and command are of different ages",
				fields[i].event, fields[i].name);
		else if (err == -EPERM || err == -EACCES)
			explain(err, why, size);
		else if (err)
			snprintf(
				why, size,
				"cannot read the format of tracepoint akida:%s: %s; tracefs has to be mounted (mount -t tracefs none /sys/kernel/tracing)",
				fields[i].event, strerror(-err));
		if (err)
			return err;
	}
	return 0;
}

/* ---------------------------------------------------------------- loading */

static int quiet(enum libbpf_print_level level, const char *format,
		 va_list args)
{
	(void)level;
	if (getenv("AKIDA_TRACE_DEBUG"))
		return vfprintf(stderr, format, args);
	return 0;
}

static int map_fd(struct tracer *t, const char *name)
{
	return bpf_object__find_map_fd_by_name(t->object, name);
}

static int load(struct tracer *t, bool btf, const struct trace_settings *set)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "akida");
	const char *const *off = btf ? classic_programs : btf_programs;
	const char *const *on = btf ? btf_programs : classic_programs;
	struct bpf_program *p;
	uint32_t zero = 0;
	int i, err;

	t->object = bpf_object__open_mem(
		trace_object, trace_object_end - trace_object, &opts);
	if (!t->object)
		return -errno;
	for (i = 0; i < NUM_PROGRAMS; i++) {
		p = bpf_object__find_program_by_name(t->object, off[i]);
		bpf_program__set_autoload(p, false);
	}
	err = bpf_object__load(t->object);
	if (!err &&
	    bpf_map_update_elem(map_fd(t, "settings"), &zero, set, BPF_ANY))
		err = -errno;
	for (i = 0; i < NUM_PROGRAMS && !err; i++) {
		p = bpf_object__find_program_by_name(t->object, on[i]);
		t->link[i] = bpf_program__attach(p);
		if (!t->link[i])
			err = -errno;
	}
	t->btf = btf;
	return err;
}

static void unload(struct tracer *t)
{
	int i;

	for (i = 0; i < NUM_PROGRAMS; i++) {
		bpf_link__destroy(t->link[i]);
		t->link[i] = NULL;
	}
	bpf_object__close(t->object);
	t->object = NULL;
}

static int take_slow(void *ctx, void *data, size_t size)
{
	struct tracer *t = ctx;

	if (size >= sizeof(struct trace_job))
		t->slow(t->arg, data);
	return 0;
}

static int begin(struct tracer *t, struct trace_settings *set, char *why,
		 size_t size)
{
	int err = -ENOENT;

	if (access("/sys/module/akida", F_OK)) {
		snprintf(
			why, size,
			"the driver is not loaded: modprobe akida (akida doctor says more)");
		return -ENODEV;
	}
	if (!access("/sys/kernel/btf/akida", F_OK) &&
	    !getenv("AKIDA_TRACE_CLASSIC")) {
		err = load(t, true, set);
		if (err)
			unload(t);
	}
	/* The module's BTF takes CAP_SYS_ADMIN, what is left may not. */
	if (err) {
		err = find_fields(set, why, size);
		if (err)
			return err;
		err = load(t, false, set);
	}
	if (!err) {
		t->ring =
			ring_buffer__new(map_fd(t, "slow"), take_slow, t, NULL);
		err = t->ring ? 0 : -errno;
	}
	if (err)
		explain(err, why, size);
	return err;
}

struct tracer *trace_open(uint64_t slower_than, int board,
			  void (*slow)(void *arg, const struct trace_job *job),
			  void *arg, char *why, size_t size)
{
	struct trace_settings set = { .slower_than = slower_than,
				      .board = board };
	struct tracer *t = calloc(1, sizeof(*t));

	if (!t) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	t->slow = slow;
	t->arg = arg;
	libbpf_set_print(quiet);
	if (begin(t, &set, why, size)) {
		trace_close(t);
		return NULL;
	}
	return t;
}

void trace_close(struct tracer *t)
{
	if (!t)
		return;
	ring_buffer__free(t->ring);
	unload(t);
	free(t);
}

bool trace_by_btf(const struct tracer *t)
{
	return t->btf;
}

int trace_poll(struct tracer *t, int ms)
{
	int ret = ring_buffer__poll(t->ring, ms);

	return ret < 0 && ret != -EINTR ? ret : 0;
}

/* ---------------------------------------------------------------- reading */

static int read_stages(struct tracer *t, struct trace_row *row)
{
	struct trace_stage_key k = { .key = row->key };
	int fd = map_fd(t, "stages");

	for (k.stage = 0; k.stage < NUM_STAGES; k.stage++)
		if (bpf_map_lookup_elem(fd, &k, &row->hist[k.stage]) &&
		    errno != ENOENT)
			return -errno;
	return 0;
}

static int read_rows(struct tracer *t, struct trace_result *r)
{
	struct trace_key key, *prev = NULL;
	int fd = map_fd(t, "jobs"), err = 0;
	struct trace_row *more;
	size_t room = 0;

	while (!err && !bpf_map_get_next_key(fd, prev, &key)) {
		if (r->num == room) {
			room = 2 * room + 8;
			more = realloc(r->row, room * sizeof(*more));
			if (!more)
				return -ENOMEM;
			r->row = more;
		}
		memset(&r->row[r->num], 0, sizeof(*r->row));
		r->row[r->num].key = key;
		if (bpf_map_lookup_elem(fd, &key, &r->row[r->num].jobs))
			err = -errno;
		else
			err = read_stages(t, &r->row[r->num++]);
		prev = &key;
	}
	return err;
}

int trace_read(struct tracer *t, struct trace_result *r)
{
	uint32_t i;
	int err;

	memset(r, 0, sizeof(*r));
	err = read_rows(t, r);
	for (i = 0; i < 2 && !err; i++)
		if (bpf_map_lookup_elem(map_fd(t, "sizes"), &i, &r->size[i]))
			err = -errno;
	for (i = 0; i < NUM_LOST && !err; i++)
		if (bpf_map_lookup_elem(map_fd(t, "lost"), &i, &r->lost[i]))
			err = -errno;
	if (err)
		free(r->row);
	return err;
}
