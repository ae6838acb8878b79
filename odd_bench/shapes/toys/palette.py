"""The colours (sRGB, 0..1) and the materials that toys share."""

from __future__ import annotations

from odd_bench.geometry.shape import Material

PLASTIC = Material("plastic", roughness=0.35, coat=0.2)
SATIN = Material("satin plastic", roughness=0.55)
RUBBER = Material("rubber", roughness=0.8, bump=0.1)
PAINTED_WOOD = Material("painted wood", roughness=0.45, coat=0.3)
WOOD = Material("wood", roughness=0.6, bump=0.2)
CERAMIC = Material("glazed ceramic", roughness=0.2, coat=0.7)
BISQUE = Material("matt ceramic", roughness=0.75, bump=0.15)
METAL = Material("polished metal", roughness=0.25, metallic=1.0)
BRUSHED = Material("brushed metal", roughness=0.45, metallic=0.9, bump=0.1)
ENAMEL = Material("enamelled metal", roughness=0.3, metallic=0.2, coat=0.6)
GLASS = Material("clear glass", roughness=0.05, coat=0.5, transmission=0.75)
FROSTED = Material("frosted glass", roughness=0.45, transmission=0.5)
FELT = Material("felt", roughness=0.95, bump=0.3)
PLUSH = Material("plush", roughness=1.0, bump=0.6)
CLOTH = Material("cloth", roughness=0.9, bump=0.4)
LEATHER = Material("leather", roughness=0.5, coat=0.15, bump=0.3)
STRAW = Material("straw", roughness=0.85, bump=0.5)
BEAD = Material("glossy bead", roughness=0.1, coat=1.0)

WHITE, CREAM, BLACK, CHARCOAL = (0.95, 0.95, 0.94), (0.95, 0.9, 0.78), (0.05, 0.05, 0.06), (0.2, 0.2, 0.22)
RED, ORANGE, YELLOW, GREEN = (0.83, 0.13, 0.12), (0.95, 0.5, 0.1), (0.97, 0.8, 0.15), (0.2, 0.6, 0.25)
TEAL, BLUE, NAVY, PURPLE = (0.1, 0.6, 0.6), (0.15, 0.4, 0.8), (0.12, 0.18, 0.4), (0.5, 0.25, 0.65)
PINK, BROWN, TAN, GREY = (0.95, 0.55, 0.68), (0.42, 0.26, 0.15), (0.78, 0.62, 0.42), (0.55, 0.56, 0.58)
GOLD, SILVER, COPPER = (0.88, 0.7, 0.32), (0.78, 0.79, 0.82), (0.78, 0.46, 0.33)
TOY = (RED, ORANGE, YELLOW, GREEN, TEAL, BLUE, PURPLE, PINK, (0.55, 0.78, 0.25), (0.35, 0.7, 0.92))
PASTEL = (
    (0.98, 0.8, 0.82),
    (0.99, 0.9, 0.7),
    (0.78, 0.92, 0.78),
    (0.74, 0.87, 0.96),
    (0.86, 0.8, 0.94),
    (0.99, 0.83, 0.7),
)
EARTH = (BROWN, TAN, (0.6, 0.4, 0.25), (0.68, 0.32, 0.2), (0.45, 0.45, 0.3), (0.3, 0.33, 0.36), (0.5, 0.55, 0.5))
DARK = (CHARCOAL, NAVY, (0.35, 0.08, 0.1), (0.08, 0.28, 0.2), (0.28, 0.14, 0.1))
METALS = (GOLD, SILVER, COPPER, (0.42, 0.43, 0.46))
WOODS = (
    ((0.85, 0.68, 0.45), (0.68, 0.48, 0.28)),
    ((0.7, 0.48, 0.28), (0.5, 0.31, 0.16)),
    ((0.5, 0.3, 0.17), (0.32, 0.18, 0.1)),
    ((0.75, 0.42, 0.26), (0.52, 0.25, 0.14)),
)
