#!/bin/sh
# Parity with segment-anything, segment-anything-hq, sam2, MobileSAM, EdgeSAM, EfficientViT-SAM, RITM, ultralytics,
# tidecv and open_clip, in an environment of its own (about 6 GB: PyPI's torch comes with CUDA libraries; nothing needs a GPU). They
# import torchvision, which must match torch's build.
# Usage: tests/parity/run.sh [pytest arguments]. Exits with 77 where the environment cannot be built.
# SAMBENCH_PARITY_ENV names the environment's folder, .venv-parity by default.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
env=${SAMBENCH_PARITY_ENV:-$root/.venv-parity}
build() {
    "${PYTHON:-python3}" -m venv "$env" &&
        "$env/bin/pip" install -q torch==2.14.1 torchvision==0.29.1 &&
        "$env/bin/pip" install -q segment-anything==1.0 transformers==5.23.0 timm==1.0.31 safetensors \
            pycocotools opencv-python-headless matplotlib numba scipy hydra-core iopath tqdm setuptools wheel \
            pytest pytest-benchmark pytest-xdist hypothesis &&
        "$env/bin/pip" install -q --no-deps segment-anything-hq==0.3 mobilesam-mirror==1.0.0 efficientsam==1.0.0 \
            ultralytics==8.4.190 ultralytics-thop ritm-annotation==0.12.2 \
            visaion4edgesam==1.0 yacs loralib tidecv==1.0.1 open_clip_torch==3.3.0 ftfy==6.3.1 wcwidth &&
        "$env/bin/pip" install -q appdirs seaborn psutil py-cpuinfo polars accelerate lightning \
            fsspec h5py higra hotcoco jinja2 jsonschema lvis==0.5.3 pandas pyarrow rich scikit-image tabulate &&
        "$env/bin/pip" install -q --no-deps --no-build-isolation -e "$root" &&
        SAM2_BUILD_CUDA=0 "$env/bin/pip" install -q --no-deps --no-build-isolation sam2==1.1.0 &&
        touch "$env/complete"
}
if [ ! -e "$env/complete" ]; then
    build || { echo "the parity environment cannot be built here: $env" >&2; exit 77; }
fi
cd "$root"
PYTHONPATH=$root exec "$env/bin/python" -m pytest -q -W ignore -n 2 tests/parity tests/models/sam/test_sam_families.py \
    tests/engine/test_device_never_waits.py tests/callbacks "$@"
