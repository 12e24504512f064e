"""Quantizes a model with onnxruntime's own quantizer, as its documentation recommends.

usage: quantize_onnxruntime.py MODEL OUTPUT static|dynamic [CALIBRATION]

CALIBRATION is a folder of .npz files, one a sample, with an array for each model input. Prints one line of JSON: seconds
from the model's file to the quantized one, imports left out, and the process's peak resident MiB.
"""

import glob
import json
import os
import resource
import sys
import tempfile
import time

import numpy
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process


class Samples(CalibrationDataReader):
    def __init__(self, folder):
        self.files = iter(sorted(glob.glob(os.path.join(folder, "*.npz"))))

    def get_next(self):
        file = next(self.files, None)
        return None if file is None else dict(numpy.load(file))


def main(model, output, mode, calibration=None):
    # Shape inference leaves files in the working directory.
    model, output, calibration = (path and os.path.abspath(path) for path in (model, output, calibration))
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        prepared = os.path.join(work, "prepared.onnx")
        try:
            quant_pre_process(model, prepared)
        except Exception as error:  # symbolic shape inference gives up on some models
            print(f"pre-processing failed, quantizing the model as it is: {error}", file=sys.stderr)
            prepared = model
        if mode == "dynamic":
            quantize_dynamic(prepared, output, per_channel=True, weight_type=QuantType.QInt8)
        else:
            quantize_static(
                prepared,
                output,
                Samples(calibration),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
            )
        os.chdir(os.path.dirname(output))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peakMiB": peak}))


main(*sys.argv[1:])
