// SPDX-License-Identifier: GPL-2.0
/*
 * akida info: a compiled program, BrainChip's or ours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/program.h"
#include "info.h"
#include "json.h"
#include "table.h"
#include "term.h"
#include "tool.h"

static const char *chip_name(const struct ak_program_chip *c)
{
	if (c->vendor == AK_CHIP_VENDOR_VIRTUAL)
		return c->product == AK_CHIP_PRODUCT_AKD1000 ?
			       "virtual AKD1000" :
		       c->product == AK_CHIP_PRODUCT_AKD1500 ?
			       "virtual AKD1500" :
			       "unknown virtual board";
	if (c->vendor != AK_CHIP_VENDOR_BRAINCHIP)
		return "unknown";
	if (!c->product && !c->major && c->minor == 2)
		return "AKD1000";
	if (c->product == 0xa1 && c->major == 3 && c->minor == 9)
		return "AKD1500";
	return "another chip of BrainChip";
}

static const char *unit_name(uint8_t uid, char *buf, size_t size)
{
	static const char *const names[] = {
		"filters",
		"compact filters",
		"learning thresholds",
		"IB packet",
		"thresholds",
		"LUT",
		"FNP weights",
		NULL,
		"registers",
	};

	if (uid < ARRAY_SIZE(names) && names[uid])
		return names[uid];
	snprintf(buf, size, "unit %u", uid);
	return buf;
}

/**
 * each_packet() - call a function for every packet
 * @p: program
 * @fn: called with pass, record, track and packet; NULL for damage
 * @arg: handed to @fn
 */
static void each_packet(const struct ak_program_file *p,
			void (*fn)(void *arg, uint32_t pass, uint32_t record,
				   uint32_t track,
				   const struct ak_packet *packet),
			void *arg)
{
	uint32_t i, j, k, pos;
	struct ak_packet packet;
	int rc;

	for (i = 0; i < p->num_passes; i++)
		for (j = 0; j < p->pass[i].num_records; j++)
			for (k = 0; k < p->pass[i].record[j].num_tracks; k++) {
				const struct ak_track *t =
					&p->pass[i].record[j].track[k];

				pos = 0;
				while ((rc = ak_packet_next(p->data + t->offset,
							    t->words, &pos,
							    &packet)) == 1)
					fn(arg, i, j, k, &packet);
				if (rc)
					fn(arg, i, j, k, NULL);
			}
}

static void dims(char *buf, size_t size, const uint32_t *d, uint32_t n)
{
	size_t at = 0;
	uint32_t i;

	buf[0] = 0;
	for (i = 0; i < n && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%u",
				       i ? "x" : "", d[i]);
}

static void packet_row(void *arg, uint32_t pass, uint32_t record,
		       uint32_t track, const struct ak_packet *p)
{
	struct table *t = arg;
	char unit[24];

	table_cell(t, "%u", pass + 1);
	table_cell(t, "%u", record);
	table_cell(t, "%u", track);
	if (!p) {
		table_cell(t, "damaged: a packet is longer than its track");
		table_cell(t, "-");
		table_cell(t, "-");
		table_cell(t, "-");
		return;
	}
	if (p->hrc)
		table_cell(t, "HRC");
	else if (p->np >= 0)
		table_cell(t, "(%u,%u) NP %d", p->col, p->row, p->np);
	else
		table_cell(t, "(%u,%u) NPs 0x%x", p->col, p->row, p->np_mask);
	table_cell(t, "%s", unit_name(p->uid, unit, sizeof(unit)));
	table_cell(t, "%u", p->addr);
	table_cell(t, "%u", p->words);
}

