"""``python -m runmanager`` is the ``solotron`` command."""

import sys

from runmanager.cli import main

sys.exit(main())
