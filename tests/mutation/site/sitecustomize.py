"""Imports of a mutant in place of the original, in a trial's process and in the servers that its tests start.

Python runs this module when it starts, if its directory is on the path.
"""

import json
import os
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

# The file that describes the trial.
TRIAL = "NEWSROOM_TRIAL"


def import_as(path: str, code: str) -> None:
    """Make Python import the module at `path` from `code`."""
    original = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, fullname: str) -> CodeType | None:
        if loader.path == path:
            return compile(code, path, "exec", dont_inherit=True)
        return original(loader, fullname)

    SourceFileLoader.get_code = get_code


if TRIAL in os.environ:
    trial = json.loads(Path(os.environ[TRIAL]).read_text())
    import_as(trial["path"], trial["code"])
