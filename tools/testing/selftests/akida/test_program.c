// SPDX-License-Identifier: GPL-2.0
/*
 * Programs: what the driver takes, what it refuses and why, where it keeps
 * them, and replacing parts of them.
 */
#include <errno.h>
#include <string.h>

#include "board_fixture.h"
#include "tiny.h"

static int create(int fd, struct tiny *t)
{
	t->arg.handle = 0;
	return dev_ioctl(fd, AKIDA_IOC_PROGRAM_CREATE, &t->arg);
}

static int drop(int fd, uint32_t handle)
{
	struct akida_ioc_program_free c = { .handle = handle };

	return dev_ioctl(fd, AKIDA_IOC_PROGRAM_FREE, &c);
}

static struct akida_ioc_info info(int fd)
{
	struct akida_ioc_info i = { 0 };

	dev_ioctl(fd, AKIDA_IOC_INFO, &i);
	return i;
}

TEST_F(board, create_and_free)
{
	struct tiny t;
	int handle = tiny_load(self->fd, &t, variant->chip, 1);

	ASSERT_GT(handle, 0);
	EXPECT_EQ(tiny_version(variant->chip), info(self->fd).device_version);
	EXPECT_EQ(1U, info(self->fd).programs);
	EXPECT_GT(self->info.devmem_free, info(self->fd).devmem_free);
	EXPECT_EQ(0, drop(self->fd, handle));
	EXPECT_EQ(-ENOENT, drop(self->fd, handle));
	EXPECT_EQ(0U, info(self->fd).programs);
	EXPECT_EQ(self->info.devmem_free, info(self->fd).devmem_free);
}

/* A file that is closed takes its programs with it. */
TEST_F(board, close_frees)
{
	struct tiny t;
	int fd = dev_open(&self->b);

	ASSERT_GE(fd, 0);
	for (int i = 0; i < 3; i++)
		ASSERT_GT(tiny_load(fd, &t, variant->chip, i), 0);
	EXPECT_EQ(3U, info(self->fd).programs);
	/* Another file's handles are nobody else's. */
	EXPECT_EQ(-ENOENT, drop(self->fd, t.arg.handle));
	close(fd);
	EXPECT_EQ(0U, info(self->fd).programs);
	EXPECT_EQ(self->info.devmem_free, info(self->fd).devmem_free);
}

TEST_F(board, limit)
{
	struct tiny t;

	tiny_make(&t, variant->chip, 1);
	for (int i = 0; i < AKIDA_MAX_PROGRAMS; i++)
		ASSERT_EQ(0, create(self->fd, &t));
	EXPECT_EQ(-ENOSPC, create(self->fd, &t));
	EXPECT_EQ((uint32_t)AKIDA_MAX_PROGRAMS, info(self->fd).programs);
}

/* Each field that has a range, just outside it. */
TEST_F(board, refused_fields)
{
#define BAD(field, wrong)                                                      \
	{                                                                      \
		tiny_make(&t, variant->chip, 1);                               \
		t.arg.field = wrong;                                           \
		EXPECT_EQ(                                                     \
			-EINVAL,                                               \
			dev_ioctl(self->fd, AKIDA_IOC_PROGRAM_CREATE, &t.arg)) \
		{                                                              \
			TH_LOG("%s = %llu", #field,                            \
			       (unsigned long long)(wrong));                   \
		}                                                              \
	}
	struct tiny t;

	BAD(data_size, 0);
	BAD(data_size, sizeof(t.word) - 1);
	BAD(data_size, sizeof(t.word) - 4); /* the track is longer */
	BAD(data_size, AKIDA_MAX_PROGRAM_SIZE + 4);
	BAD(num_tracks, 0);
	BAD(num_tracks, AKIDA_MAX_TRACKS + 1);
	BAD(num_epg, AKIDA_MAX_EPG + 1);
	BAD(num_passes, 0);
	BAD(num_passes, AKIDA_MAX_PASSES + 1);
	BAD(device_version, tiny_version(variant->chip) + 1);
	BAD(device_version, 0xbca10309); /* silicon's */
	BAD(flags, 2);
	BAD(width, 0);
	BAD(width, 65536);
	BAD(height, 0);
	BAD(channels, 0);
	BAD(channels, 65536);
	BAD(input_size, 0);
	BAD(input_size, 4);
	BAD(output_size, 28);
	BAD(output_size, TINY_OUTPUT_BYTES + 1);
	BAD(output_size, AKIDA_MAX_PROGRAM_SIZE + 4);
	BAD(flags, 0); /* a map has as many bytes as values */
#undef BAD
	EXPECT_EQ(0U, info(self->fd).programs);
	EXPECT_EQ(self->info.devmem_free, info(self->fd).devmem_free);
}

