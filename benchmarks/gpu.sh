#!/usr/bin/env bash
# Measures the detector on an NVIDIA GPU in one run: fp32 and fp16 with IO binding on the CUDA provider and, where its
# libraries are installed, on the TensorRT provider; batches of 1 to 64, each against a bare loop of ONNX Runtime's
# session (aim: at least 0.9). Prints one JSON line a case, with the name of the GPU; progress goes to standard error.
#
#   benchmarks/gpu.sh [--quick] [--tensorrt] > gpu.jsonl
#
# --tensorrt installs NVIDIA's TensorRT as well (about 4 GB). PYTHON names the Python (3.11 or newer) that a virtual
# environment in build/gpu is made with; GOREWATCH_PYTHON one that has gorewatch installed, and nothing is installed.
# GOREWATCH_PROVIDER=cpu tries the script without a GPU. GOREWATCH_MODEL names another model.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { echo "benchmarks/gpu.sh: $*" >&2; exit 2; }

provider=${GOREWATCH_PROVIDER:-cuda}
quick=() tensorrt=
for argument in "$@"; do
  case $argument in
    --quick) quick=(--quick) ;;
    --tensorrt) tensorrt=yes ;;
    *) fail "unknown argument $argument; use --quick or --tensorrt." ;;
  esac
done

gpu=
if [[ $provider != cpu ]]; then
  command -v nvidia-smi >/dev/null \
    || fail "there is no nvidia-smi, so no NVIDIA driver; GOREWATCH_PROVIDER=cpu benchmarks/gpu.sh --quick does without."
  gpu=$(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null | head -1) \
    || fail "nvidia-smi finds no GPU; look at what it says."
fi

python=${GOREWATCH_PYTHON:-}
if [[ -z $python ]]; then
  base=${PYTHON:-}
  if [[ -z $base ]]; then
    for one in python3 python3.12 python3.11; do
      if "$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then base=$one; break; fi
    done
  fi
  [[ -n $base ]] || fail "Python 3.11 or newer is needed; name one with PYTHON=/path/to/python3.12."
  mkdir -p build
  "$base" -m venv build/gpu >&2 || fail "no virtual environment can be made with $base; on Debian install python3-venv."
  python=build/gpu/bin/python
  extra=; [[ $provider == cpu ]] || extra='[cuda]'
  "$python" -m pip --disable-pip-version-check install --quiet -c constraints.txt ".$extra" >&2
  [[ -z $tensorrt ]] || "$python" -m pip --disable-pip-version-check install --quiet tensorrt-cu12 >&2
fi

providers=("$provider")
if [[ $provider == cuda ]] && "$python" -c 'import tensorrt_libs' 2>/dev/null; then
  providers+=(tensorrt)
  libraries=$("$python" -c 'import tensorrt_libs; print(tensorrt_libs.__path__[0])')
  export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi

for provider in "${providers[@]}"; do
  GOREWATCH_PROVIDER=$provider "$python" -m web bench score "${quick[@]}" | tail -1 | GPU=$gpu "$python" -c '
import json, os, sys

score = json.load(sys.stdin)
shared = {"gpu": os.environ["GPU"] or None, **{key: score[key] for key in ("provider", "commit", "machine")}}
for case in score["by_threads"]:
    against = score["vs_session_by"][case["variant"]][str(case["batch"])]
    print(json.dumps({"bench": "gpu", **shared, **case, "vs_session": against}))
'
done
