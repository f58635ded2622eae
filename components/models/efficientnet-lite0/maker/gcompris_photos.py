"""Extract the public-domain and CC0 photos of GCompris from its resource files.

GCompris ships its pictures in Qt binary resource (.rcc) files. The photos of
animals and monuments in them serve to calibrate the quantised model and to
check it: every other photo goes to `calibration`, the rest to `held-out`.
"""

from __future__ import annotations

import argparse
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

ACTIVITIES = ("explore_farm_animals", "explore_monuments", "explore_world_animals")

# Not in the public domain or CC0.
SHARE_ALIKE = {
    "wonders-chichenItza.webp",
    "wonders-christTheRedeemer.webp",
    "wonders-tajMahal.webp",
}

# Among the photos of components/inference/photos.
IN_REPOSITORY = {
    "animals-dog.webp",
    "animals-panda.webp",
    "animals-scarlet_macaw.webp",
    "france-pontduGard.webp",
    "germany-neuschwansteinCastle.webp",
}

_COMPRESSED, _DIRECTORY, _COMPRESSED_ZSTD = 1, 2, 4


class ResourceFile:
    """A Qt binary resource file held in memory."""

    def __init__(self, data: bytes):
        if data[:4] != b"qres":
            raise ValueError("not a Qt resource file")
        self._data = data
        version, self._tree, self._contents, self._names = struct.unpack_from(">4I", data, 4)
        self._entry_size = 14 if version < 2 else 22

    def _name(self, offset: int) -> str:
        start = self._names + offset
        (length,) = struct.unpack_from(">H", self._data, start)
        return self._data[start + 6 : start + 6 + 2 * length].decode("utf-16-be")

    def _content(self, offset: int, flags: int) -> bytes:
        if flags & _COMPRESSED_ZSTD:
            raise ValueError("zstd-compressed resources are not supported")
        start = self._contents + offset
        (length,) = struct.unpack_from(">I", self._data, start)
        content = self._data[start + 4 : start + 4 + length]
        return zlib.decompress(content[4:]) if flags & _COMPRESSED else content

    def files(self, suffix: str) -> Iterator[tuple[PurePosixPath, bytes]]:
        """Yield path and content of every file whose name ends in `suffix`."""
        pending = [(0, PurePosixPath())]
        while pending:
            index, parent = pending.pop()
            entry = self._tree + index * self._entry_size
            name_offset, flags = struct.unpack_from(">IH", self._data, entry)
            path = parent / self._name(name_offset) if index else parent
            if flags & _DIRECTORY:
                count, first = struct.unpack_from(">2I", self._data, entry + 6)
                pending += [(child, path) for child in range(first, first + count)]
            elif path.name.endswith(suffix):
                (offset,) = struct.unpack_from(">I", self._data, entry + 10)
                yield path, self._content(offset, flags)


def read_photos(resources: Path) -> dict[str, bytes]:
    """Return the photos in the resource files, by file name."""
    return {
        f"{path.parent.name}-{path.name}": content
        for activity in ACTIVITIES
        for path, content in ResourceFile((resources / f"{activity}.rcc").read_bytes()).files(".webp")
    }


def write_photos(photos: dict[str, bytes], names: list[str], directory: Path) -> None:
    """Write the named photos to a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in names:
        (directory / name).write_bytes(photos[name])
    print(f"{directory.name}: {len(names)} photos")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("resources", type=Path, help="directory with the .rcc files")
    parser.add_argument("output", type=Path, help="directory to make calibration/ and held-out/ in")
    arguments = parser.parse_args()
    photos = read_photos(arguments.resources)
    names = sorted(set(photos) - SHARE_ALIKE - IN_REPOSITORY)
    write_photos(photos, names[0::2], arguments.output / "calibration")
    write_photos(photos, names[1::2], arguments.output / "held-out")


if __name__ == "__main__":
    main()
