// SPDX-License-Identifier: GPL-2.0
/*
 * models BATCHES NODE DIR [NODE DIR ...]: each DIR/NAME.fbz or NAME.akp (compiled)
 * runs on the board with the inputs of NAME.npy, in batches of each of these sizes,
 * and must put out what NAME.out.npy has, which the software backend made for the
 * chip. What a chip cannot hold of a model runs beside it. Prints TAP.
 *
 * All of them in one process, as processes are slow where processors are emulated.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <akida/akida.h>

static unsigned int tests, failures;

static void result(const char *wrong, const char *node, const char *name,
		   const char *batches)
{
	printf("%sok %u - %s on %s, batches of %s%s%s\n", wrong ? "not " : "",
	       ++tests, name, node, batches, wrong ? ": " : "",
	       wrong ? wrong : "");
	fflush(stdout);
	failures += !!wrong;
}

static struct akida_array *load_array(const char *dir, const char *name,
				      const char *end)
{
	struct akida_array *a = akida_array_new();
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s%s", dir, name, end);
	if (a && !akida_array_load_npy(a, path))
		return a;
	if (a)
		printf("# %s\n", akida_array_error(a));
	akida_array_free(a);
	return NULL;
}

/* All inputs in batches of this size; what is wrong, or NULL. */
static const char *run_batches(struct akida_program *p,
			       const struct akida_program_info *info,
			       struct akida_array *in, struct akida_array *want,
			       size_t batch)
{
	size_t n = akida_array_bytes(in) / info->input_size, i;
	const uint8_t *from = akida_array_data(in);
	static char text[512];
	uint8_t *got;

	if (!n || akida_array_bytes(want) != n * info->output_size)
		return "inputs or outputs are of other sizes";
	/* What is not written must not be right by chance. */
	got = malloc(n * info->output_size);
	if (!got)
		return "no memory";
	memset(got, 0x5a, n * info->output_size);
	for (i = 0; i < n; i += batch) {
		size_t num = n - i < batch ? n - i : batch;

		if (akida_program_run(
			    p, from + i * info->input_size,
			    num * info->input_size, got + i * info->output_size,
			    num * info->output_size, (unsigned int)num)) {
			snprintf(text, sizeof(text), "%s",
				 akida_program_error(p));
			free(got);
			return text;
		}
	}
	text[0] = '\0';
	for (i = 0; i < n && !text[0]; i++)
		if (memcmp(got + i * info->output_size,
			   (uint8_t *)akida_array_data(want) +
				   i * info->output_size,
			   info->output_size))
			snprintf(text, sizeof(text),
				 "in batches of %zu, output %zu differs", batch,
				 i);
	free(got);
	return text[0] ? text : NULL;
}

/* Loads DIR/NAME; what is wrong, or NULL. */
static const char *load(struct akida_program *p, struct akida_model *m,
			const char *dir, const char *name)
{
	const struct akida_load_options o = { .flags = AKIDA_LOAD_PARTIAL };
	static uint8_t file[4 << 20];
	static char text[4096];
	size_t size;
	FILE *f;

	snprintf(text, sizeof(text), "%s/%s", dir, name);
	if (!strcmp(name + strlen(name) - 4, ".fbz")) {
		if (akida_model_load(m, text)) {
			snprintf(text, sizeof(text), "%s",
				 akida_model_error(m));
			return text;
		}
		if (!akida_program_load(p, m, &o))
			return NULL;
	} else {
		f = fopen(text, "rb");
		if (!f)
			return "it cannot be read";
		size = fread(file, 1, sizeof(file), f);
		fclose(f);
		if (!akida_program_load_file(p, file, size))
			return NULL;
	}
	snprintf(text, sizeof(text), "%s", akida_program_error(p));
	return text;
}

static const char *try_model(struct akida_device *d, const char *dir,
			     const char *name, const char *batches,
			     struct akida_array *in, struct akida_array *want)
{
	struct akida_program *p = akida_program_new(d);
	struct akida_model *m = akida_model_new();
	const char *wrong = "no memory", *next = batches;
	struct akida_program_info info;
	char *end;

	if (p && m)
		wrong = load(p, m, dir, name);
	if (!wrong && akida_program_info(p, &info, sizeof(info)))
		wrong = "there is no program";
	while (!wrong && *next) {
		wrong = run_batches(p, &info, in, want,
				    strtoul(next, &end, 10));
		next = *end ? end + 1 : end;
	}
	akida_program_free(p);
	akida_model_free(m);
	return wrong;
}

static void run_dir(const char *node, const char *dir, const char *batches)
{
	struct akida_device *d = akida_device_new();
	struct dirent **entry = NULL;
	int num = scandir(dir, &entry, NULL, alphasort), i, found = 0;

	if (num < 0 || !d || akida_device_open(d, node)) {
		result(d && num >= 0 ? akida_device_error(d) : "no such folder",
		       node, dir, batches);
		akida_device_free(d);
		return;
	}
	for (i = 0; i < num; i++) {
		char *name = entry[i]->d_name;
		size_t len = strlen(name);

		if (len > 4 && (!strcmp(name + len - 4, ".fbz") ||
				!strcmp(name + len - 4, ".akp"))) {
			struct akida_array *in, *out;
			char base[256];

			snprintf(base, sizeof(base), "%.*s", (int)len - 4,
				 name);
			in = load_array(dir, base, ".npy");
			out = load_array(dir, base, ".out.npy");
			result(in && out ? try_model(d, dir, name, batches, in,
						     out) :
					   "it has no inputs or outputs",
			       node, name, batches);
			akida_array_free(in);
			akida_array_free(out);
			found++;
		}
		free(entry[i]);
	}
	if (!found)
		result("there is no model", node, dir, batches);
	free(entry);
	akida_device_free(d);
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 4 || argc % 2) {
		fputs("Usage: models BATCHES NODE DIR [NODE DIR ...]\n",
		      stderr);
		return 2;
	}
	for (i = 2; i < argc; i += 2)
		run_dir(argv[i], argv[i + 1], argv[1]);
	printf("1..%u\n", tests);
	return failures > 0;
}
