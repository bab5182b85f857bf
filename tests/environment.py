"""Environment of the test run, a throwaway data directory; set before Django reads any setting.

`TEST_DATABASE_URL` is the PostgreSQL server on which tests create and drop a database; without it, they use
SQLite.
"""

import atexit
import os
import re
import shutil
import signal
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT.parent / "shared" / "samples"
CASES = ROOT.parent / "shared" / "cases"
SCHEMAS = ROOT.parent / "shared" / "schemas"
IS_CI = os.environ.get("CI", "") not in ("", "0", "false")
TEST_DATABASE_URL = os.environ.get("TEST_DATABASE_URL", "")

DATA_DIR = Path(tempfile.mkdtemp(prefix="newsroom-tests-"))
atexit.register(shutil.rmtree, DATA_DIR, ignore_errors=True)
# Handle SIGTERM, as from a time limit, like Ctrl-C, so that started processes and files are cleaned up.
signal.signal(signal.SIGTERM, signal.default_int_handler)

for name in re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE):
    os.environ.pop(name, None)
os.environ.update(
    DEMO="true",
    DATA_DIR=str(DATA_DIR),
    ENV_FILE=str(DATA_DIR / "no.env"),
    DATABASE_URL=TEST_DATABASE_URL or f"sqlite:///{DATA_DIR / 'unused.sqlite3'}",
)
