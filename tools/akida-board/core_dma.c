// SPDX-License-Identifier: GPL-2.0
/*
 * The core's own DMA: descriptors that configure neural processors, run inputs
 * through them, or loop data back. Layouts: the engine's (official); what a
 * virtual board adds: userspace/lib/program/np.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "core_regs.h"
#include "program/vmesh.h"
#include "util.h"

/* Words of descriptors */
#define D_HEAD 0 /* JOBID 31:16, VERSION 3:0; config: DIRECTION 31:28 */
#define D_IN 1
#define D_WORDS 2 /* HRC: ROW_BYTESZ 15:0, COL_HEIGHT 31:16 */
#define D_OUT 3 /* HRC: NEXT_ROW_OFFSET 15:0, ROW_BYTESZ_EXT 31:16 */
#define D_PASS 4 /* config */
#define D_HRC_OUT 7
#define CONFIG_WORDS 8
#define HRC_WORDS 16

#define DESC_VERSION(w) ((w)&0xf)
#define CONFIG_DIRECTION(w) ((w) >> 28)
#define CONFIG_WRITE 1
#define CONFIG_LEN(w) ((w)&0xffff)
#define EVENT_LEN(w) ((w)&0xffffff)

/* Events in and out */
#define EVENT_X(w) ((w)&0xfff)
#define EVENT_Y(w) ((w) >> 16 & 0xfff)
#define EVENT_F(w) ((w)&0x7ff)
#define EVENT_VALUE(w) ((w) >> 16 & 0xff)
#define FNP_VALUE 0x3ffffffu
#define FNP_POLARITY BIT(31)

/* Less than this is not waited for: timers are not that exact. */
#define SHORTEST_WAIT 100000ull

int core_init(struct board *b)
{
	enum akida_target target = b->chip->port_logic ? AKIDA_TARGET_AKD1000 :
							 AKIDA_TARGET_AKD1500;

	b->core.end.kind = NUM_CORE_DMA;
	b->core.mesh = ak_vmesh_new(ak_mesh_of(target), 0);
	return b->core.mesh ? 0 : -ENOMEM;
}

void core_exit(struct board *b)
{
	ak_vmesh_free(b->core.mesh);
	b->core.mesh = NULL;
}

void core_mesh_reset(struct board *b)
{
	/* The guest goes on while a descriptor waits for host memory. */
	if (b->core.busy)
		b->core.reset_due = true;
	else if (b->core.mesh)
		ak_vmesh_reset(b->core.mesh);
}

/*
 * Reads and writes that may wait for the host: while they do, the guest goes
 * on, and may reset the block. Then the descriptor is no longer ours to end.
 */
struct run {
	struct board *b;
	struct core_dma *d;
	uint32_t generation;
};

static int fetch(const struct run *r, uint64_t addr, void *data, size_t size)
{
	uint8_t *to = data;

	while (size) {
		size_t n = min_size(size, sizeof(r->b->dma.bounce));

		if (bus_read(r->b, addr, to, n, BUS_CORE))
			return -EFAULT;
		if (r->d->generation != r->generation)
			return -ECANCELED;
		to += n;
		addr += n;
		size -= n;
	}
	return 0;
}

static int store(const struct run *r, uint64_t addr, const void *data,
		 size_t size)
{
	const uint8_t *from = data;

	while (size) {
		size_t n = min_size(size, sizeof(r->b->dma.bounce));

		if (bus_write(r->b, addr, from, n, BUS_CORE))
			return -EFAULT;
		if (r->d->generation != r->generation)
			return -ECANCELED;
		from += n;
		addr += n;
		size -= n;
	}
	return 0;
}

