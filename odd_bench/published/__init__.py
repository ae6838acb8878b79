"""Import and export of scene folders in the layout of the published data sets.

- `plan`, `splits`, `run`, `report`, `finish`: `odd-bench data import`, from the folders to a data set;
- `scene_folder`, `names`, `metadata`, `exr`: the content of one folder;
- `scenes`, `agreement`, `amodal`, `visual_box`, `refused`: its scene, corrected and completed, or refused;
- `export`, `sidecar`: `odd-bench data export`.
"""
