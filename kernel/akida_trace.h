/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: akida:akida_probe, akida_dma_submit, akida_dma_complete,
 * akida_dma_error, akida_ioctl; akida_job_submit, akida_job_start,
 * akida_job_done, akida_program_switch, akida_core_reset. "board" is N of
 * /dev/akidaN; "req" tells transfers apart, "file" and "seq" jobs, "program"
 * programs.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM akida

#if !defined(AKIDA_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define AKIDA_TRACE_H

#include <linux/tracepoint.h>

#include "akida_core.h"

TRACE_EVENT(akida_probe,
	TP_PROTO(struct akida_device *adev, int status),
	TP_ARGS(adev, status),
	TP_STRUCT__entry(
		__field(int, board)
		__field(u32, chip)
		__field(u32, ip_version)
		__field(bool, virt)
		__field(bool, iommu)
		__field(int, status)
	),
	TP_fast_assign(
		__entry->board = adev->index;
		__entry->chip = adev->chip->uapi_id;
		__entry->ip_version = adev->ip_version;
		__entry->virt = adev->virtual;
		__entry->iommu = adev->iommu;
		__entry->status = status;
	),
	TP_printk("board=%d chip=%s virtual=%d iommu=%d ip_version=0x%08x status=%d",
		  __entry->board,
		  __print_symbolic(__entry->chip,
				   { AKIDA_CHIP_AKD1000, "AKD1000" },
				   { AKIDA_CHIP_AKD1500, "AKD1500" }),
		  __entry->virt, __entry->iommu, __entry->ip_version,
		  __entry->status)
);

TRACE_EVENT(akida_dma_submit,
	TP_PROTO(struct akida_device *adev, const struct akida_dma_req *req),
	TP_ARGS(adev, req),
	TP_STRUCT__entry(
		__field(int, board)
		__field(const void *, req)
		__field(bool, to_device)
		__field(unsigned int, segs)
		__field(u32, dev)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->board = adev->index;
		__entry->req = req;
		__entry->to_device = req->dir == AKIDA_DMA_TO_DEVICE;
		__entry->segs = req->num_segs;
		__entry->dev = req->num_segs ? req->seg[0].dev : 0;
		__entry->len = req->num_segs ? req->seg[0].len : 0;
	),
	TP_printk("board=%d req=%p %s segs=%u first=0x%x+%u", __entry->board,
		  __entry->req,
		  __entry->to_device ? "to_device" : "from_device",
		  __entry->segs, __entry->dev, __entry->len)
);

DECLARE_EVENT_CLASS(akida_dma_end,
	TP_PROTO(struct akida_device *adev, const struct akida_dma_req *req,
		 int status),
	TP_ARGS(adev, req, status),
	TP_STRUCT__entry(
		__field(int, board)
		__field(const void *, req)
		__field(bool, to_device)
		__field(int, channel)
		__field(int, status)
		__field(u64, done)
	),
	TP_fast_assign(
		__entry->board = adev->index;
		__entry->req = req;
		__entry->to_device = req->dir == AKIDA_DMA_TO_DEVICE;
		__entry->channel = req->channel;
		__entry->status = status;
		__entry->done = req->done;
	),
	TP_printk("board=%d req=%p %s channel=%d status=%d done=%llu",
		  __entry->board, __entry->req,
		  __entry->to_device ? "to_device" : "from_device",
		  __entry->channel, __entry->status, __entry->done)
);

/* Just before its completion is called */
DEFINE_EVENT(akida_dma_end, akida_dma_complete,
	TP_PROTO(struct akida_device *adev, const struct akida_dma_req *req,
		 int status),
	TP_ARGS(adev, req, status)
);

/* A channel's transfer ends with an error */
DEFINE_EVENT(akida_dma_end, akida_dma_error,
	TP_PROTO(struct akida_device *adev, const struct akida_dma_req *req,
		 int status),
	TP_ARGS(adev, req, status)
);

TRACE_EVENT(akida_ioctl,
	TP_PROTO(struct akida_device *adev, unsigned int cmd, long ret),
	TP_ARGS(adev, cmd, ret),
	TP_STRUCT__entry(
		__field(int, board)
		__field(unsigned int, cmd)
		__field(long, ret)
	),
	TP_fast_assign(
		__entry->board = adev->index;
		__entry->cmd = cmd;
		__entry->ret = ret;
	),
	TP_printk("board=%d cmd=0x%08x nr=0x%02x ret=%ld", __entry->board,
		  __entry->cmd, __entry->cmd & 0xff, __entry->ret)
);

