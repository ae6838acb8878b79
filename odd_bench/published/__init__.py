"""Import and export of the published data sets' folders.

- `plan`, `splits`, `run`, `report`, `finish`: `odd-bench data import`, from the folders to a data set;
- `scene_folder`, `names`, `metadata`, `exr`: one folder as it is;
- `scenes`, `agreement`, `amodal`, `visual_box`, `refused`: a scene made of it: corrected, completed or refused;
- `export`, `sidecar`: `odd-bench data export`.
"""
