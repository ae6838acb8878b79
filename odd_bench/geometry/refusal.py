"""The exception for a shape or a change that could not be made well. Its reasons are fixed phrases, which a run counts."""

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
    """A shape or a change could not be made well with these random draws.

    reason: one of the fixed phrases of this file; the run's report counts them. detail: what was found, for the message.
    """

    def __init__(self, reason: str, detail: str = ""):
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