/* The header that info writes put before an output, if they are on. */
static int store_header(const struct run *r, uint64_t *addr, uint32_t format,
			uint32_t words)
{
	uint32_t ctrl = r->d->regs[R_CTRL], size = CTRL_HEADER_SIZE(ctrl);
	uint8_t h[64] = { 0 };
	int rc;

	r->d->regs[R_OUT_ADDR] = *addr;
	r->d->regs[R_OUT_WORDS] = words + size / 4;
	if (!(ctrl & CTRL_INFO_ENABLE) || size < 4)
		return 0;
	put_le32(h, format << FORMAT_SHIFT | (words & OUTPUT_WORDS));
	rc = store(r, *addr, h, size);
	*addr += size;
	return rc;
}

/* Copies what the descriptor names. */
static int loopback(const struct run *r, const uint32_t *desc)
{
	uint64_t in = desc[D_IN], out = desc[D_OUT];
	uint64_t left = (uint64_t)desc[D_WORDS] * 4;
	uint8_t *bounce = malloc(sizeof(r->b->dma.bounce));
	int rc = bounce ?
			 store_header(r, &out, FORMAT_LOOPBACK, desc[D_WORDS]) :
			 -ENOMEM;

	while (left && !rc) {
		size_t n = min_size(left, sizeof(r->b->dma.bounce));

		rc = fetch(r, in, bounce, n);
		if (!rc)
			rc = store(r, out, bounce, n);
		in += n;
		out += n;
		left -= n;
	}
	free(bounce);
	/* One clock per word: a figure of our own, for there is none. */
	if (!rc)
		r->d->regs[R_TIMER] += desc[D_WORDS];
	return rc;
}

static int refused(const struct run *r, const struct ak_err *err)
{
	trace(r->b, "core: %s", err->text);
	return -EINVAL;
}

static int write_packets(const struct run *r, const uint8_t *data,
			 uint32_t words)
{
	struct ak_err err = { "" };
	struct ak_packet p;
	uint32_t pos = 0;
	int rc;

	while ((rc = ak_packet_next(data, words, &pos, &p)) == 1) {
		if (ak_vmesh_packet(r->b->core.mesh, &p, &err))
			return refused(r, &err);
		r->b->stats.core_packets++;
	}
	if (rc)
		trace(r->b, "core: a packet is longer than its track");
	return rc;
}

/* A header asks; its answer is an output of 32 bytes and the words. */
static int read_packet(const struct run *r, const uint8_t *data, uint32_t words,
		       uint64_t out)
{
	uint8_t header[AK_OUT_HEADER_BYTES] = { 0 }, *answer;
	struct ak_err err = { "" };
	struct ak_packet p;
	uint32_t ask[2], pos = 0;
	uint8_t zero_length[8];
	int rc;

	if (words < 2)
		return -EINVAL;
	/* The length is that of the answer: no payload follows here. */
	ask[0] = get_le32(data);
	ask[1] = get_le32(data + 4);
	put_le32(zero_length, ask[0]);
	put_le32(zero_length + 4, ask[1] & 0xffff);
	if (ak_packet_next(zero_length, 2, &pos, &p) != 1)
		return -EINVAL;
	p.words = (ask[1] >> 16 & 0x3fff) * (ask[1] >> 31 ? 16 : 1);
	answer = calloc(p.words + 1, 4);
	if (!answer)
		return -ENOMEM;
	rc = ak_vmesh_read_packet(r->b->core.mesh, &p, answer, &err) ?
		     refused(r, &err) :
		     0;
	put_le32(header, p.words & 0xffff);
	if (!rc)
		rc = store(r, out, header, sizeof(header));
	if (!rc)
		rc = store(r, out + sizeof(header), answer,
			   (size_t)p.words * 4);
	free(answer);
	return rc;
}

