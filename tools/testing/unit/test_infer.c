// SPDX-License-Identifier: GPL-2.0
/*
 * Networks whose architecture their tensors tell: PyTorch's state dicts and
 * safetensors files of dense layers, normalisation and snnTorch's neurons must
 * give what PyTorch computes; what cannot be told is refused.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "akida/array.h"
#include "cmocka_all.h"
#include "convert/graph.h"
#include "model/model.h"
#include "python.h"
#include "temp_dir.h"

/* Names of Leaky's buffers: snntorch/_neurons/neurons.py. */
static const char script[] =
	"import sys, json, numpy as np, torch, torch.nn as nn\n"
	"torch.manual_seed(3)\n"
	"d = sys.argv[1] + '/'\n"
	"class Leaky(nn.Module):\n"
	"    def __init__(self, beta, threshold, worth=1.0):\n"
	"        super().__init__()\n"
	"        self.register_buffer('threshold', torch.as_tensor(threshold))\n"
	"        self.register_buffer('graded_spikes_factor', torch.as_tensor(worth))\n"
	"        self.register_buffer('reset_mechanism_val', torch.as_tensor(0))\n"
	"        self.register_buffer('beta', torch.as_tensor(beta))\n"
	"    def forward(self, x):\n"
	"        return (x > self.threshold).float() * self.graded_spikes_factor\n"
	"class Named(nn.Module):\n"
	"    def __init__(self, beta):\n"
	"        super().__init__()\n"
	"        self.fc1, self.fc2, self.fc10 = nn.Linear(6, 9), nn.Linear(9, 8), nn.Linear(8, 3)\n"
	"        self.lif1, self.lif2 = Leaky(beta, 0.1, 0.5), Leaky(0.0, torch.rand(8) - 0.5)\n"
	"    def forward(self, x):\n"
	"        return self.fc10(self.lif2(self.fc2(self.lif1(self.fc1(x)))))\n"
	"class Words(nn.Module):\n"
	"    def __init__(self):\n"
	"        super().__init__()\n"
	"        self.hidden, self.head = nn.Linear(6, 9), nn.Linear(9, 3, bias=False)\n"
	"    def forward(self, x):\n"
	"        return self.head(torch.relu(self.hidden(x)))\n"
	"def safetensors(name, state):\n"
	"    h, data = {}, b''\n"
	"    for k in sorted(state):\n"
	"        a = np.ascontiguousarray(state[k].numpy())\n"
	"        t = {'float32': 'F32', 'int64': 'I64'}[str(a.dtype)]\n"
	"        h[k] = {'dtype': t, 'shape': list(state[k].shape), 'data_offsets': [len(data), len(data) + a.nbytes]}\n"
	"        data += a.tobytes()\n"
	"    h = json.dumps(h).encode()\n"
	"    open(name, 'wb').write(len(h).to_bytes(8, 'little') + h + data)\n"
	"bn = nn.BatchNorm1d(9)\n"
	"bn.running_mean.uniform_(-1, 1); bn.running_var.uniform_(0.5, 2); bn.weight.data.uniform_(-1, 1)\n"
	"bn.bias.data.uniform_(-1, 1)\n"
	"x = torch.rand(5, 6) * 2 - 1\n"
	"np.save(d + 'x', x.numpy())\n"
	"for name, m in (('seq', nn.Sequential(nn.Linear(6, 9), nn.ReLU(), nn.Linear(9, 3))),\n"
	"                ('norm', nn.Sequential(nn.Linear(6, 9), bn, nn.ReLU(), nn.Linear(9, 3))),\n"
	"                ('snn', Named(0.0)), ('leaky', Named(0.5)), ('words', Words()),\n"
	"                ('conv', nn.Sequential(nn.Conv2d(1, 2, 3))), ('gap', nn.Sequential(nn.Linear(6, 9), nn.Linear(8, 3))),\n"
	"                ('layernorm', nn.Sequential(nn.Linear(6, 9), nn.LayerNorm(9)))):\n"
	"    m = m.eval()\n"
	"    torch.save(m.state_dict(), d + name + '.pt')\n"
	"    safetensors(d + name + '.safetensors', m.state_dict())\n"
	"    if name not in ('conv', 'gap', 'layernorm'):\n"
	"        np.save(d + name, m(x).detach().numpy())\n";

static struct akida_array *array(const char *name)
{
	struct akida_array *a = akida_array_new();
	char file[64];

	snprintf(file, sizeof(file), "%s.npy", name);
	assert_non_null(a);
	if (akida_array_load_npy(a, temp_path(file)))
		fail_msg("%s", akida_array_error(a));
	return a;
}

