"""What tests of arrays share: they need the extras that bring NumPy, Pillow and pyarrow."""

import pytest

pytest.importorskip("numpy")
