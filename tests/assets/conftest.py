import pytest

from tests.assets.server import serving


@pytest.fixture
def host():
    with serving() as running:
        yield running