static int config(const struct run *r, const uint32_t *desc)
{
	uint32_t words = CONFIG_LEN(desc[D_WORDS]);
	uint8_t *data = malloc((size_t)words * 4 + 1);
	int rc = data ? fetch(r, desc[D_IN], data, (size_t)words * 4) : -ENOMEM;

	if (!rc && CONFIG_DIRECTION(desc[D_HEAD]) == CONFIG_WRITE)
		rc = write_packets(r, data, words);
	else if (!rc)
		rc = read_packet(r, data, words, desc[D_OUT]);
	free(data);
	r->d->regs[R_TIMER] += words;
	return rc;
}

static int read_desc(const struct run *r, const struct core_dma *d, uint32_t i,
		     uint32_t *desc, unsigned int words)
{
	uint8_t bytes[HRC_WORDS * 4];
	unsigned int k;
	int rc = fetch(r,
		       d->regs[R_CONTAINER] +
			       (uint64_t)i *
				       DESC_BYTES(d->regs[R_CONTAINER_SIZE]),
		       bytes, words * 4);

	for (k = 0; !rc && k < words; k++)
		desc[k] = get_le32(bytes + k * 4);
	return rc;
}

/* All configuration of a pass, from the config DMA's container. */
static int configure_pass(const struct run *r, uint32_t pass)
{
	const struct core_dma *d = &r->b->core.dma[CORE_DMA_CONFIG];
	uint32_t desc[CONFIG_WORDS], i;
	int rc = 0;

	ak_vmesh_reset(r->b->core.mesh);
	for (i = 0; i <= DESC_MAX(d->regs[R_CONTAINER_SIZE]) && !rc; i++) {
		rc = read_desc(r, d, i, desc, CONFIG_WORDS);
		if (!rc && (desc[D_PASS] & 0xff) == pass &&
		    CONFIG_DIRECTION(desc[D_HEAD]) == CONFIG_WRITE)
			rc = config(r, desc);
	}
	return rc;
}

static int read_external(void *arg, uint32_t addr, void *data, size_t size)
{
	return fetch(arg, addr, data, size);
}

static int prepare(const struct run *r, struct ak_vmesh_io *io)
{
	struct ak_err err = { "" };
	int rc = ak_vmesh_prepare(r->b->core.mesh, read_external, (void *)r,
				  r->b->core.fnp2_addr, io, &err);

	if (rc)
		trace(r->b, "core: %s", err.text);
	return rc;
}

static size_t elements(const struct akida_shape *s)
{
	return (size_t)s->height * s->width * s->channels;
}

static bool in_range(const uint8_t *in, size_t n, uint32_t bits)
{
	size_t i;

	for (i = 0; bits < 8 && i < n; i++)
		if (in[i] >> bits)
			return false;
	return true;
}

/* A map, row by row. */
static int read_map(const struct run *r, const uint32_t *desc,
		    const struct ak_vmesh_io *io, uint8_t *in)
{
	uint32_t row = (desc[D_WORDS] & 0xffff) | (desc[D_OUT] & 0xffff0000u);
	uint32_t height = desc[D_WORDS] >> 16, step = desc[D_OUT] & 0xffff, y;
	uint32_t want = io->in.width * io->in.channels;
	int rc = 0;

	if (row != want || height != io->in.height) {
		trace(r->b,
		      "core: a map of %u rows of %u bytes; the mesh takes %u of %u",
		      height, row, io->in.height, want);
		return -EINVAL;
	}
	r->d->regs[R_IN_WORDS] = (uint32_t)(((uint64_t)row * height + 3) / 4);
	if (!step || step == row)
		return fetch(r, desc[D_IN], in, (size_t)row * height);
	for (y = 0; y < height && !rc; y++)
		rc = fetch(r, desc[D_IN] + (uint64_t)y * step,
			   in + (size_t)y * row, row);
	return rc;
}

/*
 * Events. One just outside the tensor is how an empty input is sent: a
 * descriptor of no words would not run.
 */
