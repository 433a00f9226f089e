"""A user's table becomes what the kernels take: codes, days and groups, and who may count. Nothing of statistics."""
