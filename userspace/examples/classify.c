// SPDX-License-Identifier: LGPL-2.1-or-later
/* classify MODEL.fbz PICTURE: which class has the highest score? */
#include <stdio.h>
#include <stdlib.h>

#include <akida/akida.h>

int main(int argc, char **argv)
{
	struct akida_model *model = akida_model_new();
	struct akida_device *soft = akida_device_new();
	struct akida_program *program = akida_program_new(soft);
	struct akida_array *picture = akida_array_new();
	struct akida_program_info info = { 0 };
	size_t n = 0, best = 0, i;
	float *scores = NULL;
	void *out = NULL;
	int ok = argc == 3 && !akida_model_load(model, argv[1]) && !akida_device_open(soft, "soft") &&
		 !akida_program_load(program, model, NULL) && !akida_program_info(program, &info, sizeof(info)) &&
		 !akida_array_load_image(picture, argv[2], info.input.channels) &&
		 !akida_array_resize_image(picture, info.input.height, info.input.width, 0);
	if (ok) {
		n = (size_t)info.output.height * info.output.width * info.output.channels;
		out = malloc(info.output_size);
		scores = malloc(n * sizeof(*scores));
		ok = out && scores &&
		     !akida_program_run(program, akida_array_data(picture), info.input_size, out, info.output_size, 1) &&
		     !akida_program_scores(program, out, info.output_size, scores, n);
	}
	for (i = 1; ok && i < n; i++)
		best = scores[i] > scores[best] ? i : best;
	if (ok)
		printf("class %zu, score %.2f\n", best, (double)scores[best]);
	else
		fprintf(stderr, "classify MODEL.fbz PICTURE: %s%s%s\n", akida_model_error(model),
			akida_program_error(program), akida_array_error(picture));
	free(scores);
	free(out);
	akida_array_free(picture);
	akida_program_free(program);
	akida_device_free(soft);
	akida_model_free(model);
	return !ok;
}
