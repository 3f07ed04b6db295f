// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An echo-state network predicts a chaotic series (Mackey and Glass, 1977).
 *
 * A reservoir of neurons on a ring, which nobody trains, remembers the series;
 * a linear readout of its states is trained by ridge regression, made into an
 * int4 layer by libakida, and run on a device. Prints the errors of float and
 * int4 on values that follow those of training.
 *
 * Usage: echo_state [MODEL.fbz]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <akida/akida.h>

#define NEURONS 400
#define AHEAD 6 /* units of time to predict */
#define SKIPPED 200 /* states while the reservoir still knows how it began */
#define TRAINED 3000
#define TESTED 1000
#define STEPS (SKIPPED + TRAINED + TESTED)

#define RING 0.9 /* how much of a neuron's state the next one sees */
#define INPUT 0.5 /* how much of the series */
#define RIDGE 1e-6 /* of the mean power of a state */
#define RIDGE_LEVELS 3e-3 /* the same for states that were rounded */

/* An input of the int4 layer is one of 16 levels of a state of -1 to 1. */
#define LEVEL (2.0f / 15)

static float series[STEPS + AHEAD];
static float states[STEPS][NEURONS], rounded[STEPS][NEURONS];
static uint8_t levels[STEPS][NEURONS];
static double power[NEURONS + 1][NEURONS + 1], right[NEURONS + 1];

/* ds/dt = 0.2 s(t - 17) / (1 + s(t - 17)^10) - 0.1 s, in steps of 0.1 */
static void make_series(void)
{
	static double past[170];
	double s = 1.2;
	size_t i, k = 0;

	for (i = 0; i < 170; i++)
		past[i] = s;
	for (i = 0; i < (STEPS + AHEAD) * 10u; i++) {
		double late = past[k];

		past[k] = s;
		k = (k + 1) % 170;
		s += 0.1 * (0.2 * late / (1 + pow(late, 10)) - 0.1 * s);
		if (i % 10 == 9)
			series[i / 10] = (float)(s - 0.9);
	}
}

/* Each neuron sees the one before it on the ring, and the series. */
static void run_reservoir(void)
{
	uint32_t random = 1;
	float sign[NEURONS];
	size_t t, i;

	for (i = 0; i < NEURONS; i++) {
		random = random * 1664525u + 1013904223u;
		sign[i] = random >> 31 ? 1.0f : -1.0f;
	}
	for (t = 0; t < STEPS; t++) {
		for (i = 0; i < NEURONS; i++) {
			float before =
				t ? states[t - 1][(i + NEURONS - 1) % NEURONS] :
				    0;

			states[t][i] =
				tanhf((float)RING * before +
				      (float)INPUT * sign[i] * series[t]);
			levels[t][i] =
				(uint8_t)lrintf((states[t][i] + 1) / LEVEL);
			rounded[t][i] = levels[t][i] * LEVEL - 1;
		}
	}
}

/*
 * Solves (X'X + ridge) w = X'y by Cholesky's decomposition, X being states of
 * training and w the weights, with a bias at its end.
 */
static void train(const float (*state)[NEURONS], double ridge, float *weights,
		  float *bias)
{
	double x[NEURONS + 1], sum = 0;
	size_t t, i, j, k;

	memset(power, 0, sizeof(power));
	memset(right, 0, sizeof(right));
	x[NEURONS] = 1;
	for (t = SKIPPED; t < SKIPPED + TRAINED; t++) {
		for (i = 0; i < NEURONS; i++)
			x[i] = (double)state[t][i];
		for (i = 0; i <= NEURONS; i++) {
			for (j = 0; j <= i; j++)
				power[i][j] += x[i] * x[j];
			right[i] += x[i] * (double)series[t + AHEAD];
		}
	}
	for (i = 0; i < NEURONS; i++)
		sum += power[i][i];
	for (i = 0; i < NEURONS; i++)
		power[i][i] += ridge * sum / NEURONS;
	for (i = 0; i <= NEURONS; i++) {
		for (j = 0; j <= i; j++) {
			double v = power[i][j];

			for (k = 0; k < j; k++)
				v -= power[i][k] * power[j][k];
			power[i][j] = i == j ? sqrt(v) : v / power[j][j];
		}
		for (k = 0; k < i; k++)
			right[i] -= power[i][k] * right[k];
		right[i] /= power[i][i];
	}
	for (i = NEURONS + 1; i-- > 0;) {
		for (k = i + 1; k <= NEURONS; k++)
			right[i] -= power[k][i] * right[k];
		right[i] /= power[i][i];
	}
	for (i = 0; i < NEURONS; i++)
		weights[i] = (float)right[i];
	*bias = (float)right[NEURONS];
}

