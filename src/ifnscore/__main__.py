"""``python -m ifnscore``."""

from ifnscore.cli import main

main()
