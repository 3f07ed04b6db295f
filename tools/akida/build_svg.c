// SPDX-License-Identifier: GPL-2.0
/*
 * akida build: the mesh as a picture, a grid of nodes for each pass.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "common/file.h"
#include "term.h"
#include "text.h"
#include "tool.h"

#define NP_SIDE 34
#define GAP 4
#define NODE (2 * NP_SIDE + 3 * GAP)
#define MARGIN 20
#define LEGEND 260
#define LINE 20

/* Colours that differ in lightness, too; layers beyond take turns. */
static const char *const colours[] = {
	"#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377",
	"#bbbbbb", "#004488", "#ddaa33", "#bb5566", "#117733", "#88ccee",
};

#define COLOUR(layer) colours[(layer) % ARRAY_SIZE(colours)]

/* Text of a file, which may be anything, in XML. */
static void put_text(FILE *f, const char *s)
{
	char *clean = text_clean(s), *p;

	for (p = clean; *p; p++) {
		if (*p == '<')
			fputs("&lt;", f);
		else if (*p == '>')
			fputs("&gt;", f);
		else if (*p == '&')
			fputs("&amp;", f);
		else
			fputc(*p, f);
	}
	free(clean);
}

static void put_np(FILE *f, unsigned int x, unsigned int y, const char *colour,
		   const char *layer, const struct akida_placement_info *p)
{
	fprintf(f,
		"<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"4\" fill=\"%s\" stroke=\"#444\">",
		x, y, NP_SIDE, NP_SIDE, colour);
	fputs("<title>", f);
	if (p) {
		put_text(f, layer);
		fprintf(f, ", NP (%u,%u,%u): filters %u to %u, %u B", p->column,
			p->row, p->np, p->first_filter,
			p->first_filter + p->num_filters - 1, p->filter_bytes);
	} else {
		fputs("free", f);
	}
	fputs("</title></rect>\n", f);
}

/* Who has an NP in a pass. */
static bool owner(const struct akida_build *b, uint32_t pass, uint32_t column,
		  uint32_t row, uint32_t np, struct akida_placement_info *p)
{
	unsigned int i;

	for (i = 0; !akida_build_placement(b, i, p, sizeof(*p)); i++)
		if (p->pass == pass && p->column == column && p->row == row &&
		    p->np == np)
			return true;
	return false;
}

static void put_pass(FILE *f, const struct akida_build *b,
		     const struct akida_model *m,
		     const struct akida_build_info *info, uint32_t pass,
		     unsigned int top)
{
	struct akida_placement_info p;
	struct akida_layer_info l;
	uint32_t column, row, np;
	unsigned int i, y = top + LINE;

	fprintf(f,
		"<text x=\"%u\" y=\"%u\" font-weight=\"bold\">Pass %u of %u</text>\n",
		MARGIN, top + 12, pass + 1, info->num_passes);
	for (i = 0; !akida_build_np(b, i, &column, &row, &np); i++) {
		unsigned int x = MARGIN + (column - 1) * (NODE + GAP) + GAP +
				 np % 2 * (NP_SIDE + GAP);
		unsigned int at = y + (info->rows - row) * (NODE + GAP) + GAP +
				  np / 2 * (NP_SIDE + GAP);

		if (owner(b, pass, column, row, np, &p) &&
		    !akida_model_layer(m, p.layer, &l, sizeof(l)))
			put_np(f, x, at, COLOUR(p.layer), l.name, &p);
		else
			put_np(f, x, at, "#f4f4f4", "", NULL);
	}
}

static void put_legend(FILE *f, const struct akida_build *b,
		       const struct akida_model *m,
		       const struct akida_build_info *info)
{
	unsigned int x = MARGIN + info->columns * (NODE + GAP) + 2 * MARGIN;
	unsigned int y = MARGIN + LINE, i, k;
	struct akida_placement_info p;
	struct akida_layer_info l;

	for (i = 0; i < info->first_layer + info->num_layers &&
		    !akida_model_layer(m, i, &l, sizeof(l));
	     i++) {
		unsigned int nps = 0;
		bool hrc = false;

		for (k = 0; !akida_build_placement(b, k, &p, sizeof(p)); k++)
			if (p.layer == i) {
				nps++;
				hrc = !p.column;
			}
		if (!nps)
			continue;
		fprintf(f,
			"<rect x=\"%u\" y=\"%u\" width=\"12\" height=\"12\" fill=\"%s\" stroke=\"#444\"/>\n<text x=\"%u\" y=\"%u\">",
			x, y - 11, COLOUR(i), x + 20, y);
		put_text(f, l.name);
		if (hrc)
			fputs(": HRC</text>\n", f);
		else
			fprintf(f, ": %u NP%s</text>\n", nps,
				nps == 1 ? "" : "s");
		y += LINE;
	}
}

int build_svg(const struct akida_build *b, const struct akida_model *m,
	      const char *path)
{
	struct akida_build_info info;
	unsigned int width, height, mesh, pass, legend;
	struct ak_err err = { "" };
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int rc;

	if (!f)
		term_die_memory();
	akida_build_info(b, &info, sizeof(info));
	mesh = info.rows * (NODE + GAP) + 2 * LINE;
	width = 3 * MARGIN + info.columns * (NODE + GAP) + LEGEND;
	height = 2 * MARGIN + info.num_passes * mesh;
	legend = 3 * MARGIN + info.num_layers * LINE;
	fprintf(f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" font-family=\"sans-serif\" font-size=\"13\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
		width, height > legend ? height : legend);
	for (pass = 0; pass < info.num_passes; pass++)
		put_pass(f, b, m, &info, pass, MARGIN + pass * mesh);
	put_legend(f, b, m, &info);
	fputs("</svg>\n", f);
	if (fclose(f))
		term_die_memory();
	rc = ak_file_write(path, text, size, &err);
	free(text);
	if (!rc)
		return TOOL_OK;
	term_file_error(path, err.text);
	return TOOL_FAILED;
}
