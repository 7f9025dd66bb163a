"""What a start does not wait for."""

from __future__ import annotations

import subprocess
import sys

SLOW = (
    "sqlalchemy",
    "alembic",
    "google.genai",
    "replicate",
    "PIL",
    "prometheus_client",
    "xlsxwriter",
    "matplotlib",
    "numpy",
)
CODE = f"import sys, bot.client, mv.app; print([name for name in {SLOW!r} if name in sys.modules])"


def test_what_is_slow_to_import_is_imported_later() -> None:
    ran = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
