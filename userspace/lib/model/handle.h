/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is behind a struct akida_model: the file as data, and the model that
 * was understood from it.
 */
#ifndef AK_MODEL_HANDLE_H
#define AK_MODEL_HANDLE_H

#include <stdatomic.h>

#include "format/fbz.h"
#include "model/model.h"

/**
 * struct akida_model - a model
 * @refs: handles and programs that hold it
 * @programs: how many of @refs are programs; the model cannot change then
 * @err: last error
 * @file: names, integers and bytes
 * @model: typed layers over @file's arrays
 * @num_resolved: layers of @model that were understood
 * @runnable: 0, or why the model cannot be run (text in @why)
 * @stale: @file has changed since @model was made
 * @why: the reason behind @runnable
 * @warnings: sentences
 * @num_warnings: how many
 */
struct akida_model {
	atomic_uint refs;
	atomic_uint programs;
	struct ak_err err;
	struct fbz file;
	struct ak_model model;
	uint32_t num_resolved;
	int runnable;
	bool stale;
	struct ak_err why;
	char **warnings;
	uint32_t num_warnings;
};

/**
 * ak_model_interpret() - give a file's layers their meaning
 * @m: a model whose @file is set; @model, @num_resolved, @runnable, @why and
 *	the warnings are made anew
 */
void ak_model_interpret(struct akida_model *m);

/**
 * ak_model_hold() - keep a model for a program
 * @m: a model
 */
void ak_model_hold(struct akida_model *m);

/**
 * ak_model_release() - a program no longer needs the model
 * @m: a model
 */
void ak_model_release(struct akida_model *m);

#endif /* AK_MODEL_HANDLE_H */
