import torch
from tiny_sams import tiny_model

from sambench.models.sam.positions import keep_positions


def test_the_encoder_answers_the_same_and_gathers_no_more():
    encoder = tiny_model("sam").vision_encoder.requires_grad_(False)
    pixels = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    expected = encoder(pixels).last_hidden_state
    gathered = []
    for module in encoder.modules():
        if hasattr(module, "get_rel_pos"):
            own = module.get_rel_pos
            module.get_rel_pos = lambda *given, own=own: gathered.append(given) or own(*given)
    keep_positions(encoder)
    assert len(gathered) == 4
    assert torch.equal(encoder(pixels).last_hidden_state, expected)
    assert len(gathered) == 4
    other = next(module.get_rel_pos for module in encoder.modules() if hasattr(module, "get_rel_pos"))
    assert other(2, 2, torch.arange(3.0)[:, None]).tolist() == [[[1.0], [0.0]], [[2.0], [1.0]]]
    assert len(gathered) == 5