static int read_events(const struct run *r, const uint32_t *desc,
		       const struct ak_vmesh_io *io, uint8_t *in)
{
	uint32_t words = EVENT_LEN(desc[D_WORDS]), i;
	uint8_t *events = malloc((size_t)words * 4 + 1);
	int rc = events ? fetch(r, desc[D_IN], events, (size_t)words * 4) :
			  -ENOMEM;

	r->d->regs[R_IN_WORDS] = words;
	memset(in, 0, elements(&io->in));
	for (i = 0; i + 1 < words && !rc; i += 2) {
		uint32_t w1 = get_le32(events + i * 4);
		uint32_t w2 = get_le32(events + i * 4 + 4);
		uint32_t x = EVENT_X(w1), y = EVENT_Y(w1), f = EVENT_F(w2);

		if (x == io->in.width || y == io->in.height)
			continue;
		if (x > io->in.width || y > io->in.height ||
		    f >= io->in.channels) {
			trace(r->b, "core: an event at (%u,%u,%u)", x, y, f);
			rc = -EINVAL;
			break;
		}
		in[((size_t)y * io->in.width + x) * io->in.channels + f] =
			EVENT_VALUE(w2);
	}
	if (!rc && (words & 1))
		rc = -EINVAL;
	free(events);
	return rc;
}

static uint32_t cnp_event(uint8_t *to, uint32_t x, uint32_t y, uint32_t f,
			  int32_t v, bool potential)
{
	if (potential) {
		put_le32(to, x | y << 16 | ((uint32_t)v >> 20 & 0xf) << 28);
		put_le32(to + 4, f | (uint32_t)v << 12);
	} else {
		put_le32(to, x | y << 16);
		put_le32(to + 4, f | (uint32_t)v << 16);
	}
	return 2;
}

static uint32_t fnp_event(uint8_t *to, uint32_t f, int32_t v)
{
	put_le32(to, f);
	put_le32(to + 4, ((uint32_t)v & FNP_VALUE) | FNP_POLARITY);
	return 2;
}

/* Values that are not zero, as events; @to has room for all. */
static uint32_t encode_events(const struct ak_vmesh_io *io, const uint8_t *out,
			      uint8_t *to)
{
	bool fnp = io->format == AK_OUT_SPARSE_FNP_POT ||
		   io->format == AK_OUT_SPARSE_FNP_ACT;
	uint32_t words = 0, x, y, f;
	size_t i = 0;

	for (y = 0; y < io->out.height; y++)
		for (x = 0; x < io->out.width; x++)
			for (f = 0; f < io->out.channels; f++, i++) {
				int32_t v =
					io->activation ?
						out[i] :
						(int32_t)get_le32(out + i * 4);
				uint8_t *at = to + (size_t)words * 4;

				if (!v)
					continue;
				words += fnp ? fnp_event(at, f, v) :
					       cnp_event(at, x, y, f, v,
							 !io->activation);
			}
	return words;
}

static bool is_sparse(uint32_t format)
{
	return format < AK_OUT_DENSE_CNP_POT;
}

static int write_output(const struct run *r, const struct ak_vmesh_io *io,
			const uint8_t *out, uint64_t addr)
{
	size_t n = elements(&io->out), bytes = n * (io->activation ? 1 : 4);
	uint32_t words;
	uint8_t *payload;
	int rc;

	payload = calloc(n * 8 + 4, 1);
	if (!payload)
		return -ENOMEM;
	if (is_sparse(io->format)) {
		words = encode_events(io, out, payload);
	} else {
		words = (uint32_t)((bytes + 3) / 4);
		memcpy(payload, out, bytes);
	}
	rc = store_header(r, &addr, io->format, words);
	if (!rc)
		rc = store(r, addr, payload, (size_t)words * 4);
	free(payload);
	return rc;
}

