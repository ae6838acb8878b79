"""A shape or a change that could not be made well, and why: short fixed phrases, so that a run can count them."""

NOT_VISIBLE = "not visible"
TOO_SMALL = "change too small"
TOO_LARGE = "change too large"
FOLDS = "folds into itself"
STRETCHED = "stretched too far"
TOO_COARSE = "mesh too coarse"
NOT_CLOSED = "no longer closed"
FELL_APART = "no longer one body"
NO_PART = "no fitting part"
NO_JOINT = "part has no joint"
CAME_LOOSE = "part came loose"
SANK_IN = "part sank into the body"
NO_REGION = "no fitting region"
NO_FINISH = "no finish differs enough"
NO_TWIN = "no near twin"
NO_MODES = "no fracture modes found"
OPEN_MESH = "mesh is not closed"
SEVERAL_BODIES = "several separate bodies"
NO_FRAGMENT = "no fragment of a fitting size"


class Refusal(Exception):
    """Something that could not be made well with these draws; `reason` is a short fixed phrase, counted in the run's report."""

    def __init__(self, reason: str, detail: str = ""):
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
