"""Tiny random models of phrases, each with its tokenizer, as folders in transformers' format."""

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
    small = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64, "num_layers": 1}
    sizes = {"fpn_hidden_size": 32, "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]]}
    return transformers.Sam3Config(
        vision_config={"backbone_config": trunk, **sizes},
        text_config=clip_text(32) | {"model_type": "clip_text_model", "projection_dim": 16},
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


def clip_text(length: int) -> dict[str, int]:
    """Settings of a text encoder of CLIP."""
    return {
        "vocab_size": 600,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": length,
        "bos_token_id": START,
        "eos_token_id": END,
        "pad_token_id": END,
    }


def write_clipseg(folder: Path) -> None:
    """Save a CLIPSeg of 64-pixel images, patches of 16, with its tokenizer and its preparation of images."""
    vision = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "image_size": 64,
        "patch_size": 16,
    }
    config = transformers.CLIPSegConfig(
        text_config=clip_text(77),
        vision_config=vision,
        projection_dim=16,
        reduce_dim=16,
        extract_layers=[0, 1, 2],
        decoder_num_attention_heads=2,
        decoder_intermediate_size=32,
    )
    model = transformers.CLIPSegForImageSegmentation(config).eval()
    fill(model)
    model.save_pretrained(folder)
    transformers.ViTImageProcessorPil(size={"height": 64, "width": 64}).save_pretrained(folder)
    write_tokenizer(folder)


def write_owlv2(folder: Path) -> None:
    """Save an OWLv2 of 64-pixel images, patches of 16, with its tokenizer and its preparation of images."""
    vision = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 64,
        "patch_size": 16,
    }
    config = transformers.Owlv2Config(text_config=clip_text(16), vision_config=vision, projection_dim=32)
    model = transformers.Owlv2ForObjectDetection(config).eval()
    fill(model)
    model.save_pretrained(folder)
    transformers.Owlv2ImageProcessorPil(size={"height": 64, "width": 64}).save_pretrained(folder)
    write_tokenizer(folder)


def write_grounding_dino(folder: Path) -> None:
    """Save a Grounding DINO of 10 queries with BERT's tokenizer of single letters and its preparation of images."""
    swin = {
        "model_type": "swin",
        "image_size": 96,
        "embed_dim": 8,
        "depths": [1, 1, 1, 1],
        "num_heads": [1, 2, 2, 4],
        "window_size": 3,
        "out_indices": [2, 3, 4],
    }
    bert = {
        "model_type": "bert",
        "vocab_size": 64,
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": 64,
    }
    config = transformers.GroundingDinoConfig(
        backbone_config=swin,
        text_config=bert,
        num_queries=10,
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        max_text_len=24,
    )
    model = transformers.GroundingDinoForObjectDetection(config).eval()
    fill(model)
    model.save_pretrained(folder)
    size = {"shortest_edge": 96, "longest_edge": 160}
    transformers.GroundingDinoImageProcessorPil(size=size).save_pretrained(folder)
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", *letters, *(f"##{letter}" for letter in letters)]
    transformers.BertTokenizer({word: place for place, word in enumerate(words)}).save_pretrained(folder)
