"""How is a file or folder written whole or not at all? Under another name, then moved.

What exists is never overwritten, and what fails leaves nothing behind.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rodtrad.domain.messages import message
from rodtrad.domain.words import _
from rodtrad.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator


def source_error(key: str, /, **slots: object) -> SourceError:
    """Return the error with this message (see domain/messages), slots filled."""
    text, remedy = message(key, **slots)
    return SourceError(text, remedy, key.split(".")[0])


def reason(error: OSError) -> str:
    """Return in Swedish why the operating system refused."""
    words = {
        errno.ENOSPC: _("disken är full"),
        errno.EDQUOT: _("utrymmet är slut"),
        errno.EACCES: _("rättigheter saknas"),
        errno.EPERM: _("rättigheter saknas"),
        errno.EROFS: _("platsen går bara att läsa"),
        errno.ENOENT: _("mappen finns inte"),
        errno.ENOTDIR: _("en del av sökvägen är en fil"),
        errno.ENAMETOOLONG: _("namnet är för långt"),
        errno.EFBIG: _("filen blir för stor"),
    }
    return words.get(error.errno or 0, _("operativsystemet säger nej"))


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; move it there when the block has succeeded.

    Raises:
        SourceError: the file exists, or cannot be written.
    """
    if path.exists():
        key = "out_exists.folder" if path.is_dir() else "out_exists.file"
        raise source_error(key, dir=path.name)
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(
            prefix=".rodtrad-", suffix=path.suffix, dir=path.parent
        )
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.chmod(0o644)
        # A link fails if somebody has made the file meanwhile; a move would not.
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise source_error("out_exists.file", dir=path.name) from None
        except OSError:
            temporary.rename(path)
    except OSError as error:
        raise source_error(
            "out_unwritable", dir=path.name, why=reason(error)
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder beside `folder`; move it there when all has succeeded.

    An empty folder may stand in the place.

    Raises:
        SourceError: a file or a filled folder is there, or it cannot be written.
    """
    if folder.exists():
        if not folder.is_dir():
            raise source_error("out_exists.file", dir=folder.name)
        if any(folder.iterdir()):
            raise source_error("out_exists.folder", dir=folder.name)
    temporary: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".rodtrad-", dir=folder.parent))
        yield temporary
        temporary.chmod(0o755)
        temporary.rename(folder)
    except OSError as error:
        raise source_error(
            "out_unwritable", dir=folder.name, why=reason(error)
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