/* More than the arena holds. */
TEST_F(board, too_large)
{
	struct tiny t;

	tiny_make(&t, variant->chip, 1);
	t.arg.output_size = 32 << 20;
	EXPECT_EQ(-ENOSPC, create(self->fd, &t));
	t.arg.output_size = TINY_OUTPUT_BYTES;
	t.arg.input_size = 32 << 20;
	EXPECT_EQ(-ENOSPC, create(self->fd, &t));
	EXPECT_EQ(self->info.devmem_free, info(self->fd).devmem_free);
}

TEST_F(board, refused_pointers)
{
	struct tiny t;

	tiny_make(&t, variant->chip, 1);
	t.arg.data = 8;
	EXPECT_EQ(-EFAULT, create(self->fd, &t));
	tiny_make(&t, variant->chip, 1);
	t.arg.tracks = 8;
	EXPECT_EQ(-EFAULT, create(self->fd, &t));
	tiny_make(&t, variant->chip, 1);
	t.arg.epg = 8;
	EXPECT_EQ(-EFAULT, create(self->fd, &t));
	EXPECT_EQ(0U, info(self->fd).programs);
}

TEST_F(board, refused_tracks)
{
	static const struct akida_track bad[] = {
		{ .offset = 2, .words = 8 },
		{ .offset = 0, .words = 0 },
		{ .offset = 0, .words = TINY_TRACK_WORDS + 1 },
		{ .offset = 4, .words = TINY_TRACK_WORDS },
		{ .offset = ~3u, .words = TINY_TRACK_WORDS },
		{ .offset = 4, .words = ~0u },
		{ .offset = 0, .words = TINY_TRACK_WORDS, .pass = 1 },
		{ .offset = 0, .words = TINY_TRACK_WORDS, .fnp2 = 5 },
		/* Weights alone are no program. */
		{ .offset = 0, .words = TINY_TRACK_WORDS, .fnp2 = 1 },
	};
	struct akida_track two[2] = { { .words = 18 }, { .words = 18 } };
	struct tiny t;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		tiny_make(&t, variant->chip, 1);
		t.track = bad[i];
		EXPECT_EQ(-EINVAL, create(self->fd, &t))
		{
			TH_LOG("track %zu", i);
		}
	}
	/* Parts that overlap could be replaced by what is no packet. */
	tiny_make(&t, variant->chip, 1);
	t.arg.tracks = (uintptr_t)two;
	t.arg.num_tracks = 2;
	EXPECT_EQ(-EINVAL, create(self->fd, &t));
	/* Side by side they are fine. */
	two[1].offset = 18 * 4;
	two[1].words = TINY_TRACK_WORDS - 18;
	EXPECT_EQ(0, create(self->fd, &t));
}

TEST_F(board, refused_registers)
{
	static const uint32_t known[] = { 0x0, 0xc, 0x10, 0x14, 0x18, 0x1c };
	struct tiny t;

	for (uint32_t off = 0; off < 0x44; off += 2) {
		bool good = false;

		for (size_t i = 0; i < ARRAY_SIZE(known); i++)
			good |= known[i] == off;
		tiny_make(&t, variant->chip, 1);
		t.epg[1].offset = off;
		EXPECT_EQ(good ? 0 : -EINVAL, create(self->fd, &t));
	}
	t.epg[1].offset = 0x30000;
	EXPECT_EQ(-EINVAL, create(self->fd, &t));
}

