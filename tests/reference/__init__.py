"""The slow and obvious definition of every kernel, in plain Python: what the C core must agree with.

Written from the contract in csrc/core/sif.h and not from its code. A missing code, day or weight is None here, whatever sign for it
the arrays use.
"""
