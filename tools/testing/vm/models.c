// SPDX-License-Identifier: GPL-2.0
/*
 * models BATCHES NODE DIR [NODE DIR ...]: each DIR/NAME.fbz runs on the board with
 * the inputs of NAME.npy, in batches of each of these sizes, and must put out what
 * NAME.out.npy has, which the software backend made for the chip. Prints TAP.
 *
 * All of them in one process, as processes are slow where processors are emulated.
 */
#include <dirent.h>
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

static const char *try_model(struct akida_device *d, const char *dir,
			     const char *name, const char *batches,
			     struct akida_model *m, struct akida_array *in,
			     struct akida_array *want)
{
	struct akida_program *p = akida_program_new(d);
	const char *wrong = NULL, *next = batches;
	struct akida_program_info info;
	static char text[4096];
	char *end;

	snprintf(text, sizeof(text), "%s/%s.fbz", dir, name);
	if (!p)
		return "no memory";
	if (akida_model_load(m, text)) {
		snprintf(text, sizeof(text), "%s", akida_model_error(m));
		wrong = text;
	} else if (akida_program_load(p, m, NULL) ||
		   akida_program_info(p, &info, sizeof(info))) {
		snprintf(text, sizeof(text), "%s", akida_program_error(p));
		wrong = text;
	}
	while (!wrong && *next) {
		wrong = run_batches(p, &info, in, want,
				    strtoul(next, &end, 10));
		next = *end ? end + 1 : end;
	}
	akida_program_free(p);
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

		if (len > 4 && !strcmp(name + len - 4, ".fbz")) {
			struct akida_model *m = akida_model_new();
			struct akida_array *in, *out;

			name[len - 4] = '\0';
			in = load_array(dir, name, ".npy");
			out = load_array(dir, name, ".out.npy");
			result(m && in && out ? try_model(d, dir, name, batches,
							  m, in, out) :
						"it cannot be loaded",
			       node, name, batches);
			akida_array_free(in);
			akida_array_free(out);
			akida_model_free(m);
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
