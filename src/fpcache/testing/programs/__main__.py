"""``python -m fpcache.testing.programs``: look for wrong hits in random programs."""

import sys

from fpcache.testing.programs.command import main

if __name__ == "__main__":
    sys.exit(main())