/* One pass: from @in, which is freed, to a new buffer. */
static int run_pass(const struct run *r, const struct ak_vmesh_io *io,
		    uint8_t **map)
{
	size_t bytes = elements(&io->out) * (io->activation ? 1 : 4);
	uint8_t *out = malloc(bytes);
	uint64_t cycles;

	if (!out)
		return -ENOMEM;
	ak_vmesh_run(r->b->core.mesh, *map, out, &cycles);
	r->d->regs[R_TIMER] += (uint32_t)cycles;
	free(*map);
	*map = out;
	return 0;
}

static int read_input(const struct run *r, const uint32_t *desc, bool hrc,
		      const struct ak_vmesh_io *io, uint8_t **map)
{
	int rc;

	if (io->hrc != hrc) {
		trace(r->b, "core: the mesh takes its input by the %s DMA",
		      io->hrc ? "HRC" : "event");
		return -EINVAL;
	}
	*map = malloc(elements(&io->in));
	if (!*map)
		return -ENOMEM;
	r->d->regs[R_IN_ADDR] = desc[D_IN];
	rc = hrc ? read_map(r, desc, io, *map) : read_events(r, desc, io, *map);
	if (!rc && !in_range(*map, elements(&io->in), io->in_bits)) {
		trace(r->b, "core: an input value of more than %u bits",
		      io->in_bits);
		rc = -EINVAL;
	}
	return rc;
}

static int job(const struct run *r, const uint32_t *desc, bool hrc)
{
	uint32_t passes = 1, pass;
	uint8_t *map = NULL;
	struct ak_vmesh_io io = { .in_bits = 0 }, prev;
	int rc = 0;

	if (DESC_VERSION(desc[D_HEAD]) != 1) {
		trace(r->b, "core: a descriptor of version %u",
		      DESC_VERSION(desc[D_HEAD]));
		return -EINVAL;
	}
	if ((r->b->core.general_control & GC_MULTIPASS) &&
	    BURST_PASSES(r->d->regs[R_BURST]) > 1)
		passes = BURST_PASSES(r->d->regs[R_BURST]);
	for (pass = 0; pass < passes && !rc; pass++) {
		prev = io;
		if (passes > 1)
			rc = configure_pass(r, pass);
		if (!rc)
			rc = prepare(r, &io);
		if (!rc && !pass)
			rc = read_input(r, desc, hrc, &io, &map);
		else if (!rc && (io.hrc || io.in_bits > 8 ||
				 memcmp(&io.in, &prev.out, sizeof(io.in)) ||
				 !prev.activation ||
				 !in_range(map, elements(&io.in), io.in_bits)))
			rc = -EINVAL;
		if (!rc)
			rc = run_pass(r, &io, &map);
	}
	if (!rc && !io.format) {
		trace(r->b, "core: the last stage has no output format");
		rc = -EINVAL;
	}
	if (!rc)
		rc = write_output(r, &io, map, desc[hrc ? D_HRC_OUT : D_OUT]);
	free(map);
	return rc;
}

static int run_kind(const struct run *r, enum core_dma_kind kind,
		    const uint32_t *desc)
{
	if (r->d->regs[R_DEBUG] & DEBUG_LOOPBACK)
		return loopback(r, desc);
	if (kind == CORE_DMA_CONFIG)
		return config(r, desc);
	return job(r, desc, kind == CORE_DMA_HRC);
}

/* The descriptor's time is up. */
static void end_descriptor(struct board *b, const struct core_end *e)
{
	struct core_dma *d = &b->core.dma[e->kind];

	monitor_work(b, e->begin, e->until, e->clocks);
	if (d->generation != e->generation)
		return;
	if (e->rc) {
		/* Ours: the block stops, and says so. */
		b->stats.core_errors++;
		d->error = true;
		d->regs[R_MON_STATUS] |= MON_ERROR | MON_INT_EXT;
	} else {
		d->cur = e->desc;
		d->regs[R_DESC_STATUS] = e->head & 0xffff0000u;
		d->regs[R_MON_STATUS] |= MON_DONE | MON_INT_OB | MON_INT_IB;
		if (e->kind != CORE_DMA_CONFIG)
			b->stats.core_jobs++;
	}
	core_interrupt(b);
}