static void agrees(const char *name, const char *ending, const char *options,
		   const char *note)
{
	struct akida_array *x = array("x"), *y = array(name);
	struct ak_graph *g = NULL;
	struct ak_err err = { "" };
	struct ak_eval *e = NULL;
	char file[64];
	float out[3];
	size_t i, k;

	snprintf(file, sizeof(file), "%s.%s", name, ending);
	if (ak_graph_import(temp_path(file), NULL, options, &g, &err))
		fail_msg("%s", err.text);
	assert_int_equal(g->input.channels, 6);
	assert_int_equal(g->op[g->num_ops - 1].out.channels, 3);
	assert_non_null(g->note);
	if (!strstr(g->note, note))
		fail_msg("'%s' expected: %s", note, g->note);
	assert_int_equal(ak_eval_new(g, 1, &e, &err), 0);
	for (i = 0; i < 5; i++) {
		ak_eval_run(e, (float *)akida_array_data(x) + 6 * i, out, NULL,
			    NULL);
		for (k = 0; k < 3; k++)
			assert_float_equal(
				out[k],
				((float *)akida_array_data(y))[3 * i + k],
				1e-5);
	}
	ak_eval_free(e);
	ak_graph_free(g);
	akida_array_free(x);
	akida_array_free(y);
}

static void refused(const char *file, const char *words)
{
	struct ak_graph *g = NULL;
	struct ak_err err = { "" };

	if (!ak_graph_import(temp_path(file), NULL, NULL, &g, &err) ||
	    !strstr(err.text, words) || !strstr(err.text, file))
		fail_msg("'%s' expected: %s", words, err.text);
}

static void test_infer(void **state)
{
	static const char *const endings[] = { "pt", "safetensors" };
	size_t i;

	(void)state;
	if (!have_python("numpy, torch"))
		skip();
	run_python(script, temp_path(""), NULL);
	for (i = 0; i < 2; i++) {
		agrees("seq", endings[i], NULL,
		       "read as 0 (6 to 9), ReLU, 2 (9 to 3); if");
		agrees("norm", endings[i], NULL,
		       "0 (6 to 9), 1 (epsilon 1e-5), ReLU, 3 (9 to 3)");
		agrees("snn", endings[i], NULL,
		       "fc1 (6 to 9), lif1, fc2 (9 to 8), lif2, fc10 (8 to 3)");
		agrees("leaky", endings[i], "ignore-beta", "lif1");
	}
	/* Without numbers a state dict's own order counts. */
	agrees("words", "pt", NULL, "hidden (6 to 9), ReLU, head (9 to 3)");
	refused("words.safetensors", "do not tell the order");
	for (i = 0; i < 2; i++) {
		char file[64];

		snprintf(file, sizeof(file), "leaky.%s", endings[i]);
		refused(file, "beta 0.5: Akida keeps no membrane potential");
		snprintf(file, sizeof(file), "conv.%s", endings[i]);
		refused(file, "'0' is a convolution");
		snprintf(file, sizeof(file), "gap.%s", endings[i]);
		refused(file,
			"'1' takes 8 inputs; the layer before it gives 9");
		snprintf(file, sizeof(file), "layernorm.%s", endings[i]);
		refused(file, "'1' is none of Linear");
	}
}

/* JSON says it, too; what a file says of its neurons is looked at. */
static void test_spike(void **state)
{
	struct ak_graph *g = NULL;
	struct ak_err err = { "" };
	const char *arch;

	(void)state;
	if (!have_python("numpy, torch"))
		skip();
	run_python(script, temp_path(""), NULL);
	arch = temp_text(
		"a.json",
		"{\"input\": [1, 1, 6], \"layers\": [{\"type\": \"dense\","
		" \"name\": \"fc1\"}, {\"type\": \"spike\", \"name\": \"lif1\"},"
		" {\"type\": \"dense\", \"name\": \"fc2\"}]}");
	assert_int_equal(
		ak_graph_import(temp_path("snn.pt"), arch, NULL, &g, &err), 0);
	assert_null(g->note);
	assert_int_equal(g->num_ops, 4);
	assert_int_equal(g->op[1].kind, AK_OP_SPIKE);
	assert_true(g->op[1].threshold[8] == 0.1f);
	assert_int_equal(g->op[2].kind, AK_OP_AFFINE);
	assert_true(g->op[2].scale[8] == 0.5f && g->op[2].shift[8] == 0);
	ak_graph_free(g);
	g = NULL;
	assert_true(ak_graph_import(temp_path("leaky.pt"), arch, NULL, &g,
				    &err) < 0);
	assert_non_null(strstr(err.text, "layer 'lif1': a leaky neuron"));
	assert_non_null(strstr(err.text, "--ignore-beta"));
	assert_int_equal(ak_graph_import(temp_path("leaky.pt"), arch,
					 "ignore-beta", &g, &err),
			 0);
	ak_graph_free(g);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, temp_dir_make, temp_dir_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_infer),
		TEST(test_spike),
	};

	return cmocka_run_group_tests_name("infer", tests, NULL, NULL);
}