/* Headers of packets: who they are for and where they end. */
TEST_F(board, refused_packets)
{
	struct tiny t;
	uint32_t good;

	tiny_make(&t, variant->chip, 1);
	good = t.word[0];
	{
		const uint32_t bad[] = {
			good & 0x00ffffff, /* column 0 */
			(good & 0x00ffffff) | 6u << 24, /* none has six */
			good & 0xff00ffff, /* row 0 */
			(good & 0xff00ffff) | 5 << 16,
			good & ~0xf00u, /* no NP */
			good | 0x300, /* two NPs */
			good | 0x20, /* a bit without a meaning */
			good | 0x1000,
			(good & ~0xfu) | 7, /* no such unit */
			(good & ~0xfu) | 9,
			good | 0x80, /* the HRC is at no node */
			0x148, /* half of an HRC */
			0x288, /* the HRC has one */
		};

		for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
			t.word[0] = bad[i];
			EXPECT_EQ(-EBADMSG, create(self->fd, &t))
			{
				TH_LOG("word 0x%08x", bad[i]);
			}
		}
		t.word[0] = good;
	}
	{
		const uint32_t bad[] = {
			(TINY_REGS - 1) << 16,
			(TINY_REGS + 1) << 16,
			0x3fff << 16,
			0x80000000 | TINY_REGS << 16,
			0x40000000 | TINY_REGS << 16,
		};

		for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
			t.word[1] = bad[i];
			EXPECT_EQ(-EBADMSG, create(self->fd, &t))
			{
				TH_LOG("word 0x%08x", bad[i]);
			}
		}
		t.word[1] = TINY_REGS << 16;
	}
	/* A header and a half. */
	t.track.words = 2 + TINY_REGS + 1;
	EXPECT_EQ(-EBADMSG, create(self->fd, &t));
	t.track.words = 2 + TINY_REGS;
	EXPECT_EQ(0, create(self->fd, &t));
	/* Of the HRC, as engines write it. */
	t.word[0] = 0x188;
	EXPECT_EQ(0, create(self->fd, &t));
	t.word[0] = 0x88;
	EXPECT_EQ(0, create(self->fd, &t));
	EXPECT_EQ(3U, info(self->fd).programs);
}

TEST_F(board, refused_updates)
{
	struct tiny t;
	int handle = tiny_load(self->fd, &t, variant->chip, 1);
	struct akida_new_track n = { .data = (uintptr_t)t.word,
				     .words = TINY_TRACK_WORDS };
	struct akida_new_track twice[2] = { n, n };
	struct akida_ioc_program_update good = { .tracks = (uintptr_t)&n,
						 .handle = handle,
						 .num_tracks = 1 };
	struct akida_ioc_program_update c;

#define UPDATE(field, value)                                       \
	({                                                         \
		c = good;                                          \
		c.field = value;                                   \
		dev_ioctl(self->fd, AKIDA_IOC_PROGRAM_UPDATE, &c); \
	})
	ASSERT_GT(handle, 0);
	EXPECT_EQ(0, UPDATE(flags, 0));
	EXPECT_EQ(-ENOENT, UPDATE(handle, handle + 1));
	EXPECT_EQ(-EINVAL, UPDATE(num_tracks, 0));
	EXPECT_EQ(-EINVAL, UPDATE(num_tracks, AKIDA_MAX_TRACKS + 1));
	EXPECT_EQ(-EINVAL, UPDATE(flags, 2));
	EXPECT_EQ(0, UPDATE(flags, AKIDA_UPDATE_WAIT));
	EXPECT_EQ(-EINVAL, UPDATE(reserved, 1));
	EXPECT_EQ(-EFAULT, UPDATE(tracks, 8));
	n.track = 1;
	EXPECT_EQ(-EINVAL, UPDATE(flags, 0));
	n.track = 0;
	n.words--;
	EXPECT_EQ(-EINVAL, UPDATE(flags, 0));
	n.words++;
	n.data = 8;
	EXPECT_EQ(-EFAULT, UPDATE(flags, 0));
	n.data = (uintptr_t)t.word;
	t.word[0] = 0;
	EXPECT_EQ(-EBADMSG, UPDATE(flags, 0));
	good.num_tracks = 2;
	EXPECT_EQ(-EINVAL, UPDATE(tracks, (uintptr_t)twice));
#undef UPDATE
}

/* Programs and the vendor's raw access do not go together. */
TEST_F(board, keeps_raw_access_away)
{
	/* Behind the DMA lists, and the AKD1000's firmware. */
	off_t at =
		variant->chip == AKIDA_CHIP_AKD1000 ? 0x24010000 : 0x20040000;
	int fd = dev_open(&self->b);
	uint32_t word;
	struct tiny t;

	ASSERT_GE(fd, 0);
	ASSERT_GT(tiny_load(self->fd, &t, variant->chip, 1), 0);
	EXPECT_EQ(-1, pread(fd, &word, 4, at));
	EXPECT_EQ(EBUSY, errno);
	ASSERT_EQ(0, drop(self->fd, t.arg.handle));
	EXPECT_EQ(4, pread(fd, &word, 4, at));
	EXPECT_EQ(-EBUSY, create(self->fd, &t));
	close(fd);
	EXPECT_EQ(0, create(self->fd, &t));
}

TEST_HARNESS_MAIN
