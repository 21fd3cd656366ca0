"""What works with nothing but Python: values, hashes, and the file of an export.

The single-file client carries this package, so its modules import the standard library and each other.
"""
