/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Importers, for the table in import.c.
 */
#ifndef AK_IMPORT_H
#define AK_IMPORT_H

#include "convert/graph.h"

/**
 * ak_import_arch - weights by name (safetensors, PyTorch, .npz, .npy, GGUF)
 * with the architecture from a JSON file; Documentation/formats/arch.rst
 */
extern const struct ak_importer ak_import_arch;

/**
 * ak_import_onnx - ONNX graphs; Documentation/formats/onnx.rst
 */
extern const struct ak_importer ak_import_onnx;

/**
 * ak_import_keras - Keras models in .keras and .h5 files;
 * Documentation/formats/keras.rst
 */
extern const struct ak_importer ak_import_keras;

#endif /* AK_IMPORT_H */
