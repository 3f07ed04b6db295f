// SPDX-License-Identifier: GPL-2.0
/*
 * make-fbz: integer layers in .npy files and a manifest -> a .fbz file.
 *
 * The manifest is text, one statement per line:
 *
 *	layer NAME TYPE		a layer, after those before it
 *	key NAME VALUE		a parameter of the last layer
 *	variable NAME FILE	a variable of it, beside the manifest
 *
 * The model must run and must keep the limits of both chips.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <akida/array.h>
#include <akida/model.h>

/* What sscanf() may put into a word or a rest of line. */
#define WORD 64
#define LINE 512

static int set_variable(struct akida_model *m, unsigned int layer,
			const char *name, const char *path)
{
	struct akida_array *a = akida_array_new();
	int rc;

	if (!a) {
		fprintf(stderr, "make-fbz: out of memory\n");
		return -ENOMEM;
	}
	rc = akida_array_load_npy(a, path);
	if (rc) {
		fprintf(stderr, "make-fbz: %s\n", akida_array_error(a));
	} else {
		rc = akida_model_set_variable(
			m, layer, name, akida_array_dtype(a),
			akida_array_ndim(a), akida_array_shape(a),
			akida_array_data(a));
		if (rc)
			fprintf(stderr, "make-fbz: %s: %s\n", path,
				akida_model_error(m));
	}
	akida_array_free(a);
	return rc;
}

/* One statement; *layer is the layer that keys and variables belong to. */
static int statement(struct akida_model *m, const char *dir, const char *line,
		     int *layer)
{
	char word[WORD], name[WORD], file[WORD], path[PATH_MAX], rest;
	int32_t value;
	int rc;

	if (sscanf(line, "%63s", word) != 1)
		return 0;
	if (!strcmp(word, "layer") &&
	    sscanf(line, "%*s %63s %" SCNd32 " %c", name, &value, &rest) == 2) {
		*layer = akida_model_add_layer(m, name, value);
		rc = *layer < 0 ? *layer : 0;
	} else if (!strcmp(word, "key") && *layer >= 0 &&
		   sscanf(line, "%*s %63s %" SCNd32 " %c", name, &value,
			  &rest) == 2) {
		rc = akida_model_set_key(m, *layer, name, value);
	} else if (!strcmp(word, "variable") && *layer >= 0 &&
		   sscanf(line, "%*s %63s %63s %c", name, file, &rest) == 2) {
		rc = snprintf(path, sizeof(path), "%s/%s", dir, file);
		if (rc < 0 || (size_t)rc >= sizeof(path)) {
			fprintf(stderr, "make-fbz: %s/%s: name too long\n", dir,
				file);
			return -ENAMETOOLONG;
		}
		/* It says itself what is wrong with the file. */
		return set_variable(m, *layer, name, path);
	} else {
		fprintf(stderr, "make-fbz: not a statement of a manifest: %s\n",
			line);
		return -EINVAL;
	}
	if (rc)
		fprintf(stderr, "make-fbz: %s\n", akida_model_error(m));
	return rc;
}

static int read_layers(struct akida_model *m, const char *dir)
{
	char path[PATH_MAX], line[LINE];
	int layer = -1, rc;
	FILE *f;

	rc = snprintf(path, sizeof(path), "%s/manifest.txt", dir);
	if (rc < 0 || (size_t)rc >= sizeof(path)) {
		fprintf(stderr, "make-fbz: %s: name too long\n", dir);
		return -ENAMETOOLONG;
	}
	f = fopen(path, "r");
	if (!f) {
		rc = -errno;
		fprintf(stderr, "make-fbz: %s: %s\n", path, strerror(-rc));
		return rc;
	}
	rc = 0;
	while (!rc && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		rc = statement(m, dir, line, &layer);
	}
	if (!rc && ferror(f)) {
		fprintf(stderr, "make-fbz: %s: cannot read\n", path);
		rc = -EIO;
	}
	fclose(f);
	return rc;
}

static void report(void *arg, const char *layer, const char *text)
{
	enum akida_target *target = arg;

	fprintf(stderr, "make-fbz: %s: layer '%s': %s\n",
		akida_target_name(*target), layer, text);
}

static int check(struct akida_model *m)
{
	enum akida_target targets[] = { AKIDA_TARGET_AKD1000,
					AKIDA_TARGET_AKD1500 };
	size_t i;
	int rc = akida_model_check_runnable(m);

	for (i = 0; !rc && i < sizeof(targets) / sizeof(*targets); i++) {
		rc = akida_model_check_target(m, targets[i], report,
					      &targets[i]);
		/* Broken rules have been reported; errors have a text. */
		if (rc > 0)
			return -ERANGE;
	}
	if (rc)
		fprintf(stderr, "make-fbz: %s\n", akida_model_error(m));
	return rc;
}

int main(int argc, char **argv)
{
	struct akida_model *m;
	int rc;

	if (argc != 3) {
		fprintf(stderr, "usage: make-fbz DIR OUT.fbz\n");
		return 2;
	}
	m = akida_model_new();
	if (!m) {
		fprintf(stderr, "make-fbz: out of memory\n");
		return 1;
	}
	rc = read_layers(m, argv[1]);
	if (!rc)
		rc = check(m);
	if (!rc) {
		rc = akida_model_save(m, argv[2], 0);
		if (rc)
			fprintf(stderr, "make-fbz: %s\n", akida_model_error(m));
	}
	akida_model_free(m);
	return rc ? 1 : 0;
}
