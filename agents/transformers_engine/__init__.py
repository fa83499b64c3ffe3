"""Generation with a `transformers` model inside this process; imports torch, so import it only where it is used."""

from .batched_generator import BatchedGenerator, Generated

__all__ = ["BatchedGenerator", "Generated"]
