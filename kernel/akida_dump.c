// SPDX-License-Identifier: GPL-2.0
/*
 * What the core was at when it hung: registers and descriptors, as text, in a
 * device core dump (/sys/class/devcoredump). Inputs, outputs and programs are
 * their owners' and are not in it.
 */
#include <linux/devcoredump.h>
#include <linux/vmalloc.h>

#include "akida_file.h"

/* The text and its version: Documentation/driver.rst */
#define DUMP_SIZE SZ_16K
#define BLOCK_WORDS 0x2d /* to 0xb0 */

static const struct {
	const char *name;
	u32 offset;
	unsigned int words;
} parts[] = {
	{ "general", 0x00, 2 },
	{ "fnp2", CORE_FNP2_ADDR, 4 },
	{ "mesh", CORE_MESH_INFO1, 2 },
	{ "event", CORE_EVENT, BLOCK_WORDS },
	{ "hrc", CORE_HRC, BLOCK_WORDS },
	{ "config", CORE_CONFIG, BLOCK_WORDS },
	{ "epg", CORE_EPG, 8 },
	{ "interrupts", CORE_INTERRUPTS, 3 },
};

static size_t put_words(char *to, size_t room, const char *name, u32 base,
			const u32 *word, unsigned int num)
{
	size_t at = 0;
	unsigned int i;

	for (i = 0; i < num; i++) {
		if (i % 4 == 0)
			at += scnprintf(to + at, room - at,
					"%s%s+0x%03x:", i ? "\n" : "", name,
					base + 4 * i);
		at += scnprintf(to + at, room - at, " %08x", word[i]);
	}
	return at + scnprintf(to + at, room - at, "\n");
}

void akida_core_dump(struct akida_core *core, struct akida_batch *b,
		     const char *why)
{
	struct akida_device *adev = core->adev;
	u32 word[BLOCK_WORDS];
	unsigned int i, k;
	dma_addr_t dma;
	__le32 *desc;
	size_t at;
	char *to;

	dev_warn(&adev->pdev->dev, "%s: resetting the core\n", why);
	to = vmalloc(DUMP_SIZE);
	if (!to)
		return;
	at = scnprintf(
		to, DUMP_SIZE,
		"akida core dump 1\n%s %s: %s\njob %u of %u, program of %u bytes, %u passes\n",
		dev_name(&adev->dev), adev->chip->name, why, b->done + 1,
		b->num, b->program->size, b->program->passes);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		for (k = 0; k < parts[i].words; k++)
			word[k] =
				akida_core_read(adev, parts[i].offset + 4 * k);
		at += put_words(to + at, DUMP_SIZE - at, parts[i].name, 0, word,
				parts[i].words);
	}
	desc = akida_batch_desc_cpu(core, b, &dma);
	for (i = 0; i < b->num; i++) {
		for (k = 0; k < AKIDA_DESC_BYTES / 4; k++)
			word[k] =
				le32_to_cpu(desc[i * AKIDA_DESC_BYTES / 4 + k]);
		at += put_words(to + at, DUMP_SIZE - at, "descriptor", i * 64,
				word, AKIDA_DESC_BYTES / 4);
	}
	/* It frees the memory, now if nobody may have it. */
	dev_coredumpv(&adev->pdev->dev, to, at, GFP_KERNEL);
}