TRACE_EVENT(akida_job_submit,
	TP_PROTO(struct akida_device *adev, u64 file, u64 seq, u64 program),
	TP_ARGS(adev, file, seq, program),
	TP_STRUCT__entry(
		__field(int, board)
		__field(u64, file)
		__field(u64, seq)
		__field(u64, program)
	),
	TP_fast_assign(
		__entry->board = adev->index;
		__entry->file = file;
		__entry->seq = seq;
		__entry->program = program;
	),
	TP_printk("board=%d file=%llu seq=%llu program=%llu", __entry->board,
		  __entry->file, __entry->seq, __entry->program)
);

/* A batch is given to the core */
TRACE_EVENT(akida_job_start,
	TP_PROTO(struct akida_device *adev, const struct akida_batch *b),
	TP_ARGS(adev, b),
	TP_STRUCT__entry(
		__field(int, board)
		__field(u64, file)
		__field(u64, program)
		__field(unsigned int, jobs)
	),
	TP_fast_assign(
		__entry->board = adev->index;
		__entry->file = b->queue->id;
		__entry->program = b->program->id;
		__entry->jobs = b->num;
	),
	TP_printk("board=%d file=%llu program=%llu jobs=%u", __entry->board,
		  __entry->file, __entry->program, __entry->jobs)
);

/* Nanoseconds of each stage: struct akida_job_trace */
TRACE_EVENT(akida_job_done,
	TP_PROTO(struct akida_device *adev, const struct akida_job_trace *j),
	TP_ARGS(adev, j),
	TP_STRUCT__entry(
		__field(int, board)
		__field(int, status)
		__field(u64, file)
		__field(u64, seq)
		__field(u64, program)
		__field(u64, clocks)
		__field(u32, input_size)
		__field(u32, output_size)
		__field(u64, queued)
		__field(u64, upload)
		__field(u64, wait)
		__field(u64, compute)
		__field(u64, download)
	),
	TP_fast_assign(
		__entry->board = adev->index;
		__entry->status = j->status;
		__entry->file = j->file;
		__entry->seq = j->seq;
		__entry->program = j->program;
		__entry->clocks = j->clocks;
		__entry->input_size = j->input_size;
		__entry->output_size = j->output_size;
		__entry->queued = j->times.queued;
		__entry->upload = j->times.upload;
		__entry->wait = j->times.wait;
		__entry->compute = j->times.compute;
		__entry->download = j->times.download;
	),
	TP_printk("board=%d file=%llu seq=%llu program=%llu clocks=%llu status=%d input=%u output=%u queued=%llu upload=%llu wait=%llu compute=%llu download=%llu",
		  __entry->board, __entry->file, __entry->seq,
		  __entry->program, __entry->clocks, __entry->status,
		  __entry->input_size, __entry->output_size, __entry->queued,
		  __entry->upload, __entry->wait, __entry->compute,
		  __entry->download)
);

DECLARE_EVENT_CLASS(akida_program_event,
	TP_PROTO(struct akida_device *adev, const struct akida_program *p),
	TP_ARGS(adev, p),
	TP_STRUCT__entry(
		__field(int, board)
		__field(u64, program)
		__field(u32, size)
	),
	TP_fast_assign(
		__entry->board = adev->index;
		__entry->program = p->id;
		__entry->size = p->size;
	),
	TP_printk("board=%d program=%llu size=%u", __entry->board,
		  __entry->program, __entry->size)
);

/* Another program than before goes into the mesh */
DEFINE_EVENT(akida_program_event, akida_program_switch,
	TP_PROTO(struct akida_device *adev, const struct akida_program *p),
	TP_ARGS(adev, p)
);

/* The core, and it alone, was reset after a job of this program */
DEFINE_EVENT(akida_program_event, akida_core_reset,
	TP_PROTO(struct akida_device *adev, const struct akida_program *p),
	TP_ARGS(adev, p)
);

#endif /* AKIDA_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE akida_trace
#include <trace/define_trace.h>
