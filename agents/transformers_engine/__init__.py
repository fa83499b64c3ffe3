"""Generation with a `transformers` model in this process; imports torch, so import it where it is used."""

from .batched_generator import BatchedGenerator, Generated

__all__ = ["BatchedGenerator", "Generated"]
