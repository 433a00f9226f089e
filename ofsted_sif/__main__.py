"""``python -m ofsted_sif`` is ``ofsted-sif``."""

from ofsted_sif.cli import main

raise SystemExit(main())
