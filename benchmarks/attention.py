"""Sparse attention between all cells of a scene's objects: masked, and by gathering each cell's own keys.

`PYTHONPATH=. python benchmarks/attention.py`: by the clock, on the GPU where there is one, in float32 and bfloat16; else on one
thread.
"""

from __future__ import annotations

import torch
from torch import Tensor

from benchmarks.paper import seconds
from odd_bench.detector.comparison.attention import Attention, mask_from_keys
from odd_bench.detector.correspondences import MatchingConfig, correspondences

OBJECTS, CELLS, WIDTH, HEADS, KEYS = 12, 512, 256, 8, 20
TO_REACH = 5


def gathered_attention(module: Attention, queries: Tensor, keys: Tensor, index: Tensor) -> Tensor:
    """The same as `module(queries, keys, mask)` by gathering each query's own keys: slow and large.

    index: (l, keys), no number twice in a row.
    """
    width = queries.shape[-1] // module.heads
    query = module.query(queries).unflatten(-1, (module.heads, width))  # (l, heads, d)
    key, value = (layer(keys)[index].unflatten(-1, (module.heads, width)) for layer in (module.key, module.value))
    weight = torch.softmax(torch.einsum("lhd,lkhd->lhk", query, key) / width**0.5, dim=-1)
    return module.out(torch.einsum("lhk,lkhd->lhd", weight, value).flatten(1))


@torch.no_grad()
def compare(device: torch.device, mixed: bool) -> None:
    module = Attention(WIDTH, HEADS).to(device)
    tokens = torch.randn(OBJECTS * CELLS, WIDTH, device=device)
    keys = correspondences(torch.randn(OBJECTS, CELLS, 128, device=device), MatchingConfig(k=KEYS))
    allowed, index = mask_from_keys(keys), keys.flatten(0, 1)

    def masked() -> Tensor:
        return module(tokens, tokens, allowed)

    def gathered() -> Tensor:
        return torch.cat([gathered_attention(module, tokens[i : i + CELLS], tokens, index[i : i + CELLS])
                          for i in range(0, len(tokens), CELLS)])  # fmt: skip

    with torch.autocast(device.type, torch.bfloat16, enabled=mixed):
        difference = float((masked() - gathered()).abs().max())
        slow, fast = seconds(gathered, device), seconds(masked, device)
    print(f"  {'bfloat16' if mixed else 'float32'}: gathering {1000 * slow:.2f} ms, masked {1000 * fast:.2f} ms "
          f"({slow / fast:.1f}x, to reach: {TO_REACH}x); largest difference {difference:.1e}")  # fmt: skip


def main() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    where = torch.cuda.get_device_name() if device.type == "cuda" else "one thread"
    print(f"sparse attention on {where}, {OBJECTS} objects of {CELLS} cells, {KEYS} keys a cell in each, {HEADS} heads")
    for mixed in (False, True) if device.type == "cuda" else (False,):
        compare(device, mixed)


if __name__ == "__main__":
    main()
