"""The two-way transformer of SAM's mask decoder, with what all prompts of an image share computed once.

The image tokens are the same for every prompt until the first image update, so the projections of the first layer that
read them are made once an image (`SharedImage`). Later projections of image tokens are never made at all: a product
`tokens @ (image @ W).T` is computed as `(tokens @ W.T) @ image.T`, which has heads x tokens (about 56) columns where
the projection has 128. Both are exact rearrangements of `TwoWayTransformer` of segment_anything and sam2.

Shapes: B prompts, T tokens a prompt, N image tokens, C channels, `heads` of D channels each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


class CrossAttention:
    """One attention between prompt tokens and image tokens, its weights split by head.

    Args:
        attention: `transformers`' attention module of a SAM-family mask decoder.
    """

    def __init__(self, attention: Any) -> None:
        self.q, self.k, self.v = attention.q_proj, attention.k_proj, attention.v_proj
        self.out: nn.Linear = attention.o_proj if hasattr(attention, "o_proj") else attention.out_proj
        self.heads: int = attention.num_attention_heads
        self.width = self.q.out_features // self.heads
        self.scale = self.width**-0.5

    def split(self, x: Tensor) -> Tensor:
        """(B, T, heads * D) -> (B, heads, T, D)."""
        return x.unflatten(-1, (self.heads, self.width)).transpose(1, 2)

    def by_head(self, linear: nn.Linear) -> Tensor:
        """Return an input projection's weight as (heads, D, C)."""
        return linear.weight.unflatten(0, (self.heads, self.width))

    def merge(self, x: Tensor) -> Tensor:
        """(B, heads, T, D) -> (B, T, C), through the output projection."""
        return self.out(x.transpose(1, 2).flatten(2))

    def values_out(self, tokens: Tensor) -> Tensor:
        """Return the tokens' values, already through the output projection: (B, heads * T, C).

        Attention weights of a head sum to one, so each head's values carry 1 / heads of the output bias.
        """
        weight = self.out.weight.T.unflatten(0, (self.heads, self.width))
        return (self.split(self.v(tokens)) @ weight + self.out.bias / self.heads).flatten(1, 2)


def tokens_to_image(attention: CrossAttention, tokens: Tensor, image: Tensor, image_pe: Tensor) -> Tensor:
    """Tokens (B, T, C) attend to image tokens (B, N, C), keys with positions; returns (B, T, C).

    The keys' bias adds the same to every score of a token and drops out of the softmax.
    """
    queries = (attention.split(attention.q(tokens)) * attention.scale) @ attention.by_head(attention.k)
    weights = (queries.flatten(1, 2) @ image_pe.transpose(1, 2)).softmax(-1)
    mixed = (weights @ image).unflatten(1, (attention.heads, -1))
    values = mixed @ attention.by_head(attention.v).transpose(1, 2)
    return attention.merge(values + attention.v.bias.view(attention.heads, 1, attention.width))


def image_to_tokens(
    attention: CrossAttention, image: Tensor, image_pe: Tensor, tokens_pe: Tensor, tokens: Tensor
) -> Tensor:
    """Image tokens (B, N, C) attend to tokens (B, T, C), keys with positions; returns image + answer, (B, N, C)."""
    keys = attention.split(attention.k(tokens_pe)) * attention.scale
    offset = keys @ attention.q.bias.view(attention.heads, attention.width, 1)
    scores = (keys @ attention.by_head(attention.q)).flatten(1, 2) @ image_pe.transpose(1, 2)
    weights = (scores.unflatten(1, (attention.heads, -1)) + offset).softmax(2).flatten(1, 2)
    return torch.baddbmm(image, weights.transpose(1, 2), attention.values_out(tokens))


@dataclass(frozen=True)
class SharedImage:
    """What all prompts of one image share in the first layer.

    Attributes:
        tokens: (N, C) image tokens, with the embedding that says "no mask prompt" added.
        keys: (heads, D, N) for the tokens' attention to the image.
        values: (heads, N, D) for the same.
        queries: (heads, D, N) for the image's attention to the tokens, scaled.
    """

    tokens: Tensor
    keys: Tensor
    values: Tensor
    queries: Tensor


