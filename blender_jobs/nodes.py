"""Building shader node trees. Each call adds one node and returns it or its output socket."""

from __future__ import annotations

import bpy

Socket = bpy.types.NodeSocket
Value = Socket | float | tuple[float, ...]


class Nodes:
    """A node tree, cleared at first, to which each method adds a node with its links."""

    def __init__(self, tree: bpy.types.NodeTree):
        self.tree = tree
        tree.nodes.clear()

    def add(self, kind: str, inputs: dict[str | int, Value], **settings) -> bpy.types.Node:
        """Add a node of type `ShaderNode<kind>`. An input is a socket to link from, or a value to set."""
        node = self.tree.nodes.new(f"ShaderNode{kind}")
        for name, value in settings.items():
            setattr(node, name, value)
        for name, value in inputs.items():
            if isinstance(value, Socket):
                self.tree.links.new(value, node.inputs[name])
            else:
                node.inputs[name].default_value = value
        return node

    def math(self, operation: str, a: Value, b: Value = 0.0) -> Socket:
        """An operation on numbers, named as in Blender."""
        return self.add("Math", {0: a, 1: b}, operation=operation).outputs[0]

    def smoothstep(self, value: Value, low: float, high: float, to_low: float = 0.0, to_high: float = 1.0) -> Socket:
        """A smooth transition from to_low to to_high, while the value goes from low to high."""
        inputs = {"Value": value, "From Min": low, "From Max": high, "To Min": to_low, "To Max": to_high}
        return self.add("MapRange", inputs, interpolation_type="SMOOTHSTEP").outputs[0]

    def mix(self, factor: Value, a: Value, b: Value) -> Socket:
        """Linear interpolation between two colours, linear RGBA; factor 0 = a, 1 = b."""
        return self.add("Mix", {0: factor, 6: a, 7: b}, data_type="RGBA").outputs[2]

    def scale(self, vector: Value, factors: tuple[float, float, float]) -> Socket:
        """A vector times a factor per axis."""
        return self.add("VectorMath", {0: vector, 1: factors}, operation="MULTIPLY").outputs[0]

    def dimmed(self, color: Value, factor: Socket) -> Socket:
        """A colour times a factor."""
        return self.add("VectorMath", {0: color, "Scale": factor}, operation="SCALE").outputs[0]

    def shift(self, vector: Value, offset: Value) -> Socket:
        """A vector plus an offset."""
        return self.add("VectorMath", {0: vector, 1: offset}, operation="ADD").outputs[0]

    def separate(self, vector: Value) -> tuple[Socket, Socket, Socket]:
        """The three components of a vector or a colour."""
        return tuple(self.add("SeparateXYZ", {0: vector}).outputs)

    def noise(self, vector: Value, scale: float, detail: float = 2.0, roughness: float = 0.5) -> Socket:
        """Fractal noise around 0.5. scale: spatial frequency, per unit length."""
        inputs = {"Vector": vector, "Scale": scale, "Detail": detail, "Roughness": roughness}
        return self.add("TexNoise", inputs).outputs[0]

    def cells(self, vector: Value, scale: float, feature: str = "F1", randomness: float = 1.0) -> bpy.types.Node:
        """Voronoi cells. Outputs: Distance to the centre or the edge; Color, random per cell, but not for DISTANCE_TO_EDGE."""
        return self.add("TexVoronoi", {"Vector": vector, "Scale": scale, "Randomness": randomness}, feature=feature)
