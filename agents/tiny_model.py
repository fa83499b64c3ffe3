"""A Qwen2-architecture policy from scratch: a tokenizer with Qwen's special tokens, and a small random model.

It stands where a pre-trained coder stands on larger machines, and loads through the same `from_pretrained`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import Field

from .run_settings.section import Section

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""ChatML without Qwen's default system prompt."""
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Pre-tokenisation of Qwen2: every digit is a token of its own."""


class TinyModelConfig(Section):
    """Size of the model built from scratch."""

    hidden_size: int = Field(default=128, ge=16)
    intermediate_size: int = Field(default=256, ge=16)
    layers: int = Field(default=3, ge=1)
    heads: int = Field(default=4, ge=1)
    key_value_heads: int = Field(default=2, ge=1)
    vocabulary: int = Field(default=1024, ge=300)
    context: int = Field(default=2048, ge=128)

    def architecture(self) -> dict[str, Any]:
        """What the model's own `config.json` says of its size, by the names of `transformers`."""
        return {
            "hidden_size": self.hidden_size,
            "intermediate_size": self.intermediate_size,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.key_value_heads,
            "max_position_embeddings": self.context,
            "vocab_size": self.vocabulary,
            "tie_word_embeddings": True,
        }


def train_tokenizer(corpus: Iterable[str], vocabulary: int) -> Any:
    """Learns a byte-level BPE from texts.

    Returns:
        A `transformers` fast tokenizer with ChatML template; `<|im_end|>` ends a turn.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.normalizer = normalizers.NFC()  # as Qwen2Tokenizer, which `AutoTokenizer` makes of this one, sets it
    core.pre_tokenizer = _pre_tokenizer()
    core.decoder = decoders.ByteLevel()
    specials = [AddedToken(text, special=True) for text in ("<|endoftext|>", "<|im_start|>", "<|im_end|>")]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=specials,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(corpus, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        clean_up_tokenization_spaces=False,
    )
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def _pre_tokenizer() -> Any:
    from tokenizers import Regex, pre_tokenizers

    split = pre_tokenizers.Split(Regex(_SPLIT), behavior="isolated")
    bytes_only = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([split, bytes_only])


def make_model(config: TinyModelConfig, tokenizer: Any, seed: int) -> Any:
    """A `Qwen2ForCausalLM` with random weights that depend on `seed` alone, in float32."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Qwen2ForCausalLM(
            Qwen2Config(
                **config.architecture() | {"vocab_size": len(tokenizer)},
                bos_token_id=None,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )
        )


def save(model: Any, tokenizer: Any, folder: Path) -> None:
    """Writes model and tokenizer so that `from_pretrained(folder)` loads them."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
