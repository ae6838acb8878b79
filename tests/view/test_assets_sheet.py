import numpy as np
import pytest
import trimesh
from PIL import Image
from typer.testing import CliRunner

from odd_bench.cli.assets import app
from odd_bench.view.assets_sheet import SIZE, folder_tiles, manifest_tiles, save_sheet


def test_a_folder_of_meshes_is_shown_and_unreadable_ones_are_reported(tmp_path):
    (tmp_path / "box").mkdir()
    for number in range(4):
        mesh = trimesh.creation.box((1, 1, 1 + number))
        mesh.visual.face_colors = (200, 30, 30, 255)
        mesh.export(tmp_path / "box" / f"box_{number}.ply")
    (tmp_path / "bad.stl").write_text("not a mesh")
    tiles, refused = folder_tiles(tmp_path, 40)
    assert [caption for caption, _ in tiles] == [f"box_{number}" for number in range(4)]
    assert list(refused) == [str(tmp_path / "bad.stl")]
    for _, picture in tiles:
        assert picture.shape == (SIZE, SIZE, 3)
        red = (picture[..., 0] > 1.5 * picture[..., 1]).mean()
        assert 0.05 < red < 0.95
    assert len(folder_tiles(tmp_path / "box", 2)[0]) == 2
    result = CliRunner().invoke(app, ["preview", str(tmp_path), "--sheet", str(tmp_path / "sheet.png")])
    assert result.exit_code == 1 and "4 shown, 1 refused" in result.output


def test_texture_sets_are_shown_by_their_colour(tmp_path):
    for name, color in (("oak_diff_1k.jpg", (150, 90, 40)), ("oak_rough_1k.jpg", (128, 128, 128))):
        (tmp_path / "oak").mkdir(exist_ok=True)
        Image.new("RGB", (64, 64), color).save(tmp_path / "oak" / name)
    ((caption, picture),), refused = folder_tiles(tmp_path, 40)
    assert caption == "oak" and not refused
    assert np.abs(picture.astype(int).mean(axis=(0, 1)) - (150, 90, 40)).max() < 4


@pytest.mark.blender
def test_environments_and_floors_are_drawn_by_blender(tmp_path):
    from odd_bench.assets.manifest_file import load
    from odd_bench.view.assets_sheet import _floor_tiles

    tiles, refused = manifest_tiles(load("environments"), tmp_path, 2)
    assert [caption for caption, _ in tiles] == ["city", "courtyard"] and not refused
    assert all(picture.shape == (SIZE // 2, SIZE, 3) and picture.std() > 20 for _, picture in tiles)
    ((_, floor),) = _floor_tiles(["tiles"])
    assert floor.shape == (SIZE, SIZE, 3) and 40 < floor.mean() < 230
    (tmp_path / "bad.exr").write_text("no picture")
    tiles, refused = folder_tiles(tmp_path, 5)
    assert not tiles and list(refused) == [str(tmp_path / "bad.exr")]
    save_sheet(tiles, tmp_path / "empty.png")