static void print_text(const struct ak_program_file *p)
{
	static const char *const heads[] = { ">Pass",  ">Record", ">Track",
					     "For",    "What",	  ">Address",
					     ">Words", NULL };
	struct table *t = table_new(heads);
	char in[64], out[64];
	uint32_t i;

	each_packet(p, packet_row, t);
	table_print(t, 0);
	dims(in, sizeof(in), p->in_dims, p->num_in_dims);
	dims(out, sizeof(out), p->out_dims, p->num_out_dims);
	printf("\nVersion   %s\n", p->version);
	printf("Device    %02X.%02X.%u.%u (%s)\n", p->chip.vendor,
	       p->chip.product, p->chip.major, p->chip.minor,
	       chip_name(&p->chip));
	printf("Input     %s (width x height x channels), %s\n", in,
	       p->input_type ? "sparse" : "dense");
	printf("Output    %s, %s, %s\n", out,
	       p->activation ? "activations" : "potentials",
	       p->output_type ? "sparse" : "dense");
	printf("Passes    %u\n", p->num_passes);
	printf("Sizes     %zu B of information, %zu B of data\n", p->info_size,
	       p->data_size);
	for (i = 0; i < p->num_epg; i++)
		printf("%s 0x%02x = 0x%08x\n", i ? "         " : "EPG      ",
		       p->epg[i].offset, p->epg[i].value);
	if (!p->known)
		printf("Loadable  no: version %s for %s is not one that is known (2.5.0 for AKD1500, %s for virtual boards)\n",
		       p->version, chip_name(&p->chip), AK_PROGRAM_VERSION);
	if (p->damage.text[0])
		printf("          not all of it could be read: %s\n",
		       p->damage.text);
}

static void packet_json(void *arg, uint32_t pass, uint32_t record,
			uint32_t track, const struct ak_packet *p)
{
	json_t *o = json_object();
	char unit[24];

	json_put(o, "pass", json_integer(pass));
	json_put(o, "record", json_integer(record));
	json_put(o, "track", json_integer(track));
	if (p) {
		json_put(o, "hrc", json_boolean(p->hrc));
		json_put(o, "column", json_integer(p->col));
		json_put(o, "row", json_integer(p->row));
		json_put(o, "np",
			 p->np < 0 ? json_null() : json_integer(p->np));
		json_put(o, "unit", json_integer(p->uid));
		json_put(o, "unit_name",
			 json_text(unit_name(p->uid, unit, sizeof(unit))));
		json_put(o, "address", json_integer(p->addr));
		json_put(o, "words", json_integer(p->words));
	} else {
		json_put(o, "damaged", json_true());
	}
	json_add(arg, o);
}

static json_t *numbers(const uint32_t *v, uint32_t n)
{
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < n; i++)
		json_add(list, json_integer(v[i]));
	return list;
}

static void print_json(const struct ak_program_file *p)
{
	json_t *root = json_object(), *list = json_array(), *o;
	char chip[16];
	uint32_t i;

	snprintf(chip, sizeof(chip), "%02X.%02X.%u.%u", p->chip.vendor,
		 p->chip.product, p->chip.major, p->chip.minor);
	json_put(root, "version", json_text(p->version));
	json_put(root, "device_version", json_text(chip));
	json_put(root, "device", json_text(chip_name(&p->chip)));
	json_put(root, "known", json_boolean(p->known));
	json_put(root, "damage",
		 p->damage.text[0] ? json_text(p->damage.text) : json_null());
	json_put(root, "input", numbers(p->in_dims, p->num_in_dims));
	json_put(root, "output", numbers(p->out_dims, p->num_out_dims));
	json_put(root, "input_type", json_integer(p->input_type));
	json_put(root, "output_type", json_integer(p->output_type));
	json_put(root, "activation", json_boolean(p->activation));
	json_put(root, "passes", json_integer(p->num_passes));
	json_put(root, "max_descriptors", json_integer(p->max_desc));
	json_put(root, "info_bytes", json_integer((json_int_t)p->info_size));
	json_put(root, "data_bytes", json_integer((json_int_t)p->data_size));
	for (i = 0; i < p->num_shifts; i++)
		json_add(list, json_integer(p->shift[i]));
	json_put(root, "shifts", list);
	list = json_array();
	for (i = 0; i < p->num_scales; i++)
		json_add(list, json_number((double)p->scale[i]));
	json_put(root, "scales", list);
	list = json_array();
	for (i = 0; i < p->num_epg; i++) {
		o = json_object();
		json_put(o, "offset", json_integer(p->epg[i].offset));
		json_put(o, "value", json_integer(p->epg[i].value));
		json_add(list, o);
	}
	json_put(root, "epg", list);
	list = json_array();
	each_packet(p, packet_json, list);
	json_put(root, "packets", list);
	json_print(root);
}

int info_program(const char *path, const uint8_t *data, size_t size, bool json)
{
	struct ak_program_file p;
	struct ak_err err = { "" };

	if (ak_program_file_parse(&p, data, size, &err)) {
		term_file_error(path, err.text);
		return TOOL_FAILED;
	}
	if (json)
		print_json(&p);
	else
		print_text(&p);
	ak_program_file_clear(&p);
	return term_flush();
}