/* Root of the mean squared error, in standard deviations of the series. */
static double error(const float *have)
{
	const float *want = series + SKIPPED + TRAINED + AHEAD;
	double sum = 0, mean = 0, spread = 0;
	size_t t;

	for (t = 0; t < TESTED; t++)
		mean += (double)want[t] / TESTED;
	for (t = 0; t < TESTED; t++) {
		sum += pow((double)have[t] - (double)want[t], 2);
		spread += pow((double)want[t] - mean, 2);
	}
	return sqrt(sum / spread);
}

/* The readout as a network: what comes in are states, plus 1. */
static int build(struct akida_network *n, const float (*state)[NEURONS],
		 double ridge)
{
	const struct akida_shape in = { 1, 1, NEURONS };
	float shift[NEURONS], weights[NEURONS], bias;
	struct akida_network_layer from_zero = { .op = AKIDA_NETWORK_AFFINE,
						 .shift = shift };
	struct akida_network_layer readout = { .op = AKIDA_NETWORK_DENSE,
					       .name = "readout",
					       .filters = 1,
					       .weights = weights,
					       .bias = &bias };
	size_t i;

	for (i = 0; i < NEURONS; i++)
		shift[i] = -1;
	train(state, ridge, weights, &bias);
	return akida_network_input(n, &in) ||
	       akida_network_add(n, &from_zero, sizeof(from_zero)) ||
	       akida_network_add(n, &readout, sizeof(readout));
}

static int predict_float(struct akida_network *n, const float (*state)[NEURONS],
			 float *out)
{
	static float in[TESTED * NEURONS];
	size_t i;

	for (i = 0; i < TESTED * NEURONS; i++)
		in[i] = state[SKIPPED + TRAINED + i / NEURONS][i % NEURONS] + 1;
	return akida_network_run(n, in, out, TESTED, 0);
}

static int predict(struct akida_program *p, const uint8_t *in, float *out)
{
	int32_t potentials[TESTED];
	size_t t;

	if (akida_program_run(p, in, TESTED * NEURONS, potentials,
			      sizeof(potentials), TESTED))
		return -1;
	for (t = 0; t < TESTED; t++)
		if (akida_program_scores(p, &potentials[t],
					 sizeof(potentials[t]), &out[t], 1))
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	static float in_float[TESTED], on_levels[TESTED], in_int4[TESTED];
	struct akida_quantise_options options = { .input_scale = (double)LEVEL,
						  .input_bits = 4 };
	struct akida_network *network = akida_network_new();
	struct akida_device *soft = akida_device_new();
	struct akida_program *program = akida_program_new(soft);
	struct akida_model *model = NULL;
	const size_t test = SKIPPED + TRAINED;
	int ok;

	make_series();
	run_reservoir();
	ok = network && program && !build(network, states, RIDGE) &&
	     !predict_float(network, states, in_float) &&
	     !build(network, rounded, RIDGE_LEVELS) &&
	     !predict_float(network, rounded, on_levels) &&
	     !akida_network_quantise(network, levels[SKIPPED], TRAINED,
				     &options, sizeof(options), &model) &&
	     !akida_device_open(soft, "soft") &&
	     !akida_program_load(program, model, NULL) &&
	     !predict(program, levels[test], in_int4) &&
	     (argc < 2 || !akida_model_save(model, argv[1], 0));
	if (ok)
		printf("%d neurons, %d units of time ahead, %d values; errors in standard deviations:\n"
		       "the last value      %.4f\n"
		       "float               %.4f\n"
		       "float, 4-bit input  %.4f\n"
		       "int4, 4-bit input   %.4f\n",
		       NEURONS, AHEAD, TESTED, error(series + test),
		       error(in_float), error(on_levels), error(in_int4));
	else
		fprintf(stderr, "echo_state: %s%s%s\n",
			network ? akida_network_error(network) : "",
			program ? akida_program_error(program) : "",
			model ? akida_model_error(model) : "");
	akida_program_free(program);
	akida_device_free(soft);
	akida_model_free(model);
	akida_network_free(network);
	return !ok;
}
