"""Quantizes a model with onnxruntime's own quantizer, as its documentation recommends.

usage: quantize_onnxruntime.py MODEL OUTPUT static|dynamic|weight-only [CALIBRATION]

CALIBRATION is a folder of .npz files, one a sample, with an array for each model input; static only. Prints one line of
JSON: seconds from the model's file to the quantized one, imports left out, and the process's peak resident MiB.
"""

import glob
import json
import os
import re
import sys
import tempfile
import time

import numpy
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.quantization.shape_inference import quant_pre_process

INTEGER_OPS = ("QuantizeLinear", "DynamicQuantizeLinear", "DynamicQuantizeLSTM", "MatMulNBits")


class Samples(CalibrationDataReader):
    def __init__(self, folder):
        self.files = iter(sorted(glob.glob(os.path.join(folder, "*.npz"))))

    def get_next(self):
        file = next(self.files, None)
        return None if file is None else dict(numpy.load(file))


def static(model, output, calibration):
    quantize_static(
        model,
        output,
        Samples(calibration),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )


def dynamic(model, output, _):
    quantize_dynamic(model, output, per_channel=True, weight_type=QuantType.QInt8)


def weight_only(model, output, _):
    quantizer = MatMulNBitsQuantizer(model, bits=4, block_size=32)
    quantizer.process()
    quantizer.model.save_model_to_file(output)


MODES = {"static": static, "dynamic": dynamic, "weight-only": weight_only}


def peak_mib():
    """The high-water mark of this process alone: getrusage counts what the parent held when it forked."""
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\s*(\d+) kB", status.read()).group(1)) / 1024


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
        MODES[mode](prepared, output, calibration)
        os.chdir(os.path.dirname(output))
    figures = {"seconds": time.perf_counter() - start, "peakMiB": peak_mib()}
    if not any(node.op_type in INTEGER_OPS for node in onnx.load(output).graph.node):
        sys.exit("quantizes nothing")
    print(json.dumps(figures))


main(*sys.argv[1:])
