import sys
from pathlib import Path

# The programs that the tests start are described once, in tests/e2e.
sys.path.insert(0, str(Path(__file__).parent / "e2e"))
