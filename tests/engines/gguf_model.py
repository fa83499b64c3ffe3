"""The reference model as a GGUF file, the form that llama.cpp loads."""

from __future__ import annotations

import json
from pathlib import Path


def save_as_gguf(folder: Path, path: Path) -> Path:
    """Converts a Qwen2 model that `save_reference_model` wrote, in float32."""
    import gguf
    from safetensors.numpy import load_file

    config = json.loads((folder / "config.json").read_text())
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[gguf.MODEL_ARCH.QWEN2])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    _add_tokenizer(writer, folder)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN2, config["num_hidden_layers"])
    for name, tensor in load_file(folder / "model.safetensors").items():
        known = names.get_name(name, try_suffixes=(".weight", ".bias"))
        assert known is not None, f"GGUF has no name for {name}"
        writer.add_tensor(known, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_tokenizer(writer: object, folder: Path) -> None:
    import gguf
    from transformers import AutoTokenizer

    assert isinstance(writer, gguf.GGUFWriter)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    specials = set(tokenizer.get_added_vocab())
    tokens = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    merges = json.loads((folder / "tokenizer.json").read_text())["model"]["merges"]
    kinds = [gguf.TokenType.CONTROL if token in specials else gguf.TokenType.NORMAL for token in tokens]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_add_bos_token(False)
    writer.add_chat_template(tokenizer.chat_template)