class TwoWayTransformer:
    """The decoder's transformer over (B, T, C) prompt tokens and the image.

    Args:
        transformer: `transformers`' two-way transformer module of a SAM-family mask decoder.
        positions: (N, C) positional encoding of the image tokens.
    """

    def __init__(self, transformer: Any, positions: Tensor) -> None:
        self.layers = list(transformer.layers)
        self.to_image = [CrossAttention(layer.cross_attn_token_to_image) for layer in self.layers]
        self.to_tokens = [CrossAttention(layer.cross_attn_image_to_token) for layer in self.layers]
        self.final = CrossAttention(transformer.final_attn_token_to_image)
        self.final_norm = transformer.layer_norm_final_attn
        self.positions = positions
        # The references use torch's default here; transformers' SAM and SAM-HQ have 1e-6.
        for layer in self.layers:
            for norm in (layer.layer_norm1, layer.layer_norm2, layer.layer_norm3, layer.layer_norm4):
                norm.eps = 1e-5

    def share(self, tokens: Tensor) -> SharedImage:
        """Project the (N, C) image tokens once for all prompts without a mask."""
        to_image, to_tokens, with_pe = self.to_image[0], self.to_tokens[0], tokens + self.positions
        return SharedImage(
            tokens=tokens,
            keys=to_image.split(to_image.k(with_pe)[None])[0].transpose(1, 2).contiguous(),
            values=to_image.split(to_image.v(tokens)[None])[0].contiguous(),
            queries=to_tokens.split(to_tokens.q(with_pe)[None] * to_tokens.scale)[0].transpose(1, 2).contiguous(),
        )

    def __call__(self, tokens: Tensor, image: SharedImage | Tensor) -> tuple[Tensor, Tensor]:
        """Run all layers.

        Args:
            tokens: (B, T, C) output tokens followed by the prompt's.
            image: The shared image, or (B, N, C) image tokens of prompts that carry a mask each.

        Returns:
            (B, T, C) tokens and (B, N, C) image tokens.
        """
        queries, image_tokens = self._layer(0, tokens, tokens, image)
        for index in range(1, len(self.layers)):
            queries, image_tokens = self._layer(index, queries, tokens, image_tokens)
        answer = tokens_to_image(self.final, queries + tokens, image_tokens, image_tokens + self.positions)
        return self.final_norm(queries + answer), image_tokens

    def _layer(
        self, index: int, queries: Tensor, positions: Tensor, image: SharedImage | Tensor
    ) -> tuple[Tensor, Tensor]:
        """Run one layer: self attention, tokens to image, MLP, image to tokens; returns tokens and image tokens."""
        layer, to_image, to_tokens = self.layers[index], self.to_image[index], self.to_tokens[index]
        queries = layer.layer_norm1(self._self_attention(layer, queries, positions, first=index == 0))
        if isinstance(image, SharedImage):
            answer = _tokens_to_shared(to_image, queries + positions, image)
        else:
            image_pe = image + self.positions
            answer = tokens_to_image(to_image, queries + positions, image, image_pe)
        queries = layer.layer_norm2(queries + answer)
        queries = layer.layer_norm3(queries + layer.mlp(queries))
        if isinstance(image, SharedImage):
            updated = _shared_to_tokens(to_tokens, image, queries + positions, queries)
        else:
            updated = image_to_tokens(to_tokens, image, image_pe, queries + positions, queries)
        return queries, layer.layer_norm4(updated)

    @staticmethod
    def _self_attention(layer: Any, queries: Tensor, positions: Tensor, first: bool) -> Tensor:
        """Self attention of the tokens with its residual; the first layer has neither residual nor positions."""
        query = queries if first else queries + positions
        answer = layer.self_attn(query=query[None], key=query[None], value=queries[None])[0][0]
        return answer if first else queries + answer


def _tokens_to_shared(attention: CrossAttention, tokens: Tensor, image: SharedImage) -> Tensor:
    """Tokens (B, T, C) attend to the shared image; returns (B, T, C)."""
    batch = len(tokens)
    queries = attention.split(attention.q(tokens)) * attention.scale
    weights = (queries.transpose(0, 1).flatten(1, 2) @ image.keys).softmax(-1)
    values = (weights @ image.values).unflatten(1, (batch, -1)).transpose(0, 1)
    return attention.merge(values)


def _shared_to_tokens(attention: CrossAttention, image: SharedImage, tokens_pe: Tensor, tokens: Tensor) -> Tensor:
    """The shared image attends to tokens (B, T, C); returns image + answer, (B, N, C)."""
    batch = len(tokens)
    keys = attention.split(attention.k(tokens_pe)).transpose(0, 1).flatten(1, 2)
    scores = (keys @ image.queries).unflatten(1, (batch, -1)).transpose(0, 1)
    weights = scores.softmax(2).flatten(1, 2)
    return torch.baddbmm(image.tokens[None], weights.transpose(1, 2), attention.values_out(tokens))
