"""Tiny random SAM 3 models of phrases with CLIP's tokenizer, as folders in transformers' format."""

from pathlib import Path

import transformers
from safetensors.torch import load_file, save_file
from tiny_sams import HEAD, fill

START, END = 512, 513


def write_tokenizer(folder: Path) -> None:
    """Write CLIP's tokenizer without merges: 256 byte symbols, the same at a word's end, and two special tokens."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    moved = [byte for byte in range(256) if byte not in kept]
    symbols = [chr(byte) for byte in kept] + [chr(256 + place) for place in range(len(moved))]
    words = [*symbols, *(f"{symbol}</w>" for symbol in symbols), "<|startoftext|>", "<|endoftext|>"]
    transformers.CLIPTokenizer({word: i for i, word in enumerate(words)}, []).save_pretrained(folder)


def sam3_config() -> transformers.Sam3Config:
    """Return a configuration of 266,770 parameters, images of 112 pixels and 8 queries."""
    trunk = {
        "model_type": "sam3_vit_model",
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 112,
        "patch_size": 14,
        "window_size": 4,
        "global_attn_indexes": [1],
        "pretrain_image_size": 56,
    }
    text = {
        "model_type": "clip_text_model",
        "vocab_size": 600,
        "hidden_size": 32,
        "intermediate_size": 64,
        "projection_dim": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 32,
        "bos_token_id": START,
        "eos_token_id": END,
        "pad_token_id": END,
    }
    small = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64, "num_layers": 1}
    sizes = {"fpn_hidden_size": 32, "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]]}
    return transformers.Sam3Config(
        vision_config={"backbone_config": trunk, **sizes},
        text_config=text,
        geometry_encoder_config=small,
        detr_encoder_config=small,
        detr_decoder_config=small | {"num_queries": 8},
        mask_decoder_config=small,
    )


def write_sam3(folder: Path) -> None:
    """Save a `Sam3Model` with its tokenizer."""
    model = transformers.Sam3Model(sam3_config()).eval()
    fill(model)
    model.save_pretrained(folder)
    write_tokenizer(folder)


def write_sam3_video(folder: Path, doubled: bool = False) -> None:
    """Save a `Sam3VideoModel`, its tracker's prefix once as published, or twice as transformers 5 writes it."""
    detector = sam3_config()
    vision = detector.vision_config.to_dict() | {"model_type": "sam3_vision_model"}
    memory = {
        "memory_encoder_hidden_size": 32,
        "memory_encoder_output_channels": 32,
        "memory_attention_hidden_size": 32,
        "memory_attention_feed_forward_hidden_size": 32,
        "memory_attention_num_layers": 1,
        "memory_attention_rope_feat_sizes": [8, 8],
        "memory_fuser_num_layers": 1,
        "memory_fuser_embed_dim": 32,
        "memory_fuser_intermediate_dim": 32,
        "mask_downsampler_embed_dim": 32,
    }
    tracker = transformers.Sam3TrackerVideoConfig(
        vision_config=vision,
        prompt_encoder_config={"hidden_size": 32, "image_size": 112, "patch_size": 14},
        mask_decoder_config=HEAD,
        image_size=112,
        **memory,
    )
    config = transformers.Sam3VideoConfig(detector_config=detector.to_dict(), tracker_config=tracker.to_dict())
    model = transformers.Sam3VideoModel(config).eval()
    fill(model)
    model.save_pretrained(folder)
    file = folder / "model.safetensors"
    tensors = load_file(file)
    twice = "tracker_model.tracker_model."
    assert any(name.startswith(twice) for name in tensors)
    if not doubled:
        once = {name.replace(twice, "tracker_model."): tensor for name, tensor in tensors.items()}
        save_file(once, file, {"format": "pt"})
    write_tokenizer(folder)
