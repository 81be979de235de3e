"""Finished runs read and compared, and measured for it. Used by the command line; never trains."""
