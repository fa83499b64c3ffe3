"""An OpenAI-compatible server: llama.cpp with a model that a GGUF file holds.

python llama_server.py MODEL.gguf PORT CONTEXT SLOTS
"""

import sys
import threading

import xllamacpp


def main() -> None:
    path, port, context, slots = sys.argv[1:]
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.model_alias = {"reference"}
    params.hostnames = ["127.0.0.1"]
    params.port = int(port)
    params.n_ctx = int(context) * int(slots)
    params.n_parallel = int(slots)
    params.cpuparams.n_threads = 1  # more would spin against each other on a busy machine
    params.cpuparams_batch.n_threads = 1
    params.cache_type_k = xllamacpp.ggml_type.GGML_TYPE_F32
    params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.endpoint_metrics = True
    params.n_threads_http = 8 * int(slots)  # a thread serves a connection until it is closed
    params.use_jinja = True
    server = xllamacpp.Server(params)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()
