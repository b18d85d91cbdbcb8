"""Arrays, images, sound and tables as typed inputs and outputs of any route: checked, limited, documented.

Each is said beside the type: `Annotated[NDArray[np.float32], Array(shape=(28, 28))]`. NumPy, Pillow and pyarrow are loaded
where a route asks for them.
"""

from .array import Array, NPYResponse
from .audio import Audio, Waveform, WAVResponse
from .encoded import Encoded
from .image import Image, JPEGResponse, PNGResponse
from .table import ArrowResponse, Table

__all__ = [
    "Array",
    "ArrowResponse",
    "Audio",
    "Encoded",
    "Image",
    "JPEGResponse",
    "NPYResponse",
    "PNGResponse",
    "Table",
    "WAVResponse",
    "Waveform",
]