/*
 * Work takes its clocks, however fast the host computed it. What is too short
 * to wait for is made up for by what comes next.
 */
static void take_time(struct board *b, struct core_end *e)
{
	uint64_t now = now_ns(), ns = monitor_clocks_ns(b, e->clocks);
	uint64_t from = b->core.free_at > e->begin ? b->core.free_at : e->begin;

	b->core.free_at = from + ns;
	e->until = now;
	if (b->core.free_at < now + SHORTEST_WAIT) {
		end_descriptor(b, e);
		return;
	}
	e->until = b->core.free_at;
	b->core.end = *e;
}

static void run_descriptor(struct board *b, enum core_dma_kind kind)
{
	static const char *const names[NUM_CORE_DMA] = { "event", "HRC",
							 "config" };
	struct core_dma *d = &b->core.dma[kind];
	struct run r = { b, d, d->generation };
	uint32_t desc[HRC_WORDS] = { 0 };
	uint8_t next =
		d->cur >= DESC_MAX(d->regs[R_CONTAINER_SIZE]) ? 0 : d->cur + 1;
	struct core_end e = { .kind = kind,
			      .generation = d->generation,
			      .begin = now_ns(),
			      .desc = next };
	uint32_t timer = d->regs[R_TIMER];
	struct fault f;
	int rc;

	trace(b, "core: %s descriptor %u", names[kind], next);
	b->core.busy = true;
	rc = read_desc(&r, d, next, desc,
		       kind == CORE_DMA_HRC ? HRC_WORDS : CONFIG_WORDS);
	if (!rc && fault_take(b, FAULT_ABORT, FAULT_CORE, &f))
		rc = -EIO;
	if (!rc)
		rc = run_kind(&r, kind, desc);
	b->core.busy = false;
	if (b->core.reset_due)
		ak_vmesh_reset(b->core.mesh);
	b->core.reset_due = false;
	if (d->generation != r.generation)
		return;
	e.clocks = d->regs[R_TIMER] - timer;
	e.head = desc[D_HEAD];
	e.rc = rc;
	take_time(b, &e);
}

static bool runnable(const struct core_dma *d)
{
	uint32_t ctrl = d->regs[R_CTRL];

	return (ctrl & CTRL_RUN) && !(ctrl & CTRL_RESET) && !d->error &&
	       d->cur != d->last;
}

bool core_tick(struct board *b)
{
	/* Configuration comes before what is to run on it. */
	static const enum core_dma_kind order[] = { CORE_DMA_CONFIG,
						    CORE_DMA_HRC,
						    CORE_DMA_EVENT };
	struct core_end e = b->core.end;
	struct fault f;
	unsigned int i;

	if (e.kind != NUM_CORE_DMA) {
		if (now_ns() < e.until &&
		    b->core.dma[e.kind].generation == e.generation)
			return false;
		b->core.end.kind = NUM_CORE_DMA;
		if (b->core.dma[e.kind].generation == e.generation)
			end_descriptor(b, &e);
		else
			b->core.free_at = 0;
		return true;
	}
	if (b->link_down || b->core.stalled ||
	    (b->core.general_control & (GC_CORE_RESET | GC_SCC_RESET)) ||
	    !pci_config_master_on(&b->config))
		return false;
	for (i = 0; i < NUM_CORE_DMA; i++)
		if (runnable(&b->core.dma[order[i]])) {
			if (fault_take(b, FAULT_STALL, FAULT_CORE, &f)) {
				b->core.stalled = true;
				return false;
			}
			run_descriptor(b, order[i]);
			return true;
		}
	return false;
}

uint64_t core_deadline(const struct board *b)
{
	const struct core_end *e = &b->core.end;

	return e->kind == NUM_CORE_DMA ? TIME_NEVER : e->until;
}
